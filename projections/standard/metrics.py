"""The metrics of a log, counted on as it grows: how many of what, by whom, in which hour.

They are kept in memory, and counted anew when a runner starts: one pass over the log. The view is a
`Count`; `with projections.view("metrics") as count: found = count.metrics()`.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import TypeAlias, TypeVar

import attrs

from ...events.address import kind
from ...events.channel import EntryAppended
from ...events.recorded import Recorded
from ...events.workflow import ChannelEnded, ChannelMerged, ChannelOpened, StatePersisted
from ..projection import Projection

Key = TypeVar("Key")
Period: TypeAlias = tuple[datetime, datetime] | None
"""The first and the last of some moments; None before there is one."""


@attrs.frozen(kw_only=True)
class Metrics:
    """What a log holds up to `position`. Counts are by falling number.

    `kinds`, `names`, `authors` and `hours` are numbers of events: by kind of actor, wire name,
    author and hour of recording (its beginning, in UTC). `actors` are numbers of actors by kind,
    `most_events` the number of events of the actor with the most, by kind. `commands` are those
    that stored an event. `state_versions` are those of workflows; `channels` what became of theirs:
    opened, closed, failed, merged; `merges` those merged by strategy, with `conflicts` decided in
    all. `entries` are those of all channels by type, with `payload_bytes` in all.

    `unknown` events are those whose class no known module defines: they are in `events`, `kinds`,
    `names`, `hours`, `actors` and the times of recording, and nowhere else.
    """

    position: int
    events: int
    unknown: int
    kinds: dict[str, int]
    names: dict[str, int]
    authors: dict[str, int]
    hours: dict[datetime, int]
    actors: dict[str, int]
    most_events: dict[str, int]
    commands: int
    state_versions: int
    channels: dict[str, int]
    merges: dict[str, int]
    conflicts: int
    entries: dict[str, int]
    payload_bytes: int
    first_recorded: datetime | None
    last_recorded: datetime | None
    first_happened: datetime | None
    last_happened: datetime | None

    @property
    def days(self) -> dict[date, int]:
        """Numbers of events by day of recording, in UTC."""
        days: Counter[date] = Counter()
        for hour, events in self.hours.items():
            days[hour.date()] += events
        return dict(days.most_common())


class Count:
    """The running counts over the events of a log, in its order."""

    def __init__(self) -> None:
        self.position = self.events = self.unknown = self.commands = 0
        self.state_versions = self.conflicts = self.payload_bytes = 0
        self.kinds: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self.authors: Counter[str] = Counter()
        self.hours: Counter[datetime] = Counter()
        self.actors: Counter[str] = Counter()
        self.most_events: Counter[str] = Counter()
        self.channels: Counter[str] = Counter()
        self.merges: Counter[str] = Counter()
        self.entries: Counter[str] = Counter()
        self.recorded: Period = None
        self.happened: Period = None
        self._cause = ""

    def add(self, each: Recorded) -> None:
        """Count one event more."""
        self._add_row(each.position, each.address, each.version, each.name, each.recorded_at)
        self.authors[each.by] += 1
        self.happened = _widened(self.happened, each.happened_at)
        if each.cause != self._cause:  # the events of a command stand side by side
            self.commands += bool(each.cause)
            self._cause = each.cause
        self._add_event(each.event)

    def add_unknown(
        self, position: int, address: str, version: int, name: str, recorded_at: datetime
    ) -> None:
        """Count an event whose class no known module defines."""
        self._add_row(position, address, version, name, recorded_at)
        self.unknown += 1

    def _add_row(
        self, position: int, address: str, version: int, name: str, recorded_at: datetime
    ) -> None:
        of = kind(address)
        self.position = position
        self.events += 1
        self.kinds[of] += 1
        self.names[name] += 1
        self.hours[recorded_at.replace(minute=0, second=0, microsecond=0)] += 1
        self.recorded = _widened(self.recorded, recorded_at)
        if version == 1:
            self.actors[of] += 1
        if version > self.most_events[of]:
            self.most_events[of] = version

    def _add_event(self, event: object) -> None:
        match event:
            case EntryAppended():
                self.entries[event.type] += 1
                self.payload_bytes += len(event.payload)
            case StatePersisted():
                self.state_versions += 1
            case ChannelMerged():
                self.state_versions += 1
                self.channels["merged"] += 1
                self.merges[event.strategy] += 1
                self.conflicts += len(event.conflicts)
            case ChannelOpened():
                self.channels["opened"] += 1
            case ChannelEnded():
                self.channels[event.how] += 1

    def metrics(self) -> Metrics:
        """The counts as they stand."""
        first_recorded, last_recorded = self.recorded or (None, None)
        first_happened, last_happened = self.happened or (None, None)
        return Metrics(
            position=self.position, events=self.events, unknown=self.unknown,
            kinds=_falling(self.kinds), names=_falling(self.names),
            authors=_falling(self.authors), hours=_falling(self.hours),
            actors=_falling(self.actors), most_events=_falling(self.most_events),
            commands=self.commands, state_versions=self.state_versions,
            channels=_falling(self.channels), merges=_falling(self.merges),
            conflicts=self.conflicts, entries=_falling(self.entries),
            payload_bytes=self.payload_bytes,
            first_recorded=first_recorded, last_recorded=last_recorded,
            first_happened=first_happened, last_happened=last_happened,
        )  # fmt: skip


def _falling(counts: Counter[Key]) -> dict[Key, int]:
    return dict(counts.most_common())


def _widened(period: Period, moment: datetime) -> Period:
    if period is None:
        return moment, moment
    first, last = period
    if first <= moment <= last:
        return period
    return min(first, moment), max(last, moment)


def _apply(count: Count, each: Recorded) -> Count:
    count.add(each)
    return count


metrics = Projection(name="metrics", start=Count, apply=_apply, show=Count.metrics)
