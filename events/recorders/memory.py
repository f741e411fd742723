"""The log in memory: for tests, for simulations, for as long as the process lives."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import datetime
from threading import Lock

from eventsourcing.persistence import IntegrityError, Tracking

from ..journal import Due, Row, SnapshotRow, StoredRow
from ..log_errors import LogClosed
from .changes import Told
from .library import OriginatorIds, StoreProcessRecorder
from .listeners import Listeners

PIECE = 1000


class Stream:
    """The rows of one address, by version, whatever order they came in."""

    __slots__ = ("rows", "versions")

    def __init__(self) -> None:
        self.versions: list[int] = []
        self.rows: list[StoredRow] = []

    def put(self, row: StoredRow) -> bool:
        """Keep a row at its version; False where there is one already."""
        versions, version = self.versions, row[2]
        if not versions or version > versions[-1]:
            versions.append(version)
            self.rows.append(row)
            return True
        at = bisect_left(versions, version)
        if versions[at] == version:
            return False
        versions.insert(at, version)
        self.rows.insert(at, row)
        return True

    def drop(self, version: int) -> None:
        """Take a row out again."""
        at = bisect_left(self.versions, version)
        del self.versions[at], self.rows[at]

    def between(self, after: int | None, upto: int | None) -> tuple[int, int]:
        """Where the rows with `after < version <= upto` start and end."""
        start = 0 if after is None else bisect_right(self.versions, after)
        return start, len(self.versions) if upto is None else bisect_right(self.versions, upto)


class MemoryTable:
    """Rows in a list, where the position is the place; and by address beside it."""

    def __init__(self, path: str = "memory:") -> None:
        self.path = path
        self.listeners = Listeners()
        self._lock = Lock()
        self._closed = False
        self._log: list[StoredRow] = []
        self._streams: dict[str, Stream] = {}
        self._tracked: dict[str, int] = {}
        self._due: dict[str, datetime] = {}
        self._snapshots: dict[str, SnapshotRow] = {}

    def append(
        self, rows: Sequence[Row], tracking: Tracking | None = None, due: Sequence[Due] = ()
    ) -> range:
        """Store rows, tracking and due times together, or nothing; return the positions."""
        with self._lock:
            self._check_open()
            if tracking is not None:
                self._check_tracking(tracking)
            before = len(self._log)
            try:
                self._put(rows)
            except BaseException:
                self._take_back(before)
                raise
            if tracking is not None:
                self._tracked[tracking.application_name] = tracking.notification_id
            for address, moment in due:
                if moment is None:
                    self._due.pop(address, None)
                else:
                    self._due[address] = moment
            positions = range(before + 1, len(self._log) + 1)
        self.listeners.notify()
        return positions

    def dues(self) -> list[tuple[str, datetime]]:
        """The due times, the earliest first."""
        with self._lock:
            return sorted(self._due.items(), key=lambda due: (due[1], due[0]))

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> None:
        """Keep each in place of its address's one before."""
        with self._lock:
            self._check_open()
            self._snapshots.update((row[0], row) for row in rows)

    def snapshot(self, address: str) -> SnapshotRow | None:
        """The snapshot of an address."""
        self._check_open()
        return self._snapshots.get(address)

    def drop_snapshots(self, addresses: Sequence[str] | None) -> None:
        """Forget those of these addresses, or all."""
        with self._lock:
            self._check_open()
            for address in list(self._snapshots) if addresses is None else addresses:
                self._snapshots.pop(address, None)

    def _put(self, rows: Sequence[Row]) -> None:
        log, streams = self._log, self._streams
        for address, version, name, state in rows:
            if not (
                type(state) is bytes
                and type(version) is int
                and type(name) is str
                and type(address) is str
            ):
                raise TypeError(f"{(address, version, name, state)!r} is no row")
            stream = streams.get(address)
            if stream is None:
                stream = streams[address] = Stream()
            row = (len(log) + 1, address, version, name, state)
            if not stream.put(row):
                raise IntegrityError(f"{address} already has a version {version}")
            log.append(row)

    def _take_back(self, before: int) -> None:
        for row in self._log[before:]:
            self._streams[row[1]].drop(row[2])
        del self._log[before:]

    def page(
        self,
        address: str,
        after: int | None = None,
        upto: int | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[StoredRow]:
        """At most `limit` rows of one address with `after < version <= upto`, from either end."""
        with self._lock:
            self._check_open()
            stream = self._streams.get(address)
            if stream is None:
                return []
            start, end = stream.between(after, upto)
            if descending:
                first = start if limit is None else max(start, end - limit)
                return stream.rows[first:end][::-1]
            return stream.rows[start : end if limit is None else min(end, start + limit)]

    def notices(
        self, after: int, upto: int | None, names: Sequence[str], limit: int
    ) -> list[StoredRow]:
        """At most `limit` rows with `after < position <= upto`, of these wire names if any."""
        with self._lock:
            self._check_open()
            start = max(after, 0)
            end = len(self._log) if upto is None else max(0, min(upto, len(self._log)))
            if not names:
                return self._log[start : min(end, start + limit)]
            wanted = (row for row in self._log[start:end] if row[3] in names)
            return [row for row, _ in zip(wanted, range(limit), strict=False)]

    def last_position(self) -> int:
        """The highest position stored, 0 for none."""
        self._check_open()
        return len(self._log)

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        last = self.page(address, descending=True, limit=1)
        return last[0][2] if last else 0

    def addresses(self, prefix: str) -> list[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        with self._lock:
            self._check_open()
            return sorted(
                (address, stream.versions[-1])
                for address, stream in self._streams.items()
                if stream.versions and address.startswith(prefix)
            )

    def track(self, tracking: Tracking) -> None:
        """Move one tracking forward. Raises IntegrityError where it would not move."""
        self.append((), tracking)

    def tracked(self, application: str) -> int | None:
        """How far one application got, None if it never was here."""
        return self._tracked.get(application)

    def close(self) -> None:
        """Refuse everything from now on, and wake whoever waits."""
        self._closed = True
        self.listeners.notify()

    def _check_open(self) -> None:
        if self._closed:
            raise LogClosed(self.path)

    def _check_tracking(self, tracking: Tracking) -> None:
        last = self._tracked.get(tracking.application_name)
        if last is not None and last >= tracking.notification_id:
            raise IntegrityError(f"{tracking.application_name} is already at {last}")


class MemoryRecorder(StoreProcessRecorder):
    """A journal, and a process recorder of the eventsourcing library, in memory.

    As the recorder over a file, but nothing outlives it. Positions are 1, 2, 3 … without a gap.
    """

    file = ""

    def __init__(self, originator_ids: OriginatorIds = "text", *, path: str = "memory:") -> None:
        self._table = MemoryTable(path)
        super().__init__(self._table, originator_ids)

    @property
    def path(self) -> str:
        """What to call it in messages."""
        return self._table.path

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> range:
        """Store all rows, or none; see `Journal.write`."""
        return self._table.append(rows, due=due)

    def reopen(self) -> None:
        """Nothing to do: what is there is all there is."""

    def dues(self) -> Iterator[tuple[str, datetime]]:
        """The due times, the earliest first."""
        return iter(self._table.dues())

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> bool:
        """Keep each in place of its address's one before."""
        self._table.save_snapshots(rows)
        return True

    def snapshot(self, address: str) -> SnapshotRow | None:
        """The snapshot of one address."""
        return self._table.snapshot(address)

    def drop_snapshots(self, addresses: Sequence[str] | None = None) -> None:
        """Forget those of these addresses, or all."""
        self._table.drop_snapshots(addresses)

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows of one address with `after < version <= upto`, by version."""
        while piece := self._table.page(address, after, upto, limit=PIECE):
            yield from piece
            after = piece[-1][2]

    def scan(self, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows with `after < position <= upto`, by position, read in short pieces."""
        while piece := self._table.notices(after, upto, (), PIECE):
            yield from piece
            after = piece[-1][0]

    def changes(self) -> Told:
        """Told of everything."""
        return Told(self._table.listeners)

    def last_position(self) -> int:
        """The highest position stored, 0 for an empty log."""
        return self._table.last_position()

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        return self._table.version(address)

    def addresses(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        yield from self._table.addresses(prefix)

    def close(self) -> None:
        """Forget it; a second call does nothing."""
        self._table.close()
