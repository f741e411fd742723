"""What ends a projection: code that wants to exit, progress that cannot be told, a close."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from retold import Log
from retold.events.recorded import Recorded
from retold.projections.errors import ProjectionFailed, ProjectionStopped, ViewInUse
from retold.projections.projection import AnyProjection, Projection, StoredProjection
from retold.projections.runner import Projections

from .tills import PATIENCE, Trap, expected, in_memory, seen, stored

EVENTS, BUG = 2_600, 1_777


def leaving(by: BaseException) -> Trap:
    """Code that leaves at one event by what is no `Exception`."""

    def trap(each: Recorded) -> None:
        if each.position == BUG:
            raise by

    return trap


@pytest.mark.parametrize("by", [SystemExit(3), KeyboardInterrupt(), GeneratorExit()])
@pytest.mark.parametrize("make", [in_memory, stored])
def test_code_that_exits_stops_its_projection_visibly(log: Log, make: Any, by: Any) -> None:
    """It is failed right before the event, like by any bug, and who waits is told."""
    bad, sound = make(leaving(by)), in_memory(name="sound")
    with Projections(log, bad, sound) as projections:
        with pytest.raises(ProjectionStopped, match=f"{type(by).__name__}.*Its view"):
            projections.wait(bad.name, EVENTS, PATIENCE)
        projections.wait("sound", EVENTS, PATIENCE)
        assert isinstance(projections[bad.name].failure, ProjectionFailed)
        with projections.view(bad.name) as view:
            assert seen(view) == expected(BUG - 1)
        projections[bad.name].resume(make())
        projections.wait(bad.name, EVENTS, PATIENCE)
        with projections.view(bad.name) as view:
            assert seen(view) == expected(EVENTS)


@pytest.mark.parametrize("make", [in_memory, stored])
def test_on_the_main_thread_an_exit_is_the_program_s(log: Log, make: Any) -> None:
    """It goes through, and each event counts once all the same when the program goes on."""
    with Projections(log, make(leaving(SystemExit(3))), threads=False) as projections:
        (running,) = projections
        with pytest.raises(SystemExit):
            projections.catch_up()
        assert running.status == "running"
        running.resume(make())
        projections.catch_up()
        assert running.events == EVENTS
        with running.view() as view:
            assert seen(view) == expected(EVENTS)


def test_progress_that_cannot_be_told_stops_nothing(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said once in the log of the process; on the caller's thread it is told to him."""

    def tell(*_: object) -> None:
        raise BrokenPipeError("nobody looks")

    with Projections(log, stored(), progress=tell) as projections:
        projections.wait("stored", EVENTS, PATIENCE)
        assert projections["stored"].status == "running"
    assert [each.getMessage().split(":")[0] for each in caplog.records] == [
        "The progress of the projection 'stored' cannot be told, and is told no more"
    ]
    with Projections(log, in_memory(), progress=tell, threads=False) as projections:
        for _ in range(3):
            with pytest.raises(BrokenPipeError):
                projections.catch_up()
        projections.catch_up()
        with projections.view("memory") as view:
            assert seen(view) == expected(EVENTS)


@pytest.mark.parametrize("make", [in_memory, stored])
def test_a_close_does_not_wait_longer_than_it_was_told(
    log: Log, make: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """An event that takes for ever: the close returns, and nobody else gets the view meanwhile."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(each: Recorded) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    projections = Projections(log, make(slow), in_memory(slow, "other"))
    (running, _) = projections
    assert begun.wait(PATIENCE)
    projections.close(0.05)
    assert "Still at an event" in caplog.text
    assert running.status == "closed"
    if make is stored:
        with pytest.raises(ViewInUse):
            Projections(log, stored())
    go_on.set()
    projections.close(PATIENCE)
    with Projections(log, make(), threads=False) as again:
        again.catch_up()
        with again.view(running.name) as view:
            assert seen(view) == expected(EVENTS)


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("make", [in_memory, stored])
def test_code_may_close_its_runner(log: Log, make: Any, threads: bool) -> None:
    """The piece at work is finished, and then it is closed; nothing has failed."""
    opened = threading.Event()

    def closing(each: Recorded) -> None:
        assert opened.wait(PATIENCE)
        if each.position == 7:
            projections.close()

    projections = Projections(log, make(closing), threads=threads)
    opened.set()
    (running,) = projections
    if threads:
        assert running._thread
        running._thread.join(PATIENCE)
    projections.catch_up()
    assert (running.status, running.failure, running.position) == ("closed", None, 1_000)
    projections.close()


def _generator(view: Any, _: Recorded) -> Iterator[Any]:
    yield view


async def _coroutine(view: Any, _: Recorded) -> Any:
    return view


@pytest.mark.parametrize("apply", [5, "x", _generator, _coroutine])
def test_what_is_no_plain_function_is_refused(apply: Any) -> None:
    """What gives a coroutine or a generator back has told the view nothing."""
    with pytest.raises(TypeError, match="apply of a projection is"):
        Projection(name="p", start=dict, apply=apply)
    with pytest.raises(TypeError, match="apply of a projection is"):
        StoredProjection(name="p", tables="", apply=apply)
    with pytest.raises(TypeError, match="apply_all of a projection is"):
        StoredProjection(name="p", tables="", apply_all=apply)


def test_a_projection_s_parts_are_checked(log: Log) -> None:
    """A version that no file gives back as it was would have the view made anew at every start."""
    wrong: Any
    for wrong in ({"version": "2"}, {"tables": None}):
        with pytest.raises(TypeError, match="of a projection is"):
            StoredProjection(**{"name": "p", "tables": "", "apply": print, **wrong})
    with pytest.raises(TypeError, match="start of a projection"):
        Projection(name="p", start=wrong, apply=print)
    for wrong in ("takings", [in_memory()], Projection):
        given: AnyProjection = wrong
        with pytest.raises(TypeError, match="runs no"):
            Projections(log, given)
