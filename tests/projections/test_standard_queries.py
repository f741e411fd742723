"""What may be asked of the standard views: filters, pages, periods, against plain filters."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest

from retold import Log, event
from retold.events.channel import EntryAppended
from retold.events.log import Append
from retold.projections.runner import Projections
from retold.projections.standard import STANDARD, audit, entries_of, merged, metrics, trail
from retold.projections.standard.times import time_of, time_text

from .diary import PEOPLE, ROOTS, Diary, Fact
from .test_standard_views import diary_of


@pytest.fixture(scope="module")
def past() -> Iterator[tuple[Diary, Projections]]:
    """A diary of some hundred facts, and the views of them."""
    with diary_of(23) as diary:
        diary.go_on(250)
        with Projections(diary.log, *STANDARD, threads=False) as views:
            views.catch_up()
            yield diary, views


def below(fact: Fact, address: str) -> bool:
    """Whether it is one of this address, or of what stands below."""
    return fact.address == address or fact.address.startswith(f"{address}/")


def places(views: Projections, **wanted: Any) -> list[int]:
    """The positions that the trail gives."""
    with views.view("audit") as db:
        return [each.position for each in trail(db, **wanted)]


def test_the_trail_is_searched_by_who_where_and_what(past: tuple[Diary, Projections]) -> None:
    """By an author, an address with all below it, a pattern of wire names, and all of them."""
    diary, views = past
    for who in (*PEOPLE, "nobody", "ann' OR 1 --"):
        assert places(views, who=who) == [f.position for f in diary.facts if f.who == who]
    for under in (*ROOTS, "workflow", "workflow/a/channel", "workflow/a/channel/x", "work", "x"):
        wanted = [fact.position for fact in diary.facts if below(fact, under)]
        assert places(views, under=under) == wanted
    for what in ("workflow.*", "*.v1", "channel.entry?appended.v1", "channel.[op]*", "%", "w"):
        wanted = [fact.position for fact in diary.facts if fnmatchcase(fact.what, what)]
        assert places(views, what=what) == wanted
    found = places(views, who="ann", under="workflow/a", what="workflow.state*")
    assert found == [
        fact.position for fact in diary.facts
        if fact.who == "ann" and below(fact, "workflow/a") and fact.what.startswith("workflow.s")
    ]  # fmt: skip
    assert found


def test_the_trail_is_searched_by_period(past: tuple[Diary, Projections]) -> None:
    """By when it was recorded, and by when it happened; both ends are included."""
    diary, views = past
    fourth, last = diary.facts[3], diary.facts[-4]
    for one, other in (
        (fourth.recorded, last.recorded), (None, last.recorded), (fourth.recorded, None),
        (last.recorded, fourth.recorded), (last.happened, last.happened), (None, None),
        (fourth.recorded.astimezone(timezone(timedelta(hours=-9))), None),
    ):  # fmt: skip

        def within(moment: datetime, one: Any = one, other: Any = other) -> bool:
            return (one is None or one <= moment) and (other is None or moment <= other)

        recorded = [fact.position for fact in diary.facts if within(fact.recorded)]
        assert places(views, recorded=(one, other)) == recorded
        happened = [fact.position for fact in diary.facts if within(fact.happened)]
        assert places(views, happened=(one, other)) == happened


def test_views_are_read_page_by_page(past: tuple[Diary, Projections]) -> None:
    """After any position, so many, and the trail from its end."""
    diary, views = past
    everything = [fact.position for fact in diary.facts]
    for after in (0, 1, 17, diary.last, diary.last + 5):
        for limit in (None, 0, 1, 7, 10_000):
            left = [position for position in everything if position > after]
            assert places(views, after=after, limit=limit) == left[:limit]
            turned = places(views, after=after, limit=limit, newest_first=True)
            assert turned == left[::-1][:limit]
            for root in ROOTS:
                own = [each.fact.position for each in diary.entries if each.root == root]
                with views.view("merged") as db:
                    found = [each.position for each in entries_of(db, root, after, limit)]
                assert found == [position for position in own if position > after][:limit]


def test_questions_use_an_index(past: tuple[Diary, Projections]) -> None:
    """Whatever is asked by an author, an address, a period or a root reads no whole table."""
    _, views = past
    moment = datetime(2000, 1, 1, 1, tzinfo=UTC)
    questions: list[tuple[dict[str, Any], str]] = [
        ({"who": "ann"}, "audit_by_who"),
        ({"who": "ann", "after": 9}, "audit_by_who"),
        ({"under": "workflow/a"}, "audit_by_address"),
        ({"under": "workflow/a", "after": 9, "limit": 3}, "audit_by_address"),
        ({"happened": (moment, moment)}, "audit_by_happened_at"),
        ({"recorded": (moment, moment)}, "audit_by_recorded_at"),
        ({"recorded": (moment, None), "limit": 5}, "audit_by_recorded_at"),
    ]
    for question, index in questions:
        with views.view("audit") as db:
            found = plan(db, lambda db, question=question: trail(db, **question))
        assert index in found
        assert "SCAN audit" not in found
        assert ("TEMP B-TREE" in found) == ("under" in question or "happened" in question)
    with views.view("merged") as db:
        found = plan(db, lambda db: entries_of(db, "workflow/a", 5))
        assert "entries_by_root" in found
        assert "TEMP B-TREE" not in found


def plan(db: sqlite3.Connection, ask: Callable[[sqlite3.Connection], Iterable[Any]]) -> str:
    """How SQLite goes about a question."""
    asked: list[str] = []
    db.set_trace_callback(asked.append)
    list(ask(db))
    db.set_trace_callback(None)
    return " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {asked[-1]}"))


@event("standard_views.weighed.v1")
class Weighed:
    """Something of a user's own."""

    grams: Decimal


