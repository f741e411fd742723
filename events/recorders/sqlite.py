"""The log in one SQLite file: the default, for one writer and any number of readers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Self

from ..journal import Changes, Due, Row, SnapshotRow, StoredRow
from .changes import Looked, Told
from .connections import Connections
from .library import OriginatorIds, StoreProcessRecorder
from .opening import open_file
from .table import SqliteTable


class SqliteRecorder(StoreProcessRecorder):
    """A journal, and a process recorder of the eventsourcing library, over one file.

    A write is on disk when it returns (WAL, synchronous=FULL). Threads may share it: writes take
    turns, reads run beside them and see whole transactions only.
    """

    def __init__(self, connections: Connections, originator_ids: OriginatorIds = "text") -> None:
        self._table = SqliteTable(connections)
        super().__init__(self._table, originator_ids)
        self._connections = connections

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        read_only: bool = False,
        create: bool = True,
        holder: str = "",
        since: str = "",
        originator_ids: OriginatorIds = "text",
    ) -> Self:
        """Open the log at `path`, or make it; a file that is not a log is refused untouched.

        `holder` and `since` are what a second opener is told about this one.

        Raises NoSuchLog, NotALog, NewerLog, LogInUse, LogReadOnly, StorageFull or StorageFailed.
        """
        connections = open_file(
            path, read_only=read_only, create=create, holder=holder, since=since
        )
        return cls(connections, originator_ids)

    @property
    def path(self) -> str:
        """The file, as it was given."""
        return self._connections.path

    @property
    def file(self) -> str:
        """The file, whatever links lead to it."""
        return os.path.realpath(self._connections.path)

    @property
    def read_only(self) -> bool:
        """Whether writes are refused."""
        return self._connections.read_only

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> range:
        """Store all rows in one durable transaction, or none; see `Journal.write`."""
        return self._table.append(rows, due=due)

    def reopen(self) -> None:
        """Open the file anew for writing, and overwrite what a failed commit may have left."""
        self._connections.reopen()
        self._connections.listeners.notify()

    def dues(self) -> Iterator[tuple[str, datetime]]:
        """The due times, the earliest first."""
        return self._table.dues()

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> bool:
        """Keep each in place of its address's one before."""
        self._table.save_snapshots(rows)
        return True

    def snapshot(self, address: str) -> SnapshotRow | None:
        """The snapshot of one address; None also in a file that is older than snapshots."""
        return self._table.snapshot(address)

    def drop_snapshots(self, addresses: Sequence[str] | None = None) -> None:
        """Forget those of these addresses, or all."""
        self._table.drop_snapshots(addresses)

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows of one address with `after < version <= upto`, by version."""
        return self._table.rows(address, after, upto)

    def scan(self, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows with `after < position <= upto`, by position, read in short pieces."""
        return self._table.scan(after, upto)

    def changes(self) -> Changes:
        """News: at once where this process writes, by `data_version` where it only reads."""
        listeners = self._connections.listeners
        return Looked(listeners, self._connections.stamp) if self.read_only else Told(listeners)

    def last_position(self) -> int:
        """The highest position stored, 0 for an empty file."""
        return self._table.last_position()

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        return self._table.version(address)

    def addresses(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        return self._table.addresses(prefix)

    def vacuum(self) -> None:
        """Write the file anew without its free pages; raises as `write` does."""
        self._connections.vacuum()

    def pragmas(self) -> dict[str, str]:
        """`journal_mode` and `synchronous`, read back from the connection that writes."""
        return self._connections.pragmas()

    def close(self) -> None:
        """Fold the WAL into the file, give back the lease; a second call does nothing."""
        self._connections.close()
