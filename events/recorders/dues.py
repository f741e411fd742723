"""The table of due times: when actors want to be woken, kept in the transaction of their events."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from ..journal import Due
from ..log_errors import CorruptedRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


_KEEP = (
    "INSERT OR REPLACE INTO due "
    "SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?)"
)
_FORGET = "DELETE FROM due WHERE address IN (SELECT value FROM json_each(?))"


def store(connection: sqlite3.Connection, due: Sequence[Due]) -> None:
    """Keep each moment, or forget it, inside the caller's transaction.

    Each is one statement: between any two of them another thread may hold the interpreter.
    """
    kept = [(address, (moment - _EPOCH) // _MICROSECOND) for address, moment in due if moment]
    if kept:
        connection.execute(_KEEP, (json.dumps(kept),))
    gone = [address for address, moment in due if moment is None]
    if gone:
        connection.execute(_FORGET, (json.dumps(gone),))


def load(connection: sqlite3.Connection) -> list[tuple[str, datetime]]:
    """All of them, the earliest first. Raises `CorruptedRow` for one that is no moment."""
    rows = connection.execute("SELECT address, moment FROM due ORDER BY moment, address")
    return [(address, _moment(address, moment)) for address, moment in rows]


def _moment(address: str, microseconds: int) -> datetime:
    try:
        return _EPOCH + microseconds * _MICROSECOND
    except (OverflowError, TypeError) as error:
        reason = f"its due time {microseconds!r} is no moment"
        raise CorruptedRow(0, address, 0, reason) from error