def test_events_of_other_kinds_are_in_the_trail_and_the_counts_alone() -> None:
    """A user's own actors are audited and counted; the other views pass over them."""
    log = Log.open("memory:")
    log.append(
        Append("scale/1", 0, (Weighed(Decimal("1.50")), Weighed(Decimal(2))), "eve", "", "c")
    )
    log.append(Append("channel/alone", 0, (EntryAppended(1, "eve", b"hi"),), "eve"))
    log.append(Append("workflow/a", 0, (Weighed(Decimal(3)),), "eve"))
    with Projections(log, *STANDARD, threads=False) as views:
        views.catch_up()
        told = {each.name: each.events for each in views.status()}
        assert told == {"versions": 1, "merged": 1, "snapshots": 1, "audit": 4, "metrics": 4}
        with views.view("audit") as db:
            assert [(each.address, each.summary) for each in trail(db)] == [
                ("scale/1", 'grams="1.50"'), ("scale/1", 'grams="2"'),
                ("channel/alone", "#1 data: hi"), ("workflow/a", 'grams="3"'),
            ]  # fmt: skip
        with views.view("merged") as db:
            assert [each.payload for each in entries_of(db, "channel/alone")] == [b"hi"]
        with views.view("versions") as db:
            assert db.execute("SELECT * FROM versions").fetchall() == []
        with views.view("metrics") as count:
            found = count.metrics()
            assert found.kinds == {"scale": 2, "channel": 1, "workflow": 1}
            assert (found.commands, found.state_versions) == (1, 0)


def test_each_has_a_name_of_its_own() -> None:
    """So that all of them may be run together, each in its own file."""
    assert [each.name for each in STANDARD] == [
        "versions", "merged", "snapshots", "audit", "metrics",
    ]  # fmt: skip
    assert (merged.kinds, audit.kinds, metrics.kinds) == (("channel",), (), ())


def test_times_sort_as_moments_do() -> None:
    """As texts, whatever offset they were given with, and come back as the same moment."""
    base = datetime(2020, 1, 1, tzinfo=UTC)
    hours = [timezone(timedelta(hours=n)) for n in (-12, 0, 5)]
    eighths = [base + timedelta(seconds=n / 8) for n in range(-20_000, 20_000, 7)]
    moments = [each.astimezone(hours[n % 3]) for n, each in enumerate(eighths)]
    texts = [time_text(each) for each in moments]
    assert texts == sorted(texts)
    assert [time_of(text) for text in texts] == moments
    for edge in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)):
        for zone in hours:
            assert len(time_text(edge.replace(tzinfo=zone))) == len(texts[0])
