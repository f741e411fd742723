"""Going on with other code, being stopped while stopped: nothing that was asked is forgotten."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from retold import Log
from retold.events.clock import Countdown
from retold.events.recorded import Recorded
from retold.projections.errors import ProjectionStopped, ViewInUse
from retold.projections.runner import Projections
from retold.projections.stored_view import StoredView

from .tills import PATIENCE, at, expected, fill, in_memory, seen, stored

EVENTS = 2_600


@pytest.mark.parametrize("make", [in_memory, stored])
@pytest.mark.parametrize("paused", [True, False])
def test_it_goes_on_with_other_kinds(log: Log, make: Any, paused: bool) -> None:
    """From where it stands, whether it stood still or not."""
    with Projections(log, make()) as projections:
        (running,) = projections
        running.wait(EVENTS, PATIENCE)
        if paused:
            running.pause()
        running.resume(make(at(0), running.name, "sweets"))
        fill(log, EVENTS + 1_000, EVENTS)
        running.wait(EVENTS + 1_000, PATIENCE)
        others = {till: sums for till, sums in expected(EVENTS).items() if "sweets" not in till}
        with running.view() as view:
            assert seen(view) == others | expected(EVENTS + 1_000, "sweets")


@pytest.mark.parametrize(("make", "other"), [(in_memory, stored), (stored, in_memory)])
def test_code_of_another_projection_is_refused(log: Log, make: Any, other: Any) -> None:
    """By its name or by its kind of view; what is there stays, and goes on."""
    with Projections(log, make()) as projections:
        (running,) = projections
        wrong: Any
        for wrong in (make(name="other"), other(name=running.name), "x"):
            for use in (running.resume, running.rebuild):
                with pytest.raises(ValueError, match="cannot go on with"):
                    use(wrong)
        assert running.name == make().name
        running.wait(EVENTS, PATIENCE)
        with running.view() as view:
            assert seen(view) == expected(EVENTS)


def test_one_that_failed_can_be_paused(log: Log) -> None:
    """Also over a restart with mended code: it stands until it is resumed."""
    with Projections(log, stored(at(7))) as projections:
        with pytest.raises(ProjectionStopped):
            projections.wait("stored", EVENTS, PATIENCE)
        projections["stored"].pause()
        assert projections["stored"].status == "failed"
    with Projections(log, stored(), threads=False) as projections:
        projections.catch_up()
        assert (projections["stored"].status, projections["stored"].position) == ("paused", 6)
        projections["stored"].resume()
        projections.catch_up()
        with projections.view("stored") as view:
            assert seen(view) == expected(EVENTS)


def test_one_that_is_made_anew_can_be_paused(log: Log) -> None:
    """It is paused when it is made, and resumed it goes on."""
    begun, go_on = threading.Event(), threading.Event()

    def slow(each: Recorded) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    with Projections(log, stored(), threads=False) as projections:
        projections.catch_up()
    with Projections(log, stored(slow, version=2)) as projections:
        running = projections["stored"]
        assert begun.wait(PATIENCE)
        running.pause()
        assert running.status == "outdated"
        go_on.set()
        running.rebuild()
        assert running.status == "paused"
        fill(log, EVENTS + 100, EVENTS)
        running.resume()
        running.wait(EVENTS + 100, PATIENCE)


@pytest.mark.parametrize("how", ["wait", "resume", "catch_up"])
def test_without_threads_an_outdated_view_is_made_anew(log: Log, how: str) -> None:
    """By whoever waits for it, resumes it, or catches up: nobody else would."""
    with Projections(log, stored(), threads=False) as projections:
        projections.catch_up()
    fill(log, EVENTS + 100, EVENTS)
    with Projections(log, stored(version=2), threads=False) as projections:
        running = projections["stored"]
        if how == "wait":
            running.wait(EVENTS + 100, PATIENCE)
        else:
            getattr(running, how)()
        assert running.status == "running"
        running.catch_up()
        with running.view() as view:
            assert seen(view) == expected(EVENTS + 100)


def test_code_may_pause_itself(log: Log) -> None:
    """At an event that it does not want to go on from: it stands after the piece, and stays so."""

    def pausing(each: Recorded) -> None:
        if each.position == 7:
            projections["stored"].pause()

    with Projections(log, stored(pausing), threads=False) as projections:
        projections.catch_up()
        assert (projections["stored"].status, projections["stored"].position) == ("paused", 1_000)
    with Projections(log, stored(), threads=False) as projections:
        projections.catch_up()
        assert (projections["stored"].status, projections["stored"].position) == ("paused", 1_000)


def test_closed_it_touches_nothing_of_the_next(log: Log, tmp_path: Path) -> None:
    """A rebuild that is asked of a closed runner is refused before it makes a file."""
    with Projections(log, stored(), threads=False) as projections:
        closed = projections["stored"]
    beside = tmp_path / "log.db-views" / "stored.db-rebuilt"
    beside.write_text("of another runner, which rebuilds")
    with pytest.raises(ProjectionStopped, match="closed"):
        closed.rebuild()
    closed.resume()
    assert (closed.status, beside.exists()) == ("closed", True)


@pytest.mark.parametrize("make", [in_memory, stored])
def test_a_piece_that_was_taken_meanwhile_is_dropped(log: Log, make: Any) -> None:
    """Read by the thread of the projection, and taken by whoever caught up before it could."""
    with Projections(log, make()) as projections:
        (running,) = projections
        running.wait(EVENTS, PATIENCE)
        with running._taking:
            fill(log, EVENTS + 100, EVENTS)
            left = Countdown(PATIENCE)
            while running._follower.position < EVENTS + 100 and left.seconds():
                pass
            running.catch_up()
        fill(log, EVENTS + 200, EVENTS + 100)
        running.wait(EVENTS + 200, PATIENCE)
        with running.view() as view:
            assert seen(view) == expected(EVENTS + 200)


@pytest.mark.parametrize("make", [in_memory, stored])
def test_a_rebuilt_view_is_never_behind_the_one_it_replaces(log: Log, make: Any) -> None:
    """What comes while it is made, and is in the old one by then, is in the new one at the swap."""

    def grow(name: str, position: int, _: int) -> None:
        if name.endswith("(rebuilt)") and position == EVENTS:
            fill(log, EVENTS + 100, EVENTS)
            running.catch_up()

    with Projections(log, make(), threads=False, progress=grow) as projections:
        (running,) = projections
        running.rebuild()
        assert running.position == EVENTS + 100
        with running.view() as view:
            assert seen(view) == expected(EVENTS + 100)


def test_two_who_keep_one_view_count_nothing_twice(log: Log, tmp_path: Path) -> None:
    """Where no lease kept the second out, it is refused by the place that the first left."""
    path = str(tmp_path / "one.db")
    first, second = (StoredView(stored(), path, log.origin()) for _ in range(2))
    with log.follow() as follower:
        batch = follower.read()
    assert batch
    first.take(batch)
    with pytest.raises(ViewInUse, match="another runner"):
        second.take(batch)
    with second.reading() as view:
        assert seen(view) == expected(batch.upto)
    assert second.position == first.position == batch.upto
    first.close()
    second.close()
