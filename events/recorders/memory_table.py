"""The rows of a log in memory.

A write counts from one assignment on. What a thread left half done that was interrupted before it
(Ctrl-C) is taken out again by the next call, and what it left undone after it is done by that.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import datetime
from operator import itemgetter
from threading import Lock

import attrs
from eventsourcing.persistence import IntegrityError, Tracking

from ..journal import Due, Row, SnapshotRow, StoredRow
from ..log_errors import LogClosed
from .listeners import Listeners

_version = itemgetter(2)


@attrs.frozen
class Written:
    """Where the log ends, and what the write that moved it there also wants."""

    end: int
    tracking: Tracking | None = None
    due: Sequence[Due] = ()


class Stream:
    """The rows of one address, by version, whatever order they came in."""

    __slots__ = ("rows",)

    def __init__(self) -> None:
        self.rows: list[StoredRow] = []

    def put(self, row: StoredRow) -> bool:
        """Keep a row at its version; False where there is one already."""
        rows, version = self.rows, row[2]
        if not rows or version > rows[-1][2]:
            rows.append(row)
            return True
        at = bisect_left(rows, version, key=_version)
        if rows[at][2] == version:
            return False
        rows.insert(at, row)
        return True

    def drop(self, row: StoredRow) -> None:
        """Take a row out again, if it is there."""
        at = bisect_left(self.rows, row[2], key=_version)
        if at < len(self.rows) and self.rows[at] is row:
            del self.rows[at]

    def between(self, after: int | None, upto: int | None) -> tuple[int, int]:
        """Where the rows with `after < version <= upto` start and end."""
        rows = self.rows
        start = 0 if after is None else bisect_right(rows, after, key=_version)
        return start, len(rows) if upto is None else bisect_right(rows, upto, key=_version)


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
        self._written = Written(0)
        self._snapshots: dict[str, SnapshotRow] = {}

    def append(
        self, rows: Sequence[Row], tracking: Tracking | None = None, due: Sequence[Due] = ()
    ) -> range:
        """Store rows, tracking and due times together, or nothing; return the positions."""
        with self._lock:
            self._begin()
            if tracking is not None:
                self._check_tracking(tracking)
            before = self._written.end
            try:
                self._put(rows)
                self._written = Written(before + len(rows), tracking, due)
            finally:
                self._settle()
        self.listeners.notify()
        return range(before + 1, before + len(rows) + 1)

    def dues(self) -> list[tuple[str, datetime]]:
        """The due times, the earliest first."""
        with self._lock:
            self._begin()
            return sorted(self._due.items(), key=lambda due: (due[1], due[0]))

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> None:
        """Keep each in place of its address's one before."""
        with self._lock:
            self._begin()
            self._snapshots.update((row[0], row) for row in rows)

    def snapshot(self, address: str) -> SnapshotRow | None:
        """The snapshot of an address."""
        self._check_open()
        return self._snapshots.get(address)

    def drop_snapshots(self, addresses: Sequence[str] | None) -> None:
        """Forget those of these addresses, or all."""
        with self._lock:
            self._begin()
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
            log.append(row)
            if not stream.put(row):
                raise IntegrityError(f"{address} already has a version {version}")

    def _begin(self) -> None:
        self._check_open()
        self._settle()

    def _settle(self) -> None:
        """Finish what the last write wants, and take out what is none; any number of times."""
        written = self._written
        if written.tracking is not None:
            self._tracked[written.tracking.application_name] = written.tracking.notification_id
        for address, moment in written.due:
            if moment is None:
                self._due.pop(address, None)
            else:
                self._due[address] = moment
        self._written = Written(written.end)
        if len(self._log) > written.end:
            for row in self._log[written.end :]:
                self._streams[row[1]].drop(row)
            del self._log[written.end :]

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
            self._begin()
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
            self._begin()
            start = max(after, 0)
            end = len(self._log) if upto is None else max(0, min(upto, len(self._log)))
            if not names:
                return self._log[start : min(end, start + limit)]
            wanted = (row for row in self._log[start:end] if row[3] in names)
            return [row for row, _ in zip(wanted, range(limit), strict=False)]

    def last_position(self) -> int:
        """The highest position stored, 0 for none."""
        self._check_open()
        return self._written.end

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        last = self.page(address, descending=True, limit=1)
        return last[0][2] if last else 0

    def addresses(self, prefix: str) -> list[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        with self._lock:
            self._begin()
            return sorted(
                (address, stream.rows[-1][2])
                for address, stream in self._streams.items()
                if stream.rows and address.startswith(prefix)
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
