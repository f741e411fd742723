"""The table of due times: when actors want to be woken, kept in the transaction of their events."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ..journal import Due

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def store(connection: sqlite3.Connection, due: Sequence[Due]) -> None:
    """Keep each moment, or forget it, inside the caller's transaction."""
    kept = [(address, (moment - _EPOCH) // _MICROSECOND) for address, moment in due if moment]
    connection.executemany("INSERT OR REPLACE INTO due VALUES (?, ?)", kept)
    gone = [(address,) for address, moment in due if moment is None]
    connection.executemany("DELETE FROM due WHERE address = ?", gone)


def load(connection: sqlite3.Connection) -> list[tuple[str, datetime]]:
    """All of them, the earliest first."""
    rows = connection.execute("SELECT address, moment FROM due ORDER BY moment, address")
    return [(address, _EPOCH + moment * _MICROSECOND) for address, moment in rows]
