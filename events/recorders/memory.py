"""The log in memory: for tests, for simulations, for as long as the process lives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from ..journal import Due, Row, SnapshotRow, StoredRow
from .changes import Told
from .library import OriginatorIds, StoreProcessRecorder
from .memory_table import MemoryTable

PIECE = 1000


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
        """What is there is all there is; who listens may not have been told of it."""
        self._table.listeners.notify()

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
