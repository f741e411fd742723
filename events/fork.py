"""Fork: a log belongs to the process that opened it, and a child forked from it leaves it alone.

A child has a copy of everything, shares some of it (locks of files, the index of a WAL), and has
none of the other threads, so what they were in the middle of stays half done. Whatever holds a log
open is registered here, and at every fork is told:

| when | what |
|---|---|
| before | `hold_still`: let no thread be inside SQLite, whose own locks a child could not free |
| after, in the parent | `go_on` |
| after, in the child | `abandon`: raise `UsedAfterFork` at every use, and touch nothing |

Touching nothing means giving nothing back either: the child's connections are kept alive until it
ends. Closing its last one would make SQLite fold the WAL into the file and delete it by its name,
which may be the WAL of another process by then.

A child may open logs of its own, but none that its parent had open: SQLite remembers the parent's
locks of that file as this process's, and the operating system does not. Nor may it read one of
those.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from collections.abc import Iterator
from threading import Lock
from typing import Any, Protocol, TypeAlias, runtime_checkable

from .clock import Countdown
from .errors import UsedAfterFork

PATIENCE = 10.0
"""Seconds that a fork waits for threads to come out of SQLite, at most."""

FileId: TypeAlias = tuple[int, int]
"""Which file it is, whatever its name: device and number."""


class Forkable(Protocol):
    """What holds a log open."""

    def abandon(self) -> Iterator[FileId]:
        """In the child: be unusable from now on; gives the files that were open."""
        ...


@runtime_checkable
class Busy(Forkable, Protocol):
    """And threads may be at work in it."""

    def hold_still(self, left: Countdown) -> None:
        """Wait until none is, and keep them out."""
        ...

    def go_on(self) -> None:
        """Let them in again."""
        ...


class _Open:
    """What is registered, and what the parent had open."""

    def __init__(self) -> None:
        self.all: weakref.WeakSet[Forkable] = weakref.WeakSet()
        self.changing = Lock()
        self.held: list[Forkable] = []
        self.inherited: set[FileId] = set()


_open = _Open()


def register(each: Forkable) -> None:
    """Have something told of every fork, for as long as others hold it."""
    with _open.changing:
        _open.all.add(each)


def file_id(path: str) -> FileId:
    """Which file a path leads to. Raises OSError where there is none."""
    found = os.stat(path)
    return found.st_dev, found.st_ino


def check_own(path: str) -> None:
    """Raise `UsedAfterFork` for a file that the parent had open when this process was forked."""
    if _open.inherited and os.path.exists(path) and file_id(path) in _open.inherited:
        raise UsedAfterFork(path)


def is_open_here(path: str) -> bool:
    """Whether this process has a log open at a path, for reading or writing."""
    wanted = file_id(path)
    with _open.changing:
        return any(getattr(each, "file", None) == wanted for each in _open.all)


def keep_for_ever(kept: Any) -> None:
    """Let something never be freed, not even when the interpreter ends: one reference too many."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))


class Abandoned:
    """What stands in the place of a journal in a forked child."""

    def __init__(self, path: str) -> None:
        self.path = path

    def close(self) -> None:
        """Nothing: what is open is the parent's."""

    def __getattr__(self, name: str) -> Any:
        """Whatever else it is asked for: `UsedAfterFork`."""
        raise UsedAfterFork(self.path)


def _before() -> None:
    _open.changing.acquire()
    left = Countdown(PATIENCE)
    _open.held = list(_open.all)
    for each in _open.held:
        if isinstance(each, Busy):
            each.hold_still(left)


def _in_parent() -> None:
    for each in _open.held:
        if isinstance(each, Busy):
            each.go_on()
    _open.held = []
    _open.changing.release()


def _in_child() -> None:
    _open.changing = Lock()
    for each in _open.held:
        _open.inherited.update(each.abandon())
    _open.held = []
    _open.all = weakref.WeakSet()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before, after_in_parent=_in_parent, after_in_child=_in_child)
