"""A projection with a bug fails alone and visibly, right before the event, and can be mended."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from retold import Log
from retold.events.log_errors import CorruptedRow
from retold.events.recorded import Recorded
from retold.projections.errors import ProjectionFailed, ProjectionStopped
from retold.projections.projection import Projection, StoredProjection
from retold.projections.runner import Projections

from .tills import PATIENCE, at, expected, fill, in_file, in_memory, seen, stored

BUG, EVENTS = 50_001, 60_000
SMALL = 2_600
"""Events of a small log: more than two pieces."""


@pytest.fixture(scope="module")
def long_log() -> Iterator[Log]:
    """Sixty thousand events in memory."""
    with Log.open("memory:") as log:
        fill(log, EVENTS)
        yield log


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A small log in a file."""
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}") as opened:
        fill(opened, SMALL)
        yield opened


def await_failure(projections: Projections, name: str, position: int) -> None:
    """Wait for a position that will not be reached."""
    with pytest.raises(ProjectionStopped) as stopped:
        projections.wait(name, position, PATIENCE)
    assert (stopped.value.name, stopped.value.wanted) == (name, position)


def test_a_bug_at_event_50001_stops_its_projection_alone(
    long_log: Log, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The others go on; status, file and process log name it; mended, it equals a rebuild."""
    sound = (in_memory(name="m"), stored(name="s"))
    faulty = (in_memory(at(BUG), "bad m"), stored(at(BUG), "bad s"))
    with (
        caplog.at_level(logging.ERROR, "retold"),
        Projections(long_log, *sound, *faulty, folder=tmp_path) as projections,
    ):
        for each in faulty:
            await_failure(projections, each.name, EVENTS)
        for each in sound:
            projections.wait(each.name, EVENTS, PATIENCE)
            with projections.view(each.name) as view:
                assert seen(view) == expected(EVENTS)
        for status in projections.status()[2:]:
            assert (status.status, status.position, status.events) == ("failed", BUG - 1, BUG - 1)
            assert status.lag.positions == EVENTS - BUG + 1
            assert f"position {BUG}" in status.failure
            assert "the bug at 50001" in status.failure
            with projections.view(status.name) as view:
                assert seen(view) == expected(BUG - 1)
        tills, place, failure = in_file(tmp_path / "bad%20s.db")
        assert (tills, place) == (expected(BUG - 1), BUG - 1)
        assert "the bug at 50001" in failure
        said = [each for each in caplog.records if "the bug at 50001" in each.getMessage()]
        assert {vars(each)["actor"] for each in said} == {"sweets/t0"}
        mend(projections)
    assert in_file(tmp_path / "bad%20s.db") == (expected(EVENTS), EVENTS, "")


def mend(projections: Projections) -> None:
    """Resume both with mended code, and compare with a rebuild of each."""
    for name, mended in (("bad m", in_memory(name="bad m")), ("bad s", stored(name="bad s"))):
        projections[name].resume(mended)
        projections.wait(name, EVENTS, PATIENCE)
        for _ in range(2):
            assert projections[name].status == "running"
            assert projections[name].events == EVENTS
            with projections.view(name) as view:
                assert seen(view) == expected(EVENTS)
            projections[name].rebuild()


def test_a_bug_that_stays_fails_again_at_the_same_event(log: Log) -> None:
    """Resuming without mending changes nothing."""
    with Projections(log, in_memory(at(1_777)), stored(at(1_777))) as projections:
        for name in ("memory", "stored"):
            for _ in range(3):
                await_failure(projections, name, SMALL)
                assert projections[name].position == projections[name].events == 1_776
                with projections.view(name) as view:
                    assert seen(view) == expected(1_776)
                projections[name].resume()


def test_mended_code_goes_on_after_the_runner_was_closed(log: Log, tmp_path: Path) -> None:
    """The view's file says why it failed until the new code is at work, and then no more."""
    file = tmp_path / "log.db-views" / "stored.db"
    with Projections(log, stored(at(1_777))) as projections:
        await_failure(projections, "stored", SMALL)
    tills, place, failure = in_file(file)
    assert (tills, place) == (expected(1_776), 1_776)
    assert "the bug at 1777" in failure
    with Projections(log, stored()) as projections:
        projections.wait("stored", SMALL, PATIENCE)
        assert in_file(file) == (expected(SMALL), SMALL, "")


@pytest.mark.parametrize("bug", [1, 2, 999, 1_000, 1_001, 2_000, SMALL])
def test_a_bug_anywhere_in_a_piece(log: Log, bug: int) -> None:
    """The view stands right before it, wherever pieces begin and end."""
    faulty = (in_memory(at(bug)), stored(at(bug)))
    with Projections(log, *faulty, threads=False) as projections:
        projections.catch_up()
        for each in projections:
            assert (each.status, each.position, each.events) == ("failed", bug - 1, bug - 1)
            with each.view() as view:
                assert seen(view) == expected(bug - 1)
        projections["memory"].resume(in_memory())
        projections["stored"].resume(stored())
        projections.catch_up()
        for each in projections:
            with each.view() as view:
                assert seen(view) == expected(SMALL)


def ends_it(how: str) -> StoredProjection:
    """Code that ends the transaction that it is called in, half-way through an event."""

    def trap(each: Recorded) -> None:
        if each.position == 1_777:
            connection: Any = trap.db  # type: ignore[attr-defined]  # put there by `apply`
            connection.commit() if how == "commit()" else connection.execute(how)

    whole = stored(trap)
    tell: Any = whole.apply

    def apply(db: Any, each: Recorded) -> None:
        trap.db = db  # type: ignore[attr-defined]  # for the trap
        tell(db, each)

    return StoredProjection(name="stored", tables=whole.tables, apply=apply)


@pytest.mark.parametrize("how", ["commit()", "COMMIT", "ROLLBACK", "COMMIT; -- so", "END"])
def test_code_that_ends_its_transaction_counts_nothing_twice(log: Log, how: str) -> None:
    """It fails at that very event, and nothing of the piece is stored without its place."""
    with Projections(log, ends_it(how), threads=False) as projections:
        projections.catch_up()
        running = projections["stored"]
        assert (running.status, running.position) == ("failed", 1_776)
        assert isinstance(running.failure, ProjectionFailed)
        with running.view() as view:
            assert seen(view) == expected(1_776)
        running.resume(stored())
        projections.catch_up()
        with running.view() as view:
            assert seen(view) == expected(SMALL)


def test_code_whose_statement_rolls_back_counts_nothing_twice(log: Log) -> None:
    """A conflict that is resolved by a rollback takes its whole piece along, and is noticed."""

    def trap(each: Recorded) -> None:
        if each.position == 1_777:
            with pytest.raises(sqlite3.IntegrityError):
                kept[0].execute("INSERT OR ROLLBACK INTO tills VALUES (?, 0, 0)", (each.address,))

    kept: list[Any] = []
    whole = stored(trap)
    tell: Any = whole.apply

    def apply(db: Any, each: Recorded) -> None:
        kept[:] = [db]
        tell(db, each)

    rolling = StoredProjection(name="stored", tables=whole.tables, apply=apply)
    with Projections(log, rolling, threads=False) as projections:
        projections.catch_up()
        assert (projections["stored"].status, projections["stored"].position) == ("failed", 1_776)
        projections["stored"].resume(stored())
        projections.catch_up()
        with projections.view("stored") as view:
            assert seen(view) == expected(SMALL)


def test_code_that_gives_none_is_told_so(log: Log) -> None:
    """A forgotten return is an error at the first event, and not an empty view."""
    forgetful = Projection(name="f", start=dict, apply=lambda view, each: view.update(x=each))
    with Projections(log, forgetful, threads=False) as projections:
        projections.catch_up()
        assert (projections["f"].status, projections["f"].position) == ("failed", 0)
        assert "gave None" in str(projections["f"].failure)
        with projections.view("f") as view:
            assert view == {}


def test_a_damaged_row_stops_a_projection_visibly(log: Log, tmp_path: Path) -> None:
    """It stands before the row, and says which one it is; one of other kinds stops as well."""
    with Projections(log, in_memory(), stored(), stored(at(0), "sweets", "sweets")) as projections:
        for each in projections:
            each.wait(SMALL, PATIENCE)
    log.close()
    with closing(sqlite3.connect(tmp_path / "log.db")) as plain:
        plain.execute("UPDATE stored_events SET state = '{}' WHERE position = 1777")
        plain.commit()
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with (
        Log.open(url, read_only=True) as damaged,
        Projections(damaged, in_memory(), stored(name="late"), stored()) as projections,
    ):
        for name in ("memory", "late"):
            await_failure(projections, name, SMALL)
            assert (projections[name].status, projections[name].position) == ("failed", 1_776)
            assert isinstance(projections[name].failure, CorruptedRow)
            assert "1777" in str(projections[name].failure)
            with projections.view(name) as view:
                assert seen(view) == expected(1_776)
        projections.wait("stored", SMALL, PATIENCE)
        with projections.view("stored") as view:
            assert seen(view) == expected(SMALL)
