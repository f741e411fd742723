"""Logs with a known past: what was written, kept beside the log, and a plain filter over it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from hypothesis import strategies as st

from retold import Behaviour, Log, state
from retold.events.channel import EntryAppended, Patched
from retold.events.clock import ManualClock
from retold.events.document import Change
from retold.events.log import Append
from retold.events.point import Point
from retold.events.workflow import ChannelOpened, StatePersisted

START = datetime(2020, 1, 1, tzinfo=UTC)
ADDRESSES = (
    "channel/alone",
    "workflow/a",
    "workflow/a/channel/x",
    "workflow/a/channel/y",
    "workflow/ab/channel/x",
    "workflow/b",
)


def at(seconds: float) -> datetime:
    """That many seconds after the start."""
    return START + timedelta(seconds=seconds)


@attrs.frozen
class Fact:
    """An event as the test wrote it; `label` is what it says, `main` whether it is an entry of a
    channel or a state version of a workflow.
    """

    position: int
    address: str
    version: int
    recorded: datetime
    happened: datetime
    label: int
    main: bool

    @property
    def event(self) -> Any:
        """The event of a channel or a workflow that says it."""
        added = (Change("add", "/n", self.label),)
        if "channel/" in self.address:
            sent = EntryAppended(self.version, "ann", str(self.label).encode())
            return sent if self.main else Patched(added)
        return StatePersisted(added, "") if self.main else ChannelOpened(str(self.label))


@state
class Labels:
    """What an actor heard, all of it and in order."""

    labels: tuple[int, ...] = ()

    def evolve(self, event: Any) -> Labels:
        """One more."""
        match event:
            case EntryAppended(payload=payload):
                label = int(payload)
            case ChannelOpened(channel):
                label = int(channel)
            case _:
                label = event.changes[0].value
        return Labels((*self.labels, label))


def _never(*_: Any) -> Any:
    raise AssertionError("decided again")


BEHAVIOURS = {kind: Behaviour(kind, Labels(), _never) for kind in ("channel", "workflow")}

DRAWN = st.tuples(
    st.integers(0, 2),
    st.lists(
        st.tuples(
            st.sampled_from(ADDRESSES), st.booleans(), st.none() | st.integers(-5, 25)
        ),
        min_size=1, max_size=4, unique_by=lambda one: one[0],
    ),
)  # fmt: skip
"""One transaction: seconds since the one before, and for each address what and when it happened."""

PASTS = st.lists(DRAWN, max_size=12)

POINTS = st.one_of(
    st.builds(Point, version=st.integers(0, 30) | st.just(2**63 - 1)),
    st.builds(Point, position=st.integers(0, 40) | st.just(2**63 - 1)),
    st.builds(Point, recorded=st.integers(-2, 26).map(at)),
    st.builds(Point, happened=st.integers(-6, 26).map(at)),
)


def written(log: Log, clock: ManualClock, past: Sequence[Any]) -> list[Fact]:
    """Write transactions into a log that runs on this clock; gives what was written, in order."""
    facts: list[Fact] = []
    for seconds, parts in past:
        clock.advance(seconds)
        appends = []
        for address, main, happened in parts:
            version = sum(fact.address == address for fact in facts) + 1
            moment = None if happened is None else at(happened)
            place = len(facts) + 1
            fact = Fact(place, address, version, clock.now(), moment or clock.now(), place, main)
            facts.append(fact)
            appends.append(Append(address, version - 1, (fact.event,), happened_at=moment))
        log.append(*appends)
    return facts


def had(facts: Sequence[Fact], point: Point | None) -> list[Fact]:
    """The facts that had come about at a point of the whole log, by comparing every two."""
    if point is None:
        return list(facts)
    if point.version is not None:
        return list(facts[: point.version])
    if point.position is not None:
        return [fact for fact in facts if fact.position <= point.position]
    if point.recorded is not None:
        return [fact for fact in facts if fact.recorded <= point.recorded]
    late = [fact for fact in facts if point.happened is not None and fact.happened > point.happened]
    return [
        fact
        for fact in facts
        if not any(each.address == fact.address and each.version <= fact.version for each in late)
    ]
