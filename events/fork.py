"""What a forked child inherits of open files, and may not touch.

SQLite keeps its locks by process: a connection that was opened before a fork is dangerous in the
child even to close, because the last one that closes folds in and deletes a WAL which the parent
still writes. A file lock is shared with the parent, and letting go of it lets go for both. So in a
child everything that was open stays open, unused, until the process ends; whoever uses it, or opens
the same file there, gets `UsedAfterFork`.
"""

from __future__ import annotations

import ctypes
import os
import weakref
from typing import Any, Protocol

from .errors import UsedAfterFork


class Inherited(Protocol):
    """Something open of a file, which a child leaves to its parent."""

    path: str

    def leave(self) -> None:
        """In the child: touch nothing of it from now on, and refuse to be used."""
        ...


_open: weakref.WeakSet[Any] = weakref.WeakSet()
_left: set[str] = set()


def watch(opened: Inherited) -> None:
    """Let a child leave this to its parent."""
    _open.add(opened)


def check_not_inherited(path: str) -> None:
    """Raise `UsedAfterFork` for a file that the parent had open when this process was forked."""
    if os.path.realpath(path) in _left:
        raise UsedAfterFork(path)


def keep_for_ever(thing: object) -> None:
    """Let no end of this process, however orderly, take something apart."""
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(thing))


def _leave_all() -> None:
    for each in list(_open):
        _left.add(os.path.realpath(each.path))
        each.leave()


os.register_at_fork(after_in_child=_leave_all)
