"""A log in memory that outlives its systems, and tells what was read of it and kept beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from retold import ActorSystem, Behaviour
from retold.actors import Stepped
from retold.actors.options import Options
from retold.actors.snapshots import SnapshotPolicy
from retold.events import Log, ManualClock
from retold.events.codec import Codec
from retold.events.journal import SnapshotRow, StoredRow
from retold.events.recorders import MemoryRecorder
from retold.events.snapshots import Snapshot, SnapshotCodec


class Lasting(MemoryRecorder):
    """A journal that stays open when a system closes its log."""

    def __init__(self) -> None:
        super().__init__()
        self.rows_read = 0
        self.saved: list[list[str]] = []
        self.broken: Exception | None = None

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """Counts each row."""
        for row in super().rows(address, after, upto):
            self.rows_read += 1
            yield row

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> bool:
        """Notes which; raises what it is told to."""
        if self.broken is not None:
            raise self.broken
        self.saved.append([f"{row[0]} {row[1]}" for row in rows])
        return super().save_snapshots(rows)

    def close(self) -> None:
        """Stays as it is."""

    def version_kept(self, address: str) -> int:
        """The version of an address's snapshot, 0 for none."""
        row = self.snapshot(address)
        return 0 if row is None else row[1]


def opened(
    journal: Lasting,
    every: int | SnapshotPolicy | None,
    *behaviours: Behaviour,
    clock: ManualClock | None = None,
    stepped: Stepped | None = None,
    **options: Any,
) -> ActorSystem:
    """A system over a journal, stepped by hand."""
    log = Log(journal, Codec(), clock or ManualClock())
    return ActorSystem(
        log,
        *behaviours,
        dispatcher=stepped or Stepped(turn_size=10),
        seed="seed",
        options=Options(snapshot_every=every, **options),
    )


def keep(journal: Lasting, behaviour: Behaviour, version: int, state: Any, position: int) -> None:
    """Put a snapshot beside a log by hand, of the actor `<kind>/a`."""
    kind = behaviour.kind
    row = SnapshotCodec(kind, behaviour.initial, Codec()).encode(
        Snapshot(f"{kind}/a", version, position, state)
    )
    journal.save_snapshots([row])
