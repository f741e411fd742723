"""The standard projections, told an event twice, not told one, and made anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from msgspec import structs

from retold.events.channel import EntryAppended
from retold.events.following.follower import Batch
from retold.events.recorded import Recorded
from retold.events.workflow import StatePersisted
from retold.projections.projection import StoredProjection
from retold.projections.runner import Projections
from retold.projections.standard import STANDARD, audit, merged, snapshots, versions
from retold.projections.standard.metrics import metrics
from retold.projections.view import MemoryView

from .diary import Diary
from .expected import (
    check_all,
    check_audit,
    check_merged,
    check_metrics,
    check_snapshots,
    check_versions,
)
from .test_standard_views import diary_of

STORED = (versions, merged, snapshots, audit)
CHECKS: dict[str, Callable[[Any, Diary], None]] = {
    "versions": check_versions,
    "merged": check_merged,
    "snapshots": check_snapshots,
    "audit": check_audit,
}


def move_back(folder: Path, name: str, position: int) -> None:
    """Let a view believe that it stands further back than it does."""
    db = sqlite3.connect(folder / f"{name}.db")
    with db:
        db.execute("UPDATE retold_view SET position = ?", (position,))
    db.close()


def again(each: Recorded) -> Recorded:
    """The same event as if it stood somewhere else as well."""
    return structs.replace(each, position=each.position + 10**6, version=each.version + 10**6)


@pytest.mark.parametrize("projection", STORED, ids=lambda each: each.name)
def test_a_batch_told_twice_stops_a_view(projection: StoredProjection, tmp_path: Path) -> None:
    """It fails at the first event that it was told before, visibly, and nothing is counted twice;
    what is compared with the diary does not hold then.
    """
    with diary_of(7) as diary:
        diary.go_on(80)
        with Projections(diary.log, projection, folder=tmp_path, threads=False) as views:
            views.catch_up()
            with views.view(projection.name) as db:
                CHECKS[projection.name](db, diary)
        for position in range(0, diary.last - 20, 7):
            move_back(tmp_path, projection.name, position)
            with Projections(diary.log, projection, folder=tmp_path, threads=False) as views:
                views[projection.name].resume()
                views.catch_up()
                (found,) = views.status()
                assert found.status == "failed"
                assert found.position < diary.last
                with views.view(projection.name) as db:
                    CHECKS[projection.name](db, diary)
                with pytest.raises(AssertionError):
                    check_all(views, diary)


@pytest.mark.parametrize("projection", STORED, ids=lambda each: each.name)
@pytest.mark.parametrize("times", [0, 2])
def test_an_event_counted_wrong_is_seen(projection: StoredProjection, times: int) -> None:
    """Where code takes one event not at all or twice, the view is not what the diary says."""
    counted = []
    tell: Any = projection.apply

    def apply(db: Any, each: Recorded) -> None:
        if isinstance(each.event, StatePersisted | EntryAppended) and not counted:
            counted.append(each)
            for told in (each, again(each))[:times]:
                tell(db, told)
        else:
            tell(db, each)

    with diary_of(7) as diary:
        diary.go_on(150)
        wrong = attrs.evolve(projection, apply=apply)
        with Projections(diary.log, projection, threads=False) as views:
            views.catch_up()
            with views.view(projection.name) as db:
                CHECKS[projection.name](db, diary)
        with Projections(diary.log, wrong, threads=False) as views:
            views.catch_up()
            if times == 0:
                assert views.status()[0].status == "running"
            with views.view(projection.name) as db, pytest.raises(AssertionError):
                CHECKS[projection.name](db, diary)


def test_a_batch_told_twice_shows_in_the_metrics() -> None:
    """In memory nothing keeps an event from being counted twice: the diary tells."""
    with diary_of(7) as diary:
        diary.go_on(80)
        view = MemoryView(metrics)
        events = list(diary.log.scan())
        view.take(Batch(events, diary.last))
        with view.reading() as count:
            check_metrics(count, diary)
        view.take(Batch(events[-3:], diary.last))
        with view.reading() as count, pytest.raises(AssertionError):
            check_metrics(count, diary)


def rows_of(db: Any) -> dict[str, list[Any]]:
    """Every row of every table but the one that says how the view stands."""
    names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {
        name: sorted(db.execute(f'SELECT * FROM "{name}"').fetchall())
        for (name,) in names
        if name != "retold_view"
    }


@pytest.mark.parametrize("threads", [False, True])
def test_a_rebuilt_view_is_the_same(threads: bool, tmp_path: Path) -> None:
    """Row by row, though the first was made in many pieces; and it goes on from there."""
    with diary_of(5) as diary:
        for _ in range(6):
            diary.go_on(30)
            with Projections(diary.log, *STANDARD, folder=tmp_path, threads=False) as views:
                views.catch_up()
        with Projections(diary.log, *STANDARD, folder=tmp_path, threads=threads) as views:
            for each in STORED:
                with views.view(each.name) as db:
                    before = rows_of(db)
                views[each.name].rebuild()
                with views.view(each.name) as db:
                    assert rows_of(db) == before
                    assert sum(map(len, before.values())) > 10
            diary.go_on(30)
            for running in views:
                running.wait(diary.last, 30)
            check_all(views, diary)
