"""Backup and restore: a log copied to another file, while it is written, whole or not at all.

A backup is a plain log: every command that reads logs reads it. Restoring is the same copy the
other way, under the lease of the log that is restored, so nobody writes there meanwhile.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import attrs

from .. import seal
from ..following.subscription import put_back
from ..fork import check_own
from ..lease import Lease
from ..log_errors import LogReadOnly, NewerLog, NotALog, WouldReplace
from ..recorders import SqliteRecorder
from ..recorders.opening import held_by
from .copying import Tick, copy, silent, unfinished
from .replacing import put_in_place
from .structure import UNREADABLE


@attrs.frozen
class Copied:
    """A log that was copied: from where, to where, and what is in it.

    `digest` is that of all rows (see `events.prefix`); `sealed` says whether a seal stands beside;
    `put_back` names the subscriptions of the log that was there which had acknowledged more: they
    stand at its last position now, because the next events come after that.
    """

    source: str
    path: str
    bytes: int
    rows: int
    last_position: int
    digest: str
    sealed: bool
    put_back: tuple[str, ...] = ()


def backup(source: str, path: str, *, replace: bool = False, tick: Tick = silent) -> Copied:
    """Copy the log at `source`, which may be written meanwhile, to `path`.

    What is there already stays unless `replace`, and even then goes only when the new one is whole;
    it must not be in use. `tick` is told of rows compared, twice as many in all as there are.
    Raises WouldReplace, LogInUse, LogBeingRead, LogDamaged, CorruptedRow, StorageFull,
    StorageFailed, and as opening a log does.
    """
    _check_places(source, path)
    if not os.path.exists(path):
        return _copied(source, path, tick, may_replace=False)
    if not replace:
        raise WouldReplace(path, _described(path))
    with _leased(path):
        return _copied(source, path, tick)


def restore(saved: str, path: str, *, replace: bool = False, tick: Tick = silent) -> Copied:
    """Copy the backup `saved` to `path`, where the log goes on after its last position.

    A log with events stays unless `replace`; one in use stays in any case. Raises as `backup`.
    """
    _check_places(saved, path)
    if not replace and os.path.exists(path) and (there := _described(path)) != EMPTY:
        raise WouldReplace(path, there)
    with _leased(path):
        return _copied(saved, path, tick)


EMPTY = "a log without events"

KEPT_BESIDE = ("wal", "shm", "journal", "lease", "seal", "subscriptions", "views")
"""How the names of the files end that stand beside a log and are part of it."""


def _copied(source: str, path: str, tick: Tick, *, may_replace: bool = True) -> Copied:
    place = os.path.realpath(path)
    with unfinished(place) as beside:
        found = copy(source, beside, tick)
        size = os.stat(beside).st_size
        replaced = os.path.exists(place)
        if replaced and not may_replace:  # it came while the copy was made
            raise WouldReplace(path, _described(path))
        # Before the log: what is killed in between has events come twice, and none is left out.
        back = put_back(place, found.last_position)
        # Where nobody holds a lease the seal comes first: a seal without its file does no harm.
        sealed = not replaced and _sealed(beside, place)
        put_in_place(beside, place)
    if replaced:
        sealed = _sealed(place, place)
    rows, last = found.rows, found.last_position
    return Copied(source, path, size, rows, last, found.digest, sealed, back)


def _sealed(path: str, place: str) -> bool:
    try:
        if path != place:
            seal.remove(place)  # of a file that was here once
        return seal.write(path, place)
    except OSError:
        return False


def _check_places(source: str, path: str) -> None:
    check_own(path)
    place = os.path.realpath(path)
    folder = os.path.dirname(place)
    if not path.strip():
        raise LogReadOnly(repr(path), "that is the name of no file")
    if not os.path.isdir(folder):
        raise LogReadOnly(path, f"there is no folder {folder}")
    if os.path.isdir(path):
        raise LogReadOnly(path, "it is a folder")
    if os.path.exists(path) and not os.path.isfile(path):
        raise LogReadOnly(path, "it is no regular file, and would be one afterwards")
    if place in (f"{os.path.realpath(source)}-{each}" for each in KEPT_BESIDE):
        raise LogReadOnly(path, f"it is where {source} keeps something of its own")
    if os.path.exists(path) and os.path.exists(source) and os.path.samefile(source, path):
        raise WouldReplace(path, "it is the log to be copied")


def _described(path: str) -> str:
    """What stands at a path, in words."""
    if not os.stat(path).st_size:
        return EMPTY
    refused = (NotALog, NewerLog, *UNREADABLE)
    with suppress(*refused), closing(SqliteRecorder.open(path, read_only=True)) as log:
        last = log.last_position()
        return f"a log with events up to position {last}" if last else EMPTY
    return "a file that cannot be read as a log"


@contextmanager
def _leased(path: str) -> Iterator[None]:
    """Nobody else writes the log at a path. Raises LogInUse."""
    lease = Lease(path)
    lease.acquire(lambda: held_by(path))
    try:
        yield
    finally:
        lease.release()
