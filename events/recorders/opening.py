"""Opening a file: look before touching, take the lease, then connect.

The order matters. A file that is not ours is refused before anything is made beside it; the lease
is taken before the file is created, so that two systems never create it together; the journal mode
changes last, when the main file already carries our ids.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from functools import partial

from .. import seal
from ..fork import check_own
from ..lease import Lease, read_holder
from ..log_errors import LogReadOnly, NoSuchLog, NotALog, StorageFailed
from . import schema
from .connections import Connections, connect
from .refusals import refusal

CHECKPOINT_PAGES = 4000
WAL_BYTES_KEPT = 64 * 1024 * 1024


def open_file(
    path: str | os.PathLike[str],
    *,
    read_only: bool = False,
    create: bool = True,
    holder: str = "",
    since: str = "",
) -> Connections:
    """The connections to the log at `path`.

    `holder` and `since` tell others who writes the file, and since when; they are arguments because
    no clock is read here.

    Raises NoSuchLog, NotALog, NewerLog, LogInUse, LogReadOnly, StorageFull or StorageFailed;
    UsedAfterFork for a file that the process had open from which this one was forked.
    """
    name = os.fspath(path)
    check_own(name)
    there = schema.look(name)
    if not there and (read_only or not create):
        raise NoSuchLog(name)
    if read_only:
        return _open_to_read(name)
    _check_writable(name, there)
    lease = Lease(name)
    lease.acquire(lambda: held_by(name))
    try:
        return _open_to_write(name, lease, holder or _this_process(), since)
    except BaseException:
        lease.release()
        raise


def _check_writable(path: str, there: bool) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        raise LogReadOnly(path, f"there is no folder {folder}")
    if (there or os.path.exists(path)) and not os.access(path, os.W_OK):
        raise LogReadOnly(path, "this user may not write it")
    if there and os.stat(path).st_nlink > 1:
        raise LogReadOnly(path, "it has a second name (a hard link), each with a WAL of its own")


def _open_to_write(path: str, lease: Lease, holder: str, since: str) -> Connections:
    writer: sqlite3.Connection | None = None
    try:
        writer = connect(schema.uri(path, "mode=rwc"))
        writer.execute("PRAGMA synchronous = FULL")
        if not schema.look(path):  # again: it may have come while we waited for the lease
            schema.create(writer)
        _configure(writer)
        writer.execute("BEGIN IMMEDIATE")
        _break_seal(path)  # the last thing before the first write: a file refused stays sealed
        lease.claim(writer, holder, since)
        schema.complete(writer)
        writer.execute("COMMIT")
    except BaseException as error:
        if writer is not None:
            writer.close()
        if isinstance(error, sqlite3.Error):
            raise _failure(path, error) from error
        raise
    again = partial(_open_again, path, lease)
    return Connections(path, schema.uri(path, "mode=ro"), writer, lease, again)


def _break_seal(path: str) -> None:
    try:
        seal.remove(path)
    except OSError as error:
        raise LogReadOnly(path, f"its seal cannot be taken away ({error.strerror})") from error


def _configure(writer: sqlite3.Connection) -> None:
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
    writer.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")


def _open_again(path: str, lease: Lease) -> sqlite3.Connection:
    """Another connection that writes, once no transaction is left in the WAL that nobody sees.

    A commit whose sync failed stands in the WAL whole, after the last one that the WAL's index
    knows. Readers go by the index, but after a crash it is made anew from the WAL, and the
    transaction would come to life. What is written next takes its place, so something is written.
    """
    writer = connect(schema.uri(path, "mode=rw"))
    try:
        writer.execute("PRAGMA synchronous = FULL")
        _configure(writer)
        writer.execute("BEGIN IMMEDIATE")
        lease.renew(writer)
        writer.execute("COMMIT")
    except BaseException:
        writer.close()
        raise
    return writer


def _open_to_read(path: str) -> Connections:
    query = "mode=ro"
    try:
        _try(schema.uri(path, query))
    except sqlite3.Error as error:
        if schema.has_wal(path):
            reason = f"its last writer left a WAL that cannot be read here ({error})"
            raise LogReadOnly(path, reason) from error
        # The sidecars of the WAL cannot be made. Then nobody else can write it here either.
        query = "mode=ro&immutable=1"
        try:
            _try(schema.uri(path, query))
        except sqlite3.Error as again:
            raise NotALog(path, str(again)) from again
    return Connections(path, schema.uri(path, query), None, None)


def _try(uri: str) -> None:
    connection = connect(uri)
    try:
        connection.execute(f"SELECT position FROM {schema.EVENTS} LIMIT 1").fetchone()
    finally:
        connection.close()


def _failure(path: str, error: sqlite3.Error) -> Exception:
    why = refusal(path, error)
    if type(why) is StorageFailed and not isinstance(error, sqlite3.OperationalError):
        return NotALog(path, str(error))
    return why


def held_by(path: str) -> str:
    """Who wrote the file last, in words."""
    try:
        connection = connect(schema.uri(path, "mode=ro"))
        try:
            return read_holder(connection)
        finally:
            connection.close()
    except sqlite3.Error:
        return "another system"


def _this_process() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
