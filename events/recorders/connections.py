"""The connections to one SQLite file: one that writes, and as many that read as are in use.

A writer is taken in turns; a reader is borrowed for one short piece and given back, so an iterator
that somebody drops half-way holds no connection, no read transaction and no part of the WAL.

The number of readers is bounded, because closing one gives nothing back: as long as a connection of
this process has a lock on the file, SQLite keeps the handles of the others open.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, get_ident
from typing import TypeVar

from .. import seal
from ..clock import Countdown
from ..errors import UsedAfterFork
from ..fork import FileId, file_id, keep_for_ever, register
from ..lease import Lease
from ..log_errors import LeaseLost, LogClosed, LogReadOnly, LogReplaced
from .listeners import Listeners
from .refusals import is_code, pragmas, refusal

BUSY_SECONDS = 5.0
READERS = 8

T = TypeVar("T")


def connect(uri: str) -> sqlite3.Connection:
    """A connection that leaves transactions to us and may travel between threads."""
    return sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS
    )


class Connections:
    """Everything that is open of one file. `writer` and `lease` are None when it is read-only."""

    def __init__(
        self,
        path: str,
        readers: str,
        writer: sqlite3.Connection | None,
        lease: Lease | None,
        again: Callable[[], sqlite3.Connection] | None = None,
    ) -> None:
        self.path = path
        self.listeners = Listeners()
        self._readers = readers
        self._writer = writer
        self._lease = lease
        self._again = again
        self._closed = False
        self._turn = Lock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = Lock()
        self._watcher: sqlite3.Connection | None = None
        self._places = tuple(Lock() for _ in range(READERS))
        self._held: list[Lock] = []
        self._forked = False
        self._whole_path = os.path.abspath(path)
        self._file = file_id(path)
        register(self)

    @property
    def read_only(self) -> bool:
        """Whether this file was opened for reading alone."""
        return self._lease is None

    @property
    def file(self) -> FileId | None:
        """Which file this is, None once it is closed."""
        return None if self._closed else self._file

    def write_at_once(self, work: Callable[[sqlite3.Connection, int], range]) -> range:
        """Do `work`, one statement that is a durable transaction of its own, or leave no trace.

        `work` is given the fence and gives an empty range where it does not hold. Raises as
        `write` does; an I/O error leaves the outcome open.
        """
        with self._turn:
            connection, lease = self._writing()
            self._roll_back(connection)
            try:
                done = work(connection, lease.fence)
            except sqlite3.Error as error:
                if is_code(error, sqlite3.SQLITE_IOERR):
                    raise
                raise refusal(self.path, error) from error
            if not done:
                lease.check(connection)
            return done

    def write(self, work: Callable[[sqlite3.Connection, int], T]) -> T:
        """Do `work` in one durable transaction that holds the lease, or leave no trace of it.

        Raises what `work` raises; IntegrityError, StorageFull, StorageFailed, LogReadOnly,
        LeaseLost and LogClosed, all of which mean that nothing was stored. Any other error of
        SQLite comes from the COMMIT and leaves the outcome open.
        """
        with self._turn:
            connection, lease = self._writing()
            self._roll_back(connection)
            try:
                connection.execute("BEGIN IMMEDIATE")
                lease.check(connection)
                done = work(connection, lease.fence)
            except BaseException as error:
                self._roll_back(connection)
                if isinstance(error, sqlite3.Error):
                    raise refusal(self.path, error) from error
                raise
            self._commit(connection)
            return done

    def reopen(self) -> None:
        """After an outcome was left open: write by a new connection, which makes it final.

        Raises as `write` does, or an error of SQLite, where that cannot be done.
        """
        with self._turn:
            before, _ = self._writing()
            self._roll_back(before)
            try:
                self._writer = self._again() if self._again else before
            except LeaseLost:
                return  # its new holder has written since: that made it final
            if self._writer is not before:
                with suppress(sqlite3.Error):
                    before.close()

    def vacuum(self) -> None:
        """Write the file anew without its free pages, and fold the WAL into it. As `write`."""
        with self._turn:
            connection, lease = self._writing()
            self._roll_back(connection)
            lease.check(connection)
            try:
                connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.Error as error:
                raise refusal(self.path, error) from error

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Borrow a connection for one piece of reading. It is discarded if that fails."""
        with self._place():
            connection = self._borrow()
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)

    def stamp(self) -> int:
        """A number that is another once somebody else has committed: SQLite's `data_version`.

        Raises LogReplaced where another file stands in its place by now, or none.
        """
        if not self._is_there():
            raise LogReplaced(self.path)
        with self._idle_lock:
            if self._closed:
                raise self._gone()
            if self._watcher is None:
                self._watcher = connect(self._readers)
            (version,) = self._watcher.execute("PRAGMA data_version").fetchone()
        return int(version)

    def _is_there(self) -> bool:
        try:
            return self._closed or file_id(self._whole_path) == self._file
        except OSError:
            return False

    def pragmas(self) -> dict[str, str]:
        """How durable a write is, as the connection that writes says it itself."""
        with self._turn:
            if self._writer is not None:
                return pragmas(self._writer)
        with self.reading() as connection:
            return pragmas(connection)

    def close(self) -> None:
        """Close all; the writer last, so that the WAL is folded into the file and removed.

        What is at rest then is sealed.
        """
        if self._forked:
            return
        with self._turn:
            self._closed = True
            with self._idle_lock:
                idle, self._idle = [*self._idle, self._watcher], []
                self._watcher = None
            for connection in idle:
                if connection is not None:
                    connection.close()
            if self._writer is not None and self._lease is not None:
                ours = self._lease.holds(self._writer)
                self._writer.close()
                self._writer = None
                if ours:
                    seal.write_at_close(self.path)
            if self._lease is not None:
                self._lease.release()
        self.listeners.notify()

    def hold_still(self, left: Countdown) -> None:
        """Before a fork: keep threads out, once they are through with what they do."""
        for lock in (self._turn, *self._places, self._idle_lock):
            seconds = left.seconds()
            if lock.acquire(timeout=-1 if seconds is None else seconds):
                self._held.append(lock)

    def go_on(self) -> None:
        """Let them in again."""
        while self._held:
            self._held.pop().release()

    def abandon(self) -> Iterator[FileId]:
        """In a forked child: the file and all that is open of it are the parent's."""
        if self._closed:
            return
        keep_for_ever([self._writer, self._watcher, *self._idle])
        self._forked = self._closed = True
        self._writer, self._watcher, self._idle, self._held = None, None, [], []
        self._turn, self._idle_lock = Lock(), Lock()
        self._places = tuple(Lock() for _ in range(READERS))
        if self._lease is not None:
            self._lease.abandon()
        yield self._file

    def _gone(self) -> Exception:
        return UsedAfterFork(self.path) if self._forked else LogClosed(self.path)

    def _writing(self) -> tuple[sqlite3.Connection, Lease]:
        if self._closed:
            raise self._gone()
        if self._writer is None or self._lease is None:
            raise LogReadOnly(self.path, "it was opened read-only")
        return self._writer, self._lease

    def _commit(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("COMMIT")
        except BaseException as error:
            undone = connection.in_transaction
            self._roll_back(connection)
            if isinstance(error, sqlite3.Error) and (undone or is_code(error, sqlite3.SQLITE_FULL)):
                # Full means that a frame of this batch did not reach the WAL, and the frame that
                # makes it valid is the last: nothing of it can come back.
                raise refusal(self.path, error) from error
            raise

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")

    def _place(self) -> Lock:
        """A place to read that is free, or soon will be.

        Locks and no semaphore: that is written in Python, and a Ctrl-C between two of its steps
        would keep its place for ever.
        """
        for place in self._places:
            if not place.locked():
                return place
        return self._places[get_ident() % READERS]

    def _borrow(self) -> sqlite3.Connection:
        with self._idle_lock:
            if self._closed:
                raise self._gone()
            if self._idle:
                return self._idle.pop()
        return connect(self._readers)

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._idle_lock:
            if not self._closed:
                self._idle.append(connection)
                return
        connection.close()
