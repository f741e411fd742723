"""The runner of projections: every event counts once, whatever comes between.

What is expected is summed up from the commands that were sent, never from the log.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import ActorSystem, Log
from retold.events import Append
from retold.events.point import Point
from retold.projections import feeding
from retold.projections.errors import BadTables, NoSuchProjection, ProjectionStopped, ViewInUse
from retold.projections.past_view import view_at
from retold.projections.projection import Projection, StoredProjection
from retold.projections.runner import Projections
from retold.projections.standing import open_view

from .takings import CashCounted, Takings, rows, takings, tally, till

PATIENCE = 20.0


@pytest.fixture
def system(tmp_path: Path) -> Iterator[ActorSystem]:
    """A system over a file."""
    with ActorSystem.open(f"sqlite:///{tmp_path / 'tills.db'}", till) as opened:
        yield opened


def test_views_follow_the_log_and_are_waited_for(system: ActorSystem) -> None:
    """Who waits for the position of his receipt reads his own writes, stored and in memory."""
    taken = Takings()
    taken.take(system, 20)
    with Projections(system.log, takings, tally) as views:
        for _ in range(20):
            taken.take(system, 3)
            views.wait("takings", taken.position, PATIENCE)
            views.wait("tally", taken.position, PATIENCE)
            with views.view("takings") as db, views.view("tally") as counted:
                assert rows(db) == taken.rows
                assert counted == taken.times
        assert [each.lag.positions for each in views.status()] == [0, 0]
        assert [each.events for each in views.status()] == [80, 80]


def test_views_go_on_where_they_stood(system: ActorSystem) -> None:
    """Opened again and again, in any pieces, each event is counted once."""
    taken = Takings()
    for count in (1, 7, 0, 30, 2):
        taken.take(system, count)
        with Projections(system.log, takings, threads=False) as views:
            views.catch_up()
            with views.view("takings") as db:
                assert rows(db) == taken.rows


def test_an_event_that_counted_twice_would_be_seen(system: ActorSystem) -> None:
    """The place put back by hand in the view's file: the sums are wrong, and this test sees it."""
    taken = Takings()
    taken.take(system, 10)
    with Projections(system.log, takings, threads=False) as views:
        views.catch_up()
    path = f"{system.log.journal.file}-views/takings.db"
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE retold_view SET position = position - 1")
    with Projections(system.log, takings, threads=False) as views:
        views.catch_up()
        with views.view("takings") as db:
            assert rows(db) != taken.rows
        views["takings"].rebuild()
        with views.view("takings") as db:
            assert rows(db) == taken.rows


def test_paused_it_stands_until_it_is_resumed(system: ActorSystem) -> None:
    """Also over a restart; the other goes on."""
    taken = Takings()
    taken.take(system, 5)
    with Projections(system.log, takings, tally) as views:
        views.wait("takings", taken.position, PATIENCE)
        before = taken.rows
        views["takings"].pause()
        taken.take(system, 5)
        views.wait("tally", taken.position, PATIENCE)
        with pytest.raises(TimeoutError, match=r"takings.*paused.*position 5"):
            views.wait("takings", taken.position, 0.05)
    with Projections(system.log, takings) as views:
        assert views["takings"].status == "paused"
        with views.view("takings") as db:
            assert rows(db) == before
        views["takings"].resume()
        views.wait("takings", taken.position, PATIENCE)
        with views.view("takings") as db:
            assert rows(db) == taken.rows


def test_a_rebuild_is_equal_and_keeps_up(system: ActorSystem) -> None:
    """Made anew beside the old one while events arrive."""
    taken = Takings()
    taken.take(system, 50)
    with Projections(system.log, takings, tally) as views:
        for name in ("takings", "tally"):
            views[name].rebuild()
            taken.take(system, 5)
            for each in views:
                each.wait(taken.position, PATIENCE)
        with views.view("takings") as db, views.view("tally") as counted:
            assert (rows(db), counted) == (taken.rows, taken.times)


def test_what_a_killed_rebuild_left_is_taken_away(system: ActorSystem) -> None:
    """Once the view is run again, which only one runner can."""
    Takings().take(system, 5)
    left = Path(f"{system.log.journal.file}-views/takings.db-rebuilt")
    with Projections(system.log, takings, threads=False):
        pass
    left.write_bytes(b"half of a view")
    with Projections(system.log, takings, threads=False) as views:
        assert not left.exists()
        views.catch_up()
        assert views["takings"].events == 5


def test_another_process_reads_a_view(system: ActorSystem) -> None:
    """By its file, at one position; and learns who keeps it up to date."""
    taken = Takings()
    taken.take(system, 5)
    with Projections(system.log, takings) as views:
        views.wait("takings", taken.position, PATIENCE)
        with open_view(f"{system.log.journal.file}-views/takings.db") as db:
            assert rows(db) == taken.rows
        with (
            Log.open(f"sqlite:///{system.log.path}", read_only=True) as elsewhere,
            pytest.raises(ViewInUse, match=r"takings.*process"),
        ):
            Projections(elsewhere, takings)


