"""A whole file put in the place of another, which nobody has open at that moment.

SQLite finds the parts of a file (its WAL, the index of it, a journal) by the file's name. A WAL
that was left there would be read into the file that comes; and whoever had the old file open would
share its WAL with those who open the new. So the old one is closed up first: out of WAL mode, which
nobody else may be in then, and locked until the name has changed hands.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from .. import seal
from ..log_errors import LogBeingRead, StorageFailed
from ..recorders import schema
from ..recorders.connections import connect
from .structure import UNREADABLE

_OTHERS = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def put_in_place(beside: str, place: str) -> None:
    """Rename `beside`, which is whole and synced, to `place`, durably.

    The caller holds the lease of a log that stands there. Raises LogBeingRead or StorageFailed;
    then the old file is as it was.
    """
    try:
        with _closed_up(place):
            os.replace(beside, place)
        seal.sync_folder(place)
    except OSError as error:
        raise StorageFailed(place, error.strerror or str(error)) from error


@contextmanager
def _closed_up(path: str) -> Iterator[None]:
    """While this lasts the file has no sidecars and nobody can read or write it."""
    if not os.path.exists(path) or not os.stat(path).st_size:
        _without_sidecars(path)
        if os.path.exists(path):
            seal.remove(path)
        yield
        return
    with closing(connect(schema.uri(path, "mode=rw"))) as connection:
        with seal.lifted(path):
            locked = _locked(connection, path)
        if not locked:
            _without_sidecars(path)
        yield


def _locked(connection: sqlite3.Connection, path: str) -> bool:
    """Lock a file for good; False where it is too damaged for anybody to use."""
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
        connection.execute("BEGIN EXCLUSIVE")
    except UNREADABLE as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _OTHERS:
            raise LogBeingRead(path) from error
        return False
    if mode != "delete":
        raise LogBeingRead(path)
    return not os.path.exists(f"{path}-wal")


def _without_sidecars(path: str) -> None:
    for each in ("-wal", "-shm", "-journal"):
        with suppress(FileNotFoundError):
            os.unlink(f"{path}{each}")
