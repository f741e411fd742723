"""Any recorder of the `eventsourcing` library, as a journal.

The library's recorders know their rows by aggregate (without positions) or by position. A journal
gives both at once, so this one keeps an index of versions and positions, sixteen bytes a row,
which it extends from the notifications when it is asked.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import ParamSpec, TypeVar

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from ..journal import Changes, Due, Row, SnapshotRow, StoredRow
from ..log_errors import LogClosed
from ..places import Places
from .changes import Looked
from .listeners import Listeners

PIECE = 1000
AT_ONCE = 16
"""How many calls a recorder is at: more than the library keeps connections."""

P = ParamSpec("P")
T = TypeVar("T")


class Calls:
    """The calls that a recorder is at. To be closed under one of them it may take badly: SQLite
    brings the process down. So whoever closes it waits until the last call has returned.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._places = Places(AT_ONCE)
        self.closed = False

    @contextmanager
    def one(self) -> Iterator[None]:
        """Be at a call within the block; raises LogClosed."""
        with self._places.one():
            if self.closed:
                raise LogClosed(self._path)
            yield

    def close(self) -> bool:
        """Let no more in, and wait for those that are in; whether nobody had closed it before."""
        first, self.closed = not self.closed, True
        self._places.wait_for_all()
        return first


class AdoptedJournal:
    """A journal over an application recorder whose originator ids are text.

    Durable and ordered as that recorder is; positions may have gaps. Of its errors IntegrityError
    means that nothing was stored, any other leaves the outcome open.
    """

    def __init__(
        self, recorder: ApplicationRecorder, path: str, close: Callable[[], None] | None = None
    ) -> None:
        self.path = path
        self.file = ""
        self._recorder = recorder
        self._close = close
        self._calls = Calls(path)
        self._lock = Lock()
        self._listeners = Listeners()
        self._seen = 0
        self._index: dict[str, tuple[array[int], array[int]]] = {}

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> Sequence[int]:
        """Store all rows as the recorder does, or none; it has no table of due times."""
        if not rows:
            return self._ask(tuple)
        events = [
            StoredEvent(address, version, name, state) for address, version, name, state in rows
        ]
        positions = self._ask(self._recorder.insert_events, events)
        if positions is None:
            raise TypeError(f"{self.path} does not tell the positions of what it stored")
        self._listeners.notify()
        return positions

    def reopen(self) -> None:
        """Nothing that a recorder offers: what it reads is taken for what it keeps.

        Who listens may not have been told of it.
        """
        self._listeners.notify()

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows of one address with `after < version <= upto`, by version."""
        self._catch_up()
        versions, positions = self._index.get(address, (array("q"), array("q")))
        at = bisect_right(versions, after)
        end = len(versions) if upto is None else bisect_right(versions, upto)
        while at < end:
            stop = min(end, at + PIECE)
            events = self._ask(
                self._recorder.select_events, address, gt=after, lte=versions[stop - 1]
            )
            for position, event in zip(positions[at:stop], _by_version(events), strict=True):
                yield (position, address, event.originator_version, event.topic, event.state)
            at, after = stop, versions[stop - 1]

    def scan(self, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows with `after < position <= upto`, by position, read in short pieces."""
        while True:
            select = self._recorder.select_notifications
            found = self._ask(select, after, PIECE, upto, inclusive_of_start=False)
            for n in found:
                yield (n.id, str(n.originator_id), n.originator_version, n.topic, n.state)
            if len(found) < PIECE:
                return
            after = found[-1].id

    def dues(self) -> None:
        """None: it keeps no table of due times, so they are found by folding."""

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> bool:
        """False: it keeps no table of snapshots either."""
        return False

    def snapshot(self, address: str) -> None:
        """None: states are found by folding."""

    def drop_snapshots(self, addresses: Sequence[str] | None = None) -> None:
        """There is nothing to forget."""

    def changes(self) -> Changes:
        """News of what is written here, and of what others write, by looking."""
        return Looked(self._listeners, self.last_position)

    def last_position(self) -> int:
        """The highest position stored, 0 for an empty recorder."""
        return self._ask(self._recorder.max_notification_id) or 0

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        last = self._ask(self._recorder.select_events, address, desc=True, limit=1)
        return last[0].originator_version if last else 0

    def addresses(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        self._catch_up()
        with self._lock:
            found = [
                (address, versions[-1])
                for address, (versions, _) in self._index.items()
                if address.startswith(prefix)
            ]
        yield from sorted(found)

    def close(self) -> None:
        """Close what the recorder came with; a second call does nothing."""
        if self._calls.close():
            if self._close is not None:
                self._close()
            self._listeners.notify()

    def _catch_up(self) -> None:
        with self._lock:
            for position, address, version, _, _ in self.scan(self._seen):
                versions, positions = self._index.setdefault(address, (array("q"), array("q")))
                at = bisect_right(versions, version)
                versions.insert(at, version)
                positions.insert(at, position)
                self._seen = position

    def _ask(self, method: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
        """What the recorder answers; `LogClosed` once it was closed."""
        with self._calls.one():
            return method(*values, **named)


def _by_version(events: Sequence[StoredEvent]) -> list[StoredEvent]:
    return sorted(events, key=lambda event: event.originator_version)
