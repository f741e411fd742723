"""Compaction: the file written anew without its free pages, everything in it as it was.

SQLite's own VACUUM, in place: positions stay, and so does the count from which the next is made.
The new pages go through the WAL, so a process killed in the middle leaves the old file, and
readers in other processes read on. It takes room on the disk for twice the file.
"""

from __future__ import annotations

import os
from contextlib import closing

import attrs

from .. import seal
from ..lease import Lease
from ..log_errors import LogDamaged
from ..prefix import prefix_of
from ..recorders import SqliteRecorder
from ..recorders.opening import held_by
from .copying import Tick, silent
from .places import require_sealed
from .structure import faults


@attrs.frozen
class Compacted:
    """A log that was compacted: its size with its WAL before and after, and what is in it."""

    path: str
    bytes_before: int
    bytes_after: int
    rows: int
    last_position: int
    digest: str
    sealed: bool


def compact(path: str, *, holder: str = "", tick: Tick = silent) -> Compacted:
    """Fold the WAL of the log at `path` into it, drop its free pages, seal it.

    Where other processes read it, the file may become smaller only when they have closed it.
    `tick` is told of rows compared, twice as many in all as there are.
    Raises LogInUse, LogDamaged, CorruptedRow, StorageFull or StorageFailed (nothing has changed
    then), and as opening a log does.
    """
    require_sealed(path)
    before = _bytes(path)
    with closing(SqliteRecorder.open(path, create=False, holder=holder)) as log:
        found = prefix_of(log.scan(), tick)
        for fault in faults(path):
            raise LogDamaged(path, fault)
        log.vacuum()
        if prefix_of(log.scan(), tick) != found:
            raise LogDamaged(path, "its rows are not what they were before it was compacted")
    sealed = seal_at_rest(path)
    return Compacted(
        path, before, _bytes(path), found.rows, found.last_position, found.digest, sealed
    )


def seal_log(path: str, *, holder: str = "") -> bool:
    """Fold the WAL of the log at `path` into it and seal it, whatever its size.

    False where that cannot be done, as while others read it. Raises as opening a log does, and
    LogDamaged where it is not what its seal says.
    """
    require_sealed(path)
    SqliteRecorder.open(path, create=False, holder=holder).close()
    return seal_at_rest(path)


def seal_at_rest(path: str) -> bool:
    """Seal a file that was closed, unless it is sealed already or a WAL stands beside it."""
    lease = Lease(path)
    lease.acquire(lambda: held_by(path))
    try:
        if os.path.exists(seal.seal_path(path)):
            return True
        return not os.path.exists(f"{os.path.realpath(path)}-wal") and seal.write(path)
    except OSError:
        return False
    finally:
        lease.release()


def _bytes(path: str) -> int:
    there = [each for each in (path, f"{os.path.realpath(path)}-wal") if os.path.exists(each)]
    return sum(os.stat(each).st_size for each in there)
