"""The table of snapshots: the latest state of some actors, a cache that may be lost at any time."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from ..journal import SnapshotRow
from .packing import readable

_SAVE = (
    "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (address) DO UPDATE SET "
    "version = excluded.version, position = excluded.position, "
    "fingerprint = excluded.fingerprint, state = excluded.state, checksum = excluded.checksum"
)
_LOAD = (
    "SELECT address, version, position, fingerprint, CAST(state AS BLOB), checksum "
    "FROM snapshots WHERE address = ?"
)


def save(connection: sqlite3.Connection, rows: Sequence[SnapshotRow]) -> None:
    """Keep each in place of its address's one before, inside the caller's transaction."""
    states = readable([row[4] for row in rows])
    values = [(*row[:4], state, row[5]) for row, state in zip(rows, states, strict=True)]
    connection.executemany(_SAVE, values)


def load(connection: sqlite3.Connection, address: str) -> SnapshotRow | None:
    """The snapshot of an address, whatever is wrong with it."""
    row: SnapshotRow | None = connection.execute(_LOAD, (address,)).fetchone()
    return row


def drop(connection: sqlite3.Connection, addresses: Sequence[str] | None) -> None:
    """Forget those of these addresses, or all, inside the caller's transaction."""
    if addresses is None:
        connection.execute("DELETE FROM snapshots")
    else:
        gone = [(address,) for address in addresses]
        connection.executemany("DELETE FROM snapshots WHERE address = ?", gone)
