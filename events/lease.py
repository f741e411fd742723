"""The right to write one file: one system has it at a time, and it dies with its holder.

Two locks, because each holds where the other does not. A lock of the operating system on the
sidecar `<file>-lease` turns a second opener away at once; the kernel frees it when the process
ends in any way, so a crash never blocks the next start. A fence in the file itself, one row
counted up by every holder and compared inside every write, stops a holder whose file lock was
lost without its knowing (the sidecar deleted, a file system that forgets its locks).

Readers need no lease.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable

from filelock import FileLock, Timeout

from .log_errors import LeaseLost, LogInUse, LogReadOnly

LEASE_TABLE = (
    "CREATE TABLE IF NOT EXISTS lease ("
    "id INTEGER PRIMARY KEY CHECK (id = 1), "
    "fence INTEGER NOT NULL, "
    "holder TEXT NOT NULL, "
    "since TEXT NOT NULL)"
)

_CLAIM = (
    "INSERT INTO lease (id, fence, holder, since) VALUES (1, 1, ?, ?) "
    "ON CONFLICT (id) DO UPDATE "
    "SET fence = fence + 1, holder = excluded.holder, since = excluded.since"
)


class Lease:
    """One system's right to write the file at `path`, from `acquire` to `release`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.fence = 0
        # Not per thread: whoever closes the log need not be who opened it.
        self._lock = FileLock(f"{os.path.realpath(path)}-lease", thread_local=False)

    def acquire(self, held_by: Callable[[], str]) -> None:
        """Take the file lock or raise at once; `held_by` names the holder for the message.

        Raises LogInUse, and LogReadOnly where the sidecar cannot be made.
        """
        try:
            self._lock.acquire(blocking=False)
        except Timeout:
            raise LogInUse(self.path, held_by()) from None
        except OSError as error:
            reason = f"its lock {error.filename or 'file'} cannot be made ({error.strerror})"
            raise LogReadOnly(self.path, reason) from error

    def claim(self, connection: sqlite3.Connection, holder: str, since: str) -> None:
        """Count the fence up and sign it; the caller's transaction makes it durable."""
        connection.execute(_CLAIM, (holder, since))
        self.fence = read_fence(connection)

    def check(self, connection: sqlite3.Connection) -> None:
        """Raise LeaseLost unless the fence is still ours; to be called inside every write."""
        found = read_fence(connection)
        if found != self.fence:
            raise LeaseLost(self.path, self.fence, found)

    def holds(self, connection: sqlite3.Connection) -> bool:
        """Whether the fence is still ours, as far as can be seen."""
        try:
            return read_fence(connection) == self.fence
        except sqlite3.Error:
            return False

    def renew(self, connection: sqlite3.Connection) -> None:
        """Write the fence anew as it is, so that the caller's transaction reaches the disk."""
        self.check(connection)
        for _ in range(2):  # a row that stays as it is would not be written at all
            connection.execute("UPDATE lease SET fence = -fence")

    def abandon(self) -> None:
        """In a forked child: let go of the file lock, which is the parent's, without freeing it.

        Both hold the same lock, so freeing it here would free it there; and keeping it would block
        the next writer when the parent has ended and the child has not.
        """
        held = self._lock._context  # noqa: SLF001 - under test; newer ones let go by themselves
        if held.lock_file_fd is not None:
            os.close(held.lock_file_fd)
            held.lock_file_fd = None

    def release(self) -> None:
        """Let the next writer in; a second call does nothing."""
        self._lock.release(force=True)


def read_fence(connection: sqlite3.Connection) -> int:
    """The fence as it stands in the file; 0 where nobody has ever claimed it."""
    row = connection.execute("SELECT fence FROM lease").fetchone()
    return 0 if row is None else int(row[0])


def read_holder(connection: sqlite3.Connection) -> str:
    """Who claimed the file last, in words."""
    row = connection.execute("SELECT holder, since FROM lease").fetchone()
    if row is None:
        return "another system"
    holder, since = row
    return f"{holder} since {since}" if since else str(holder)
