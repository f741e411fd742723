"""Time travel: every view of a log at any point, against a plain filter over what was written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retold import Log, retell
from retold.events import past
from retold.events.address import kind
from retold.events.clock import ManualClock
from retold.events.errors import NoSuchVersion
from retold.events.point import Point, until
from retold.projections import audit, replay, state_versions
from retold.projections.merged import merged

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


@settings(max_examples=300, deadline=None)
@given(PASTS, POINTS)
def test_any_view_at_any_point_is_what_had_come_about(drawn: list[Any], point: Point) -> None:
    """Several families, imports out of order, equal times; before, within and behind the log."""
    clock = ManualClock(START)
    with Log.open("memory:", clock=clock) as log:
        facts = written(log, clock, drawn)
        check_actors(log, facts, point)
        check_whole(log, facts, point)
        check_merged(log, facts, point)
        check_whole(log, facts, None)
        check_merged(log, facts, None)


@settings(max_examples=25, deadline=None)
@given(PASTS, st.lists(POINTS, min_size=4, max_size=4))
def test_a_file_gives_the_same(drawn: list[Any], points: list[Point]) -> None:
    """The same past, read from a closed file by a reader of its own."""
    with TemporaryDirectory() as folder:
        url, clock = f"sqlite:///{folder}/log.db", ManualClock(START)
        with Log.open(url, clock=clock) as log:
            facts = written(log, clock, drawn)
        with Log.open(url, read_only=True) as log:
            for point in points:
                check_actors(log, facts, point)
                check_whole(log, facts, point)
                check_merged(log, facts, point)


@given(PASTS, POINTS, POINTS)
@settings(max_examples=100, deadline=None)
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
