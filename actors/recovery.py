"""Recovery: where an actor stands, from the log alone, or from a snapshot and what came after it.

When thousands of actors are needed at once, as after a restart, the pool recovers one a thread, and
the threads that wait for their own answers no more than `AT_ONCE` together. So a pool that has
other turns to take is never held up by them, nor is memory used up: events are read in short
pieces, folded as they come, and not kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ..events.fold import fold
from ..events.journal import StoredRow
from ..events.log import Log
from ..events.places import Places
from ..events.snapshots import Snapshot
from .future import inside

if TYPE_CHECKING:
    from .behaviour import Behaviour
    from .snapshots import Snapshots

AT_ONCE = 8
"""How many recoveries run outside the pool: as many as there are connections that read a file."""


class Recovered:
    """Where an actor stands after some rows; `kept_version` is that of the snapshot it began at."""

    __slots__ = ("kept_version", "position", "state", "version")

    def __init__(self, log: Log, start: Snapshot, rows: Iterator[StoredRow]) -> None:
        self.kept_version = self.version = start.version
        self.position = start.position
        self.state = fold(start.state, log.codec.events(self._passing(rows)))

    def _passing(self, rows: Iterator[StoredRow]) -> Iterator[StoredRow]:
        row = None
        for row in rows:
            yield row
        if row is not None:
            self.position, self.version = row[0], row[2]


def replayed(log: Log, address: str, initial: Any, upto: int | None = None) -> Recovered:
    """Where an actor stands after its last event, or its last up to a position, by all of them."""
    rows = log.journal.rows(address)
    if upto is not None:
        rows = takewhile(lambda row: row[0] <= upto, rows)
    return Recovered(log, Snapshot(address, 0, 0, initial), rows)


def resumed(log: Log, snapshot: Snapshot) -> Recovered | None:
    """The same by the events since a snapshot; None where the log lacks the event it ends at."""
    rows = log.journal.rows(snapshot.address, snapshot.version - 1)
    last = next(rows, None)
    if last is None or (last[0], last[2]) != (snapshot.position, snapshot.version):
        return None
    return Recovered(log, snapshot, rows)


def stood(log: Log, address: str, initial: Any, position: int) -> tuple[int, Any]:
    """The version and state that an actor had when the log ended at `position`."""
    found = replayed(log, address, initial, position)
    return found.version, found.state


class Recovery:
    """Recovers the actors of one system, a few at a time."""

    def __init__(self, log: Log, snapshots: Snapshots) -> None:
        self._log = log
        self._snapshots = snapshots
        self._places = Places(AT_ONCE)

    def recovered(self, address: str, behaviour: Behaviour) -> Recovered:
        """Where the log says that an actor stands; outside the pool it may wait for its place."""
        if inside.pool:
            return self._recovered(address, behaviour)
        with self._places.one():
            return self._recovered(address, behaviour)

    def _recovered(self, address: str, behaviour: Behaviour) -> Recovered:
        snapshot = self._snapshots.latest(address, behaviour)
        if snapshot is not None:
            if (found := resumed(self._log, snapshot)) is not None:
                return found
            self._snapshots.forget(address)
        return replayed(self._log, address, behaviour.initial)
