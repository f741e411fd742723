"""A copy of a log as it is at one moment, while others write it.

The pages are copied inside one read transaction, so events, due times, tracking and snapshots are
those of one commit. The transaction is held for as long as the copying takes and no longer: what is
committed meanwhile stays in the WAL. That the copy is a prefix of the log is checked afterwards, in
short reads of both: what a log holds up to a position does not change any more.
"""

from __future__ import annotations

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count

from ..log_errors import LogDamaged, StorageFailed, StorageFull
from ..prefix import Prefix, prefix_of
from ..recorders import SqliteRecorder, schema
from ..recorders.connections import Connections
from ..recorders.opening import open_file
from ..recorders.refusals import refusal
from .places import require_sealed
from .structure import DAMAGED, first_fault

PAGES = 512
"""Pages copied at a time; in between, a wish to stop is heard."""

Tick = Callable[[int], None]

_numbers = count()


def silent(_: int) -> None:
    """Tell nobody."""


@contextmanager
def unfinished(place: str) -> Iterator[str]:
    """The name for a file beside `place`, which is removed afterwards unless it was renamed.

    What killed processes left there is removed first.
    """
    folder, name = os.path.split(place)
    for left in os.listdir(folder):
        if left.startswith(f"{name}-unfinished-") and not _at_work(left):
            _remove(os.path.join(folder, left))
    path = f"{place}-unfinished-{os.getpid()}-{next(_numbers)}"
    _remove(path)
    try:
        yield path
    finally:
        _remove(path)


def copy(source: str, path: str, tick: Tick = silent) -> Prefix:
    """Copy the log at `source` into the new file `path`, check it, and sync it to disk.

    Gives what is in it. `tick` is told of rows compared. Raises as opening a log does; CorruptedRow
    or LogDamaged where the source is damaged, or is not what its seal says; StorageFull or
    StorageFailed.
    """
    with closing(open_file(source, read_only=True)) as connections:
        try:
            _copy_pages(connections, path)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
                raise LogDamaged(source, str(error)) from error
            raise refusal(path, error) from error
        copied = content(path, tick)
        theirs = prefix_of(SqliteRecorder(connections).scan(0, copied.last_position), tick)
    if copied != theirs:
        raise LogDamaged(source, f"its rows up to {copied.last_position} are not those copied")
    fault = first_fault(path)
    if fault:
        raise LogDamaged(source, fault)
    require_sealed(source)
    sync(path)
    return copied


def content(path: str, tick: Tick = silent) -> Prefix:
    """What is in a file that nobody else knows. Raises CorruptedRow."""
    alone = schema.uri(path, "mode=ro&immutable=1")
    with closing(Connections(path, alone, None, None)) as connections:
        return prefix_of(SqliteRecorder(connections).scan(), tick)


def sync(path: str) -> None:
    """Bring a file that is not open here to the disk. Raises StorageFailed."""
    try:
        with open(path, "rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise _refused(path, error) from error


def _copy_pages(connections: Connections, path: str) -> None:
    target = sqlite3.connect(path, isolation_level=None)
    with closing(target), connections.reading() as source:
        # A file that has no name yet has nothing to lose: it is synced when it is whole.
        target.execute("PRAGMA journal_mode = OFF")
        target.execute("PRAGMA synchronous = OFF")
        source.execute("BEGIN")
        try:
            source.execute("SELECT count(*) FROM lease").fetchone()  # from here on it stands still
            source.backup(target, pages=PAGES, progress=_interruptible)
        finally:
            source.execute("ROLLBACK")
        # Out of WAL mode until somebody writes it: so whoever reads it leaves nothing beside it.
        target.execute("PRAGMA journal_mode = DELETE")


def _interruptible(_: int, __: int, ___: int) -> None:
    """Copying that a Ctrl-C ends: Python looks for signals between two portions."""


def _refused(path: str, error: OSError) -> StorageFailed:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return (StorageFull if full else StorageFailed)(path, error.strerror or str(error))


def _at_work(name: str) -> bool:
    """Whether the process that made an unfinished file may still be at it."""
    number = name.rpartition("-unfinished-")[2].partition("-")[0]
    if not number.isdigit():
        return True
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _remove(path: str) -> None:
    for each in (path, f"{path}-journal", f"{path}-wal", f"{path}-shm"):
        with suppress(FileNotFoundError):
            os.unlink(each)
