"""What an error of SQLite means to whoever wrote or asked."""

from __future__ import annotations

import sqlite3

from eventsourcing.persistence import IntegrityError

from ..log_errors import LogReadOnly, StorageFailed, StorageFull

_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")


def refusal(path: str, error: sqlite3.Error) -> Exception:
    """What an error of SQLite means to whoever wrote, when nothing was stored."""
    if isinstance(error, sqlite3.IntegrityError):
        return IntegrityError(str(error))
    if is_code(error, sqlite3.SQLITE_FULL):
        return StorageFull(path, str(error))
    if is_code(error, sqlite3.SQLITE_READONLY):
        return LogReadOnly(path, str(error))
    return StorageFailed(path, str(error))


def is_code(error: sqlite3.Error, code: int) -> bool:
    """Whether an error is of this primary code."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == code


def pragmas(connection: sqlite3.Connection) -> dict[str, str]:
    """How durable a connection's writes are, as it says itself."""
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    (level,) = connection.execute("PRAGMA synchronous").fetchone()
    return {"journal_mode": mode, "synchronous": _SYNCHRONOUS[level]}