def test_waiting_without_blocking_an_event_loop(system: ActorSystem) -> None:
    """Many wait for many positions; who waits for one that never comes is told at the close."""
    taken = Takings()

    async def main() -> None:
        with Projections(system.log, takings, tally) as views:
            waits = [
                asyncio.create_task(views[name].reached(position))
                for position in range(1, 21)
                for name in ("takings", "tally")
            ]
            never = asyncio.create_task(views["tally"].reached(1000))
            await asyncio.to_thread(taken.take, system, 20)
            await asyncio.wait_for(asyncio.gather(*waits), PATIENCE)
            with views.view("takings") as db:
                assert rows(db) == taken.rows
        with pytest.raises(ProjectionStopped, match=r"position 20.*1000"):
            await asyncio.wait_for(never, PATIENCE)

    asyncio.run(main())


def test_what_is_asked_of_no_projection(system: ActorSystem) -> None:
    """A name that is none is an error that names those there are; two of one name are refused."""
    with (
        Projections(system.log, takings, tally) as views,
        pytest.raises(NoSuchProjection, match=r"'takes'.*takings, tally"),
    ):
        views.wait("takes", 1)
    again = Projection(name="tally", start=dict, apply=lambda view, each: view)
    with pytest.raises(ValueError, match="tally"):
        Projections(system.log, tally, again)


@pytest.mark.parametrize("tables", ["CRATE TABLE t (x)", "CREATE TABLE t (x); CREATE TABLE t (x)"])
def test_tables_that_cannot_be_made_are_named(system: ActorSystem, tables: str) -> None:
    """With the statement; and nothing is left that would be taken for the view afterwards."""
    wrong = StoredProjection(name="wrong", tables=tables, apply=lambda db, each: None)
    with pytest.raises(BadTables, match=r"'wrong'.*TABLE t"):
        Projections(system.log, wrong)
    right = StoredProjection(name="wrong", tables="CREATE TABLE t (x)", apply=wrong.apply)
    with Projections(system.log, right, threads=False) as views, views.view("wrong") as db:
        assert db.execute("SELECT * FROM t").fetchall() == []


def test_a_long_catch_up_shows_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After every piece to whoever asked, and now and then in the log of the process."""
    monkeypatch.setattr(feeding, "MILESTONE", 2_000)
    told: list[tuple[str, int, int]] = []
    with Log.open("memory:") as log:
        counted = (CashCounted(1),)
        log.append(*(Append(f"till/{number}", 0, counted) for number in range(4_500)))
        with (
            caplog.at_level("INFO", logger="retold"),
            Projections(log, tally, threads=False, progress=lambda *at: told.append(at)) as views,
        ):
            views.catch_up()
    assert told == [("tally", at, 4_500) for at in (1_000, 2_000, 3_000, 4_000, 4_500)]
    said = [each.getMessage() for each in caplog.records]
    assert said == [
        f"The projection 'tally' stands at position {at} of 4500" for at in (2_000, 4_000)
    ]


def test_what_is_no_projection_is_told_at_once() -> None:
    """A kind that is no tuple would be taken for its letters; a name that is none for a file."""
    kinds: Any = "till"
    with pytest.raises(TypeError, match="'till'"):
        Projection(name="tally", start=dict, apply=lambda view, each: view, kinds=kinds)
    with pytest.raises(ValueError, match="name"):
        Projection(name="", start=dict, apply=lambda view, each: view)


@given(steps=st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=8), seed=st.integers())
def test_any_pieces_come_to_the_same(steps: list[tuple[int, bool]], seed: int) -> None:
    """Whatever is taken before which catch-up or rebuild, over a log in memory."""
    taken = Takings(seed)
    with (
        ActorSystem.open("memory:", till) as system,
        Projections(system.log, takings, tally, threads=False) as views,
    ):
        for count, rebuilt in steps:
            taken.take(system, count)
            for each in views:
                each.rebuild() if rebuilt else each.catch_up()
            with views.view("takings") as db, views.view("tally") as counted:
                assert (rows(db), counted) == (taken.rows, taken.times)


@given(counts=st.lists(st.integers(1, 5), min_size=1, max_size=6))
def test_a_view_as_it_stood(counts: list[int]) -> None:
    """At each position that a receipt named, and after so many events: as it was seen then."""
    taken, seen = Takings(), list[tuple[int, int, list[tuple[str, int, int]], Counter[str]]]()
    with ActorSystem.open("memory:", till) as system:
        for count in counts:
            taken.take(system, count)
            told = sum(taken.times.values())
            seen.append((taken.position, told, taken.rows, Counter(taken.times)))
        for position, told, wanted, times in seen:
            for point in (Point(position=position), Point(version=told)):
                stored, counted = view_at(system.log, takings, point), view_at(
                    system.log, tally, point
                )  # fmt: skip
                with stored.reading() as db, counted.reading() as tallied:
                    assert (rows(db), tallied) == (wanted, times)
                stored.close()
