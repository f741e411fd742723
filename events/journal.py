"""What the log asks of a store: rows in, rows out, in one order.

A journal is the seam between this house and whatever keeps the bytes. It knows nothing of events,
envelopes or actors. Ours are in `recorders/`; `recorders/adopted.py` makes one of any recorder of
the `eventsourcing` library.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Protocol, TypeAlias

Row: TypeAlias = tuple[str, int, str, bytes]
"""What is written: address, version, wire name, state (the encoded envelope)."""

StoredRow: TypeAlias = tuple[int, str, int, str, bytes]
"""What is read: position, then the row."""

Due: TypeAlias = tuple[str, datetime | None]
"""When an actor wants to be woken: its address, and the moment in UTC, None for never."""

SnapshotRow: TypeAlias = tuple[str, int, int, str, bytes, int]
"""A snapshot: address, version, position, fingerprint, state (encoded), checksum."""


class Bell(Protocol):
    """What can be rung from any thread: `threading.Event`, and what looks like one."""

    def set(self) -> None:
        """Ring; short, and raises nothing."""
        ...


class Changes(Protocol):
    """The news of one journal, for one reader."""

    def listen(self, bell: Bell) -> None:
        """Have `bell` set after every commit that this process makes, and at the close."""
        ...

    def unlisten(self, bell: Bell) -> None:
        """Leave `bell` alone from now on."""
        ...

    def pause(self) -> float | None:
        """Seconds until the next look; None where it is told of everything."""
        ...

    def look(self) -> bool:
        """Whether there was a change since the last look. Raises `LogClosed`."""
        ...


class Journal(Protocol):
    """An append-only table of rows, unique by address and version, numbered by position.

    Positions increase and are never reused. A reader sees them complete: when it sees a position,
    no lower one will appear later.
    """

    @property
    def path(self) -> str:
        """What to call this journal in messages: a file, `memory:`, a module."""
        ...

    @property
    def file(self) -> str:
        """The file that it keeps, beside which others may be put; empty for none."""
        ...

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> Sequence[int]:
        """Store all rows in one durable transaction, or none; return their positions in order.

        `due` goes into the table of due times in the same transaction: each address's moment, or
        None where nothing is due of it any more.

        Raises `eventsourcing.persistence.IntegrityError` where an address already has a version,
        and `StorageFull`, `StorageFailed`, `LogReadOnly`, `LeaseLost` or `LogClosed` where nothing
        was stored. Any other error leaves the outcome open.
        """
        ...

    def reopen(self) -> None:
        """After an outcome was left open: open the store anew, and make final what it holds.

        What can be read from then on stays, and nothing else of that write comes back, not even
        after a crash; whoever listens is told that there may be news. Any error means that this
        could not be done.
        """
        ...

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows of one address with `after < version <= upto`, by version.

        Raises `CorruptedRow` at a row that is not what was written.
        """
        ...

    def scan(self, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows with `after < position <= upto`, by position, read in short pieces."""
        ...

    def dues(self) -> Iterator[tuple[str, datetime]] | None:
        """The table of due times, the earliest first; None where the store keeps none."""
        ...

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> bool:
        """Keep these, each in place of its address's one before; False if the store keeps none.

        They are a cache beside the rows: a store may lose any of them at any time.
        """
        ...

    def snapshot(self, address: str) -> SnapshotRow | None:
        """The snapshot of one address, unchecked; None where there is none that can be read."""
        ...

    def drop_snapshots(self, addresses: Sequence[str] | None = None) -> None:
        """Forget those of these addresses, or all."""
        ...

    def changes(self) -> Changes:
        """How one reader learns of new rows."""
        ...

    def last_position(self) -> int:
        """The highest position stored, 0 for an empty journal."""
        ...

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        ...

    def addresses(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        ...

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        ...
