"""Places: how many threads may be at something at once."""

from __future__ import annotations

from itertools import cycle
from threading import Lock


class Places:
    """So many places; a thread takes one, `with places.one():`, and the others wait.

    Locks and no semaphore: that is written in Python, and a Ctrl-C between two of its steps would
    keep its place for ever.
    """

    def __init__(self, count: int) -> None:
        self._locks = tuple(Lock() for _ in range(count))
        self._turns = cycle(self._locks)

    def one(self) -> Lock:
        """A place that is free, or else the next in turn."""
        for lock in self._locks:
            if not lock.locked():
                return lock
        return next(self._turns)

    def wait_for_all(self) -> None:
        """Wait until everybody who has a place now has left it."""
        for lock in self._locks:
            with lock:
                pass
