"""What the followers of one log read last: each row is read and decoded once for all of them.

Followers that keep up are at the end of the log together. Whoever of them comes first reads a
piece, the others take the same events from here. Only values are shared: a piece with an event that
somebody could change (a dictionary in it, say) is read by everyone for himself, and so is what lies
further back. A single follower keeps nothing here.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice
from operator import attrgetter
from threading import Lock
from typing import Any
from weakref import WeakSet

from .errors import RetoldError
from .fork import FileId, register
from .journal import StoredRow
from .recorded import Recorded

PIECE = 1000
"""Rows that are read at a time."""

KEPT_EVENTS = 4 * PIECE
KEPT_BYTES = 4 * 1024 * 1024

_position = attrgetter("position")


class Latest:
    """The events from one position to another, none left out. Safe to use from many threads."""

    def __init__(
        self, rows: Callable[[int], Iterator[StoredRow]], recorded: Callable[..., Recorded]
    ) -> None:
        self._rows = rows
        self._recorded = recorded
        self._followers: WeakSet[Any] = WeakSet()
        self._lock = Lock()
        self._forget(0)
        register(self)

    def join(self, follower: Any) -> None:
        """One follower more, for as long as somebody holds it, or until it leaves."""
        with self._lock:
            self._followers.add(follower)

    def leave(self, follower: Any) -> None:
        """One less; a second call does nothing."""
        with self._lock:
            self._followers.discard(follower)
            if not self._followers:
                self._forget(0)

    def behind(self, position: int) -> list[Recorded] | None:
        """The next events behind a position, none at the end of the log.

        None where the follower has to read for itself.
        """
        if len(self._followers) < 2:
            return None
        with self._lock:
            if position > self._upto:
                self._forget(position)
            if position < self._after or (position == self._upto and not self._read()):
                return None
            start = bisect_right(self._events, position, key=_position)
            return self._events[start : start + PIECE]

    def _forget(self, position: int) -> None:
        self._events: list[Recorded] = []
        self._after = self._upto = position
        self._bytes = 0

    def _read(self) -> bool:
        """Read on; False where that came to nothing that can be shared."""
        found: list[Recorded] = []
        size = 0
        try:
            for row in islice(self._rows(self._upto), PIECE):
                each = self._recorded(*row)
                hash(each.event)  # what can be changed has none
                found.append(each)
                size += len(row[4])
        except (RetoldError, TypeError):
            return False
        if len(self._events) + len(found) > KEPT_EVENTS or self._bytes + size > KEPT_BYTES:
            self._forget(self._upto)
        self._events += found
        self._bytes += size
        self._upto = found[-1].position if found else self._upto
        return True

    def abandon(self) -> Iterator[FileId]:
        """In a forked child: who reads is told by the log; but no lock is waited for."""
        self._followers, self._lock = WeakSet(), Lock()
        return iter(())
