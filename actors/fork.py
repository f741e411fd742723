"""Fork: a system in a child that was forked from its process is over, and says so.

None of its threads is in the child, so what they held stays held and what they were to do is never
done; its log is the parent's (see `events.fork`). Every use raises `UsedAfterFork` at once, also
for what was asked before the fork; leaving a `with` and `close` do nothing.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from typing import TYPE_CHECKING

from ..events.errors import UsedAfterFork

if TYPE_CHECKING:
    from .system import ActorSystem

_systems: weakref.WeakSet[ActorSystem] = weakref.WeakSet()


def register(system: ActorSystem) -> None:
    """Let a system be abandoned in every child that is forked from now on."""
    _systems.add(system)


def abandon(system: ActorSystem) -> None:
    """Make a system unusable without waiting for anything, and answer whoever waits in it."""
    error = UsedAfterFork(system.log.path)
    system.forked = system.closed = system.ended = True
    atexit.unregister(system.close)
    system.forwarding = threading.RLock()
    for family in system.index:
        for message in family.unanswered():
            if message.future is not None and not message.future.done:
                message.future.outcome = (None, error)  # its waiters are not in this process
    system.index.abandon(error)


def _in_child() -> None:
    for system in list(_systems):
        abandon(system)
    _systems.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_in_child)
