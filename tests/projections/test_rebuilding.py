"""Views made anew beside the one that is read; and whoever waits for what he wrote himself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from retold import Log
from retold.projections.errors import (
    ProjectionFailed,
    ProjectionStopped,
    ViewInUse,
)
from retold.projections.projection import StoredProjection
from retold.projections.runner import Projections

from .tills import (
    CHUNK,
    PATIENCE,
    at,
    expected,
    fill,
    in_memory,
    seen,
    stored,
)


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[threading.Event]:
    """Do something over and over on a thread, until the block or the thing ends.

    With a moment between: a thread that never lets go starves whoever reads row by row.
    """
    over = threading.Event()

    def repeat() -> None:
        while not over.wait(0.0005):
            work()

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(repeat)
        try:
            yield over
        finally:
            over.set()
        future.result(PATIENCE)


class Reader:
    """Reads a view all the time: every moment of it is the truth up to some position."""

    def __init__(self, projections: Projections, name: str) -> None:
        self._running = projections[name]
        self.seen = 0
        self.looks = 0

    def look(self) -> None:
        """Every till has what it had at one position, which does not go back."""
        with self._running.view() as view:
            tills = seen(view)
        count = sum(events for events, _ in tills.values())
        assert tills == expected(count)
        assert count >= self.seen
        self.seen = count
        self.looks += 1


@pytest.mark.parametrize("make", [in_memory, stored], ids=["memory", "stored"])
def test_whoever_reads_sees_the_old_or_the_new(log: Log, make: Any) -> None:
    """Rebuilt again and again while events arrive: one reader sees the truth at one position at
    any moment, another that the place never goes back."""
    projection = make()
    with Projections(log, projection) as projections:
        running = projections[projection.name]
        running.wait(2_600, PATIENCE)
        reader, places = Reader(projections, projection.name), [0]

        def watch() -> None:
            places.append(running.position)
            assert places[-1] >= places[-2]

        with beside(reader.look), beside(watch):
            for step in range(8):
                running.rebuild()
                fill(log, 2_600 + (step + 1) * CHUNK, 2_600 + step * CHUNK)
            running.wait(3_400, PATIENCE)
        assert reader.looks > 3
        assert (running.status, running.events) == ("running", 3_400)
        with running.view() as view:
            assert seen(view) == expected(3_400)


def test_rebuilding_all_the_time_ends_no_projection(log: Log) -> None:
    """Two who rebuild at once, a worker that waits, and events: it goes on."""
    with Projections(log, in_memory(), stored()) as projections:
        with (
            beside(projections["memory"].rebuild),
            beside(projections["memory"].rebuild),
            beside(projections["stored"].rebuild),
            beside(projections["stored"].rebuild),
        ):
            for step in range(20):
                fill(log, 2_600 + (step + 1) * CHUNK, 2_600 + step * CHUNK)
        for each in projections:
            each.wait(4_600, PATIENCE)
            assert (each.status, each.events) == ("running", 4_600)
            with each.view() as view:
                assert seen(view) == expected(4_600)


def test_other_kinds_after_a_rebuild(log: Log) -> None:
    """With other kinds the view has those from the beginning, and follows them."""
    with Projections(log, in_memory(), stored()) as projections:
        for each, wanted in zip(
            projections, (in_memory(at(0), "memory", "sweets"), stored(at(0), "stored", "sweets")),
            strict=True,
        ):  # fmt: skip
            each.wait(2_600, PATIENCE)
            each.rebuild(wanted)
        fill(log, 3_000, 2_600)
        for each in projections:
            each.wait(3_000, PATIENCE)
            with each.view() as view:
                assert seen(view) == expected(3_000, "sweets")


def test_a_new_version_is_made_while_the_old_is_read(log: Log, tmp_path: Path) -> None:
    """Opened with new code: the old view is read until the new one has caught up."""
    with Projections(log, stored(version=1)) as projections:
        projections.wait("stored", 2_600, PATIENCE)
    fill(log, 2_700, 2_600)
    go_on, begun = threading.Event(), threading.Event()

    def slow(db: Any, each: Any) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)
        db.execute("UPDATE total SET sum = sum + ?", (each.event.amount,))

    tables = "CREATE TABLE total (sum INTEGER); INSERT INTO total VALUES (0)"
    second = StoredProjection(name="stored", tables=tables, apply=slow, version=2)
    with Projections(log, second) as projections:
        running = projections["stored"]
        assert begun.wait(PATIENCE)
        assert (running.status, running.position) == ("outdated", 2_600)
        with running.view() as view:
            assert seen(view) == expected(2_600)
        go_on.set()
        running.wait(2_700, PATIENCE)
        with running.view() as view:
            (total,) = view.execute("SELECT sum FROM total").fetchone()
            assert view.execute("SELECT 1 FROM sqlite_master WHERE name = 'tills'").fetchall() == []
    assert total == sum(brought for _, brought in expected(2_700).values())
    assert not list((tmp_path / "log.db-views").glob("*-rebuilt*"))


@pytest.mark.parametrize("new", [stored(at(5), version=2), stored(at(0), version=2)])
def test_a_new_version_that_fails_leaves_the_old_view_alone(log: Log, new: Any) -> None:
    """It is failed visibly; resuming makes it anew and never mixes new code with old tables."""
    broken = stored(at(5), version=2)
    with Projections(log, stored(version=1)) as projections:
        projections.wait("stored", 2_600, PATIENCE)
    fill(log, 2_700, 2_600)
    with Projections(log, broken) as projections:
        running = projections["stored"]
        with pytest.raises(ProjectionStopped, match="the bug at 5"):
            running.wait(2_700, PATIENCE)
        with suppress(ProjectionFailed):
            running.resume(new)
        assert running.position in (2_600, 2_700)
        with running.view() as view:
            assert seen(view) == expected(running.position)


def test_tables_that_cannot_be_made_are_visible(log: Log) -> None:
    """A new version with wrong SQL fails like one with a bug."""
    with Projections(log, stored(version=1)) as projections:
        projections.wait("stored", 2_600, PATIENCE)
    wrong = StoredProjection(name="stored", tables="CREATE TABL x", apply=print, version=2)
    fill(log, 2_700, 2_600)
    with Projections(log, wrong) as projections, pytest.raises(ProjectionStopped, match="TABL"):
        projections.wait("stored", 2_700, PATIENCE)


def test_one_runner_changes_a_view(log: Log) -> None:
    """A second one is told who has it, also in this process; afterwards it may."""
    with Projections(log, in_memory(), stored()):
        with pytest.raises(ViewInUse, match="process"):
            Projections(log, stored(name="other"), stored())
        with Projections(log, in_memory(), stored(name="other")) as another:
            another.wait("other", 2_600, PATIENCE)
    with Projections(log, stored()) as projections:
        projections.wait("stored", 2_600, PATIENCE)


def test_paused_is_paused_until_it_is_resumed(log: Log) -> None:
    """Also through a close, a rebuild, and a new version."""
    with Projections(log, in_memory(), stored()) as projections:
        for each in projections:
            each.wait(2_600, PATIENCE)
            each.pause()
            each.rebuild()
            assert each.status == "paused"
    with Projections(log, stored(version=2)) as projections:
        with suppress(TimeoutError):
            projections.wait("stored", 2_600, PATIENCE)
        projections["stored"].rebuild()
        fill(log, 2_700, 2_600)
        assert (projections["stored"].status, projections["stored"].position) == ("paused", 2_600)
    with Projections(log, stored(version=2)) as projections:
        assert projections["stored"].status == "paused"
        projections["stored"].resume()
        projections.wait("stored", 2_700, PATIENCE)
