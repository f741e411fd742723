"""The metrics of a log, counted on as it grows: how many of what, by whom, in which hour.

They are kept in memory, and counted anew when a runner starts: a pass over the log.
"""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime

import attrs

from ...events.address import kind
from ...events.channel import EntryAppended
from ...events.recorded import Recorded
from ...events.workflow import ChannelEnded, ChannelMerged, ChannelOpened, StatePersisted
from ..projection import Projection


@attrs.define
class Period:
    """The first and the last of some moments; None before there is one."""

    first: datetime | None = None
    last: datetime | None = None

    def widen(self, moment: datetime) -> None:
        """Make a moment lie within."""
        if self.first is None or moment < self.first:
            self.first = moment
        if self.last is None or moment > self.last:
            self.last = moment


@attrs.define
class Metrics:
    """What a log holds. They only ever grow, except for `position` and the two periods' ends.

    By kind of actor, wire name, author and hour of recording (its beginning, in UTC): numbers of
    events. `actors` are numbers of actors by kind, `most_events` is the number of events of the
    actor that has most, by kind. `commands` counts those that stored an event. `entries` are those
    of channels, by type, with `payload_bytes` in all. `state_versions` are those of workflows,
    `channels` what became of theirs: opened, closed, failed, merged; `merges` by strategy.
    """

    position: int = 0
    events: int = 0
    unknown: int = 0
    """Events whose class nobody defines here: in no count of authors, entries, versions, channels
    and commands, and not in `happened`."""
    kinds: Counter[str] = attrs.field(factory=Counter)
    names: Counter[str] = attrs.field(factory=Counter)
    authors: Counter[str] = attrs.field(factory=Counter)
    hours: Counter[datetime] = attrs.field(factory=Counter)
    actors: Counter[str] = attrs.field(factory=Counter)
    most_events: dict[str, int] = attrs.field(factory=dict)
    commands: int = 0
    entries: Counter[str] = attrs.field(factory=Counter)
    payload_bytes: int = 0
    state_versions: int = 0
    channels: Counter[str] = attrs.field(factory=Counter)
    merges: Counter[str] = attrs.field(factory=Counter)
    conflicts: int = 0
    recorded: Period = attrs.field(factory=Period)
    happened: Period = attrs.field(factory=Period)
    _cause: str = ""

    @property
    def days(self) -> Counter[date]:
        """Numbers of events by day of recording, in UTC."""
        days: Counter[date] = Counter()
        for hour, events in self.hours.items():
            days[hour.date()] += events
        return days

    def add(self, each: Recorded) -> None:
        """Count one event more, the next in the order of the log."""
        self._add_row(each.position, each.address, each.version, each.name, each.recorded_at)
        self.authors[each.by] += 1
        self.happened.widen(each.happened_at)
        if each.cause and each.cause != self._cause:
            self.commands += 1  # the events of a command stand side by side
        self._cause = each.cause
        self._add_event(each.event)

    def add_unknown(
        self, position: int, address: str, version: int, name: str, recorded_at: datetime
    ) -> None:
        """Count an event whose class nobody defines here."""
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
        self.recorded.widen(recorded_at)
        if version == 1:
            self.actors[of] += 1
        if version > self.most_events.get(of, 0):
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


def _apply(metrics: Metrics, each: Recorded) -> Metrics:
    metrics.add(each)
    return metrics


metrics = Projection(name="metrics", start=Metrics, apply=_apply)
