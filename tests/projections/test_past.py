"""Time travel: every view of a log at any point, against a plain filter over what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import closing
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from retold import Log, retell
from retold.events import past
from retold.events.address import kind
from retold.events.clock import ManualClock
from retold.events.errors import BadPoint, NoSuchVersion
from retold.events.log import Append
from retold.events.point import Point, until
from retold.projections import audit, replay, state_versions
from retold.projections.merged import merged
from retold.projections.past_view import view_at
from retold.projections.projection import Projection, StoredProjection
from retold.projections.standard import metrics

from .pasts import ADDRESSES, BEHAVIOURS, PASTS, POINTS, START, Fact, Labels, had, written

ROOTS = ("channel/alone", "workflow/a", "workflow/a/channel/y", "workflow/b", "workflow/c")


def labels(facts: Sequence[Fact]) -> tuple[int, ...]:
    """What they say."""
    return tuple(fact.label for fact in facts)


def check_actors(log: Log, facts: list[Fact], point: Point) -> None:
    """States and histories of single actors, their versions counted each by itself."""
    for address in ADDRESSES:
        own = [fact for fact in facts if fact.address == address]
        behaviour = BEHAVIOURS[kind(address)]
        if not own or (point.version is not None and point.version > len(own)):
            with pytest.raises(NoSuchVersion):
                retell(log, address, at=point, behaviour=behaviour)
            continue
        wanted = had(own, point)
        assert retell(log, address, at=point, behaviour=behaviour) == Labels(labels(wanted))
        found = list(past.read(log, address, point))
        assert [(each.position, each.version) for each in found] == [
            (fact.position, fact.version) for fact in wanted
        ]
        assert list(until(point, log.read(address))) == found
        if kind(address) == "workflow":
            made = [version.log_version for version in state_versions(found)]
            assert made == [fact.version for fact in wanted if fact.main]


def check_whole(log: Log, facts: list[Fact], point: Point | None) -> None:
    """The log as a whole: what a projection is fed, the audit trail, the digest."""
    wanted = had(facts, point)
    found = list(past.cut(log, point))
    assert [each.position for each in found] == [fact.position for fact in wanted]
    assert [each.event for each in found] == [fact.event for fact in wanted]
    assert list(until(point, log.scan())) == found
    assert [line.position for line in audit(found)] == [fact.position for fact in wanted]
    for chosen in (("channel",), ("workflow", "channel"), ("account",)):
        own = had([fact for fact in facts if kind(fact.address) in chosen], point)
        assert [each.position for each in past.cut(log, point, chosen)] == [
            fact.position for fact in own
        ]
    rebuilt = replay(log, lambda _: Labels(), at=point)
    assert (rebuilt.events, rebuilt.actors) == (
        len(wanted), len({fact.address for fact in wanted}),
    )  # fmt: skip
    assert rebuilt.digest == digest(wanted)


def digest(facts: Sequence[Fact]) -> str:
    """The digest by its definition, of the actors that these facts make."""
    lines = []
    for address in sorted({fact.address for fact in facts}):
        own = [fact for fact in facts if fact.address == address]
        spelt = json.dumps({"labels": labels(own)}, separators=(",", ":"))
        lines.append(f"{address} {len(own)} {spelt}\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_merged(log: Log, facts: list[Fact], point: Point | None) -> None:
    """The merged view of each family, its versions counting entries."""
    for root in ROOTS:
        below = [fact for fact in facts if f"{fact.address}/".startswith(f"{root}/")]
        channels = [fact for fact in below if kind(fact.address) == "channel"]
        if point is not None and point.version is not None:
            wanted = [fact for fact in channels if fact.main][: point.version]
        else:
            wanted = [fact for fact in had(channels, point) if fact.main]
        found = [(each.position, each.address, each.payload) for each in merged(log, root, point)]
        assert found == [(fact.position, fact.address, str(fact.label).encode()) for fact in wanted]


def check_projections(log: Log, facts: list[Fact], point: Point | None) -> None:
    """Projections in memory and in tables are told what had come about of their kinds, once."""
    for chosen in ((), ("channel",), ("workflow", "channel"), ("account",)):
        own = [fact for fact in facts if not chosen or kind(fact.address) in chosen]
        wanted = [fact.position for fact in had(own, point)]
        listed = Projection(
            name="listed",
            start=tuple[int, ...],
            apply=lambda told, each: (*told, each.position),
            kinds=chosen,
        )
        tabled = StoredProjection(
            name="tabled",
            tables="CREATE TABLE told (position INTEGER)",
            apply=lambda db, each: db.execute("INSERT INTO told VALUES (?)", (each.position,)),
            kinds=chosen,
        )
        with closing(view_at(log, listed, point)) as view, view.reading() as told:
            assert told == tuple(wanted)
        with closing(view_at(log, tabled, point)) as view, view.reading() as db:
            found = db.execute("SELECT position FROM told ORDER BY rowid").fetchall()
            assert [position for (position,) in found] == wanted


@settings(max_examples=300)
@given(PASTS, POINTS)
def test_any_view_at_any_point_is_what_had_come_about(drawn: list[Any], point: Point) -> None:
    """Several families, imports out of order, equal times; before, within and beyond the log."""
    clock = ManualClock(START)
    with Log.open("memory:", clock=clock) as log:
        facts = written(log, clock, drawn)
        check_actors(log, facts, point)
        check_whole(log, facts, point)
        check_merged(log, facts, point)
        check_projections(log, facts, point)
        check_whole(log, facts, None)
        check_merged(log, facts, None)


@pytest.mark.parametrize("url", ["sqlite:///{}/log.db", "module:eventsourcing.sqlite"])
@settings(max_examples=15)
@given(PASTS, st.lists(POINTS, min_size=4, max_size=4), st.booleans())
def test_a_file_gives_the_same(
    url: str, drawn: list[Any], points: list[Point], compressed: bool
) -> None:
    """The same past, read from a closed file by a reader of its own; compressed or not."""
    with TemporaryDirectory() as folder:
        options = {"SQLITE_DBNAME": f"{folder}/library.db"}
        if compressed:
            options["COMPRESSOR_TOPIC"] = "eventsourcing.compressor:ZlibCompressor"
        where, clock = url.format(folder), ManualClock(START)
        with Log.open(where, clock=clock, settings=options) as log:
            facts = written(log, clock, drawn)
        with Log.open(where, read_only=True, settings=options) as log:
            for point in points:
                check_actors(log, facts, point)
                check_whole(log, facts, point)
                check_merged(log, facts, point)


@settings(max_examples=100)
@given(PASTS, POINTS, POINTS)
def test_what_had_come_about_stays(drawn: list[Any], one: Point, two: Point) -> None:
    """Of two points of one kind the earlier has nothing that the later has not."""
    clock = ManualClock(START)
    with Log.open("memory:", clock=clock) as log:
        written(log, clock, drawn)
        names = [str(point).partition(":")[0] for point in (one, two)]
        values = [getattr(point, name) for name, point in zip(names, (one, two), strict=True)]
        if names[0] != names[1]:
            return
        early, late = (one, two) if values[0] <= values[1] else (two, one)
        before = {each.position for each in past.cut(log, early)}
        assert before <= {each.position for each in past.cut(log, late)}


def _cuts_within(facts: list[Fact], point: Point) -> bool:
    """Something had happened, and waits for something of its address that had not."""
    moment = point.happened
    taken = had(facts, point)
    return moment is not None and any(
        fact.happened <= moment and fact not in taken for fact in facts
    )


def _shares_a_moment(facts: list[Fact], point: Point) -> bool:
    """Two transactions were recorded at the very moment that is asked for."""
    return sum(fact.recorded == point.recorded for fact in facts) > 4 < len(facts) - 2


@pytest.mark.parametrize("hard", [_cuts_within, _shares_a_moment])
def test_the_hard_cases_are_among_those_drawn(hard: Any) -> None:
    """What these tests are about is found in what they draw."""

    def is_hard(case: tuple[Any, Point]) -> bool:
        clock = ManualClock(START)
        with Log.open("memory:", clock=clock) as log:
            return bool(hard(written(log, clock, case[0]), case[1]))

    drawn = settings(max_examples=2_000, phases=[Phase.generate], derandomize=True, database=None)
    assert is_hard(find(st.tuples(PASTS, POINTS), is_hard, settings=drawn))


@pytest.mark.parametrize("given", ["2020-01-01", START.date(), 3])
def test_no_view_takes_what_is_no_point_for_now(given: Any) -> None:
    """A text, a date or a number is refused by every view of the past; a moment is a point."""
    with Log.open("memory:", clock=ManualClock(START)) as log:
        for view in (
            lambda at: merged(log, "workflow/a", at),
            lambda at: replay(log, lambda _: Labels(), at=at),
            lambda at: view_at(log, metrics, at),
        ):
            view(START)
            with pytest.raises(BadPoint):
                view(given)


def test_a_merged_view_ends_where_the_log_ended() -> None:
    """Entries that come while it is read are in none of its channels, rather than in some."""
    clock = ManualClock(START)
    with Log.open("memory:", clock=clock) as log:
        x, y = "workflow/a/channel/x", "workflow/a/channel/y"
        facts = written(log, clock, [(1, [(x, True, None)]), (1, [(y, True, None)])])
        view = merged(log, "workflow/a")
        seen = [next(view).position]
        for address in (y, x):
            log.append(Append(address, 1, (facts[0].event,)))
        assert [*seen, *(each.position for each in view)] == [1, 2]
