"""A small SQLite file beside a log: what readers remember, and views. Never facts.

It has its own connections and locks, so nothing that is done with it can hold up whoever writes the
log. A change is whole and survives a crash of the process; a power cut may take the last ones back
(WAL, `synchronous=NORMAL`), and whoever reads the log reads a little of it again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from .clock import Countdown
from .errors import UsedAfterFork
from .fork import FileId, file_id, keep_for_ever, register
from .log_errors import LogClosed, StorageFailed, StorageFull, StorageUnreadable

MEMORY = ":memory:"
BUSY_SECONDS = 10.0
STORAGE = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_BUSY,
)
"""Codes of SQLite that speak of the file, not of a statement."""

DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class SideFile:
    """An SQLite database in a file, or in memory for as long as this object lives."""

    def __init__(self, path: str, tables: str) -> None:
        """Open or make it; `tables` are statements that do nothing where the tables exist.

        Raises `StorageFailed` where it cannot be made or is no SQLite database.
        """
        self.path = path if path == MEMORY else os.path.abspath(path)
        self._lock = RLock()
        self._forked = self._held = False
        self._file: FileId | None = None
        self._connection: sqlite3.Connection | None = None
        try:
            if path != MEMORY:
                Path(self.path).parent.mkdir(parents=True, exist_ok=True)
            self._connection = _connect(self.path)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.executescript(tables)
        except (sqlite3.Error, OSError) as error:
            self.close()
            raise StorageFailed(path, str(error)) from error
        self._file = None if path == MEMORY else file_id(self.path)
        register(self)

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: committed at the end of the block, rolled back if it raises.

        Raises `StorageFull` and `StorageFailed` where the file is at fault.
        """
        with self._lock:
            connection = self._open()
            within = connection.in_transaction
            if within:  # a block of this thread, whose change it joins
                yield connection
                return
            self._check_there()
            try:
                self._do(connection, "BEGIN IMMEDIATE")
                with storage(self.path):
                    yield connection
                self._do(connection, "COMMIT")
            except BaseException:
                connection.set_authorizer(None)  # of a block that was interrupted, it may be there
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _do(self, connection: sqlite3.Connection, statement: str) -> None:
        try:
            connection.execute(statement)
        except sqlite3.Error as error:
            raise _failure(self.path, error) from error

    def _check_there(self) -> None:
        """What is written to a file that was removed, nobody would ever read."""
        try:
            there = self._file is None or self._file == file_id(self.path)
        except OSError:
            there = False
        if not there:
            raise StorageFailed(self.path, "it was removed or replaced while it was open")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that only reads, and sees one moment throughout the block."""
        if self.path == MEMORY:
            with self._lock:
                yield self._open()
            return
        self._open()
        with read(self.path) as connection:
            yield connection

    def find(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """The first row that a statement selects, None for none."""
        with self._lock, storage(self.path):
            return self._open().execute(statement, values).fetchone()

    def replace_by(self, other: SideFile) -> None:
        """Take over the whole content of another, in one transaction that readers see whole."""
        with self._lock, other._lock:
            self._check_there()
            try:
                other._open().backup(self._open())
            except sqlite3.Error as error:
                raise _failure(self.path, error) from error

    def close(self) -> None:
        """Close it; a second call does nothing."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def hold_still(self, left: Countdown) -> None:
        """Before a fork: keep threads out, once they are through with what they do."""
        seconds = left.seconds()
        self._held = self._lock.acquire(timeout=-1 if seconds is None else seconds)

    def go_on(self) -> None:
        """Let them in again."""
        if self._held:
            self._lock.release()

    def abandon(self) -> Iterator[FileId]:
        """In a forked child: it is the parent's."""
        keep_for_ever(self._connection)
        self._forked, self._connection, self._lock = True, None, RLock()
        return iter(() if self._file is None else (self._file,))

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise UsedAfterFork(self.path) if self._forked else LogClosed(self.path)
        return self._connection


@contextmanager
def read(path: str) -> Iterator[sqlite3.Connection]:
    """A database for reading, from any process: a connection that sees one moment of it.

    Nothing is made where there is none. Raises `StorageUnreadable`.
    """
    connection = None
    try:
        connection = _connect(f"{Path(path).absolute().as_uri()}?mode=ro")
        connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        if (code := _code(error)) in STORAGE:
            raise StorageUnreadable(path, str(error), damaged=code in DAMAGE) from error
        raise
    finally:
        if connection is not None:
            connection.close()


@contextmanager
def storage(path: str) -> Iterator[None]:
    """Raise what is the storage's fault as an error of ours; let pass what is a statement's."""
    try:
        yield
    except sqlite3.Error as error:
        if _code(error) in STORAGE:
            raise _failure(path, error) from error
        raise


def _failure(path: str, error: sqlite3.Error) -> Exception:
    return (StorageFull if _code(error) == sqlite3.SQLITE_FULL else StorageFailed)(path, str(error))


def _code(error: sqlite3.Error) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def remove(path: str) -> None:
    """Remove a database and what SQLite keeps beside it."""
    for end in ("", "-wal", "-shm"):
        if os.path.exists(f"{path}{end}"):
            os.remove(f"{path}{end}")


def _connect(path: str) -> sqlite3.Connection:
    return sqlite3.connect(
        path,
        uri=path.startswith("file:"),
        isolation_level=None,
        check_same_thread=False,
        timeout=BUSY_SECONDS,
    )
