"""What the followers of one log read last: each row is read and decoded once for all of them.

Followers that keep up are at the end of the log together. Whoever of them comes first decodes a
piece, the others take the same events from here. Only values are shared: a piece with an event that
somebody could change (a dictionary in it, say) is decoded by everyone for himself, and so is what
lies further back. The rows of the last few commits need not even be read: the log that wrote them
leaves them here, which costs it no more than a reference.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from operator import attrgetter
from threading import Lock
from typing import Any, TypeAlias
from weakref import WeakSet

from ..codec import Codec
from ..errors import RetoldError
from ..fork import FileId, register
from ..journal import Row, StoredRow
from ..recorded import Recorded

PIECE = 1000
PIECE_BYTES = 4 * 1024 * 1024
"""So many rows are read at a time, or as many as have so many bytes of states."""

KEPT_EVENTS = 4 * PIECE
KEPT_BYTES = 4 * 1024 * 1024

KEPT_COMMITS = 8
COMMIT_BYTES = 512 * 1024
"""A larger commit is not kept."""

Commit: TypeAlias = tuple[int, Sequence[Row]]
"""What one commit wrote: its first position, and its rows, which follow without a gap."""

_position = attrgetter("position")


def one_piece(rows: Iterable[StoredRow]) -> Iterator[StoredRow]:
    """As many of some rows as are read at a time."""
    size = 0
    for row in islice(rows, PIECE):
        yield row
        size += len(row[4])
        if size > PIECE_BYTES:
            return


class Latest:
    """The events from one position to another, none left out. Safe to use from many threads."""

    def __init__(self, rows: Callable[[int], Iterator[StoredRow]], codec: Codec) -> None:
        self._rows = rows
        self._codec = codec
        self._commits: tuple[Commit, ...] = ()
        self._followers: WeakSet[Any] = WeakSet()
        self._lock = Lock()
        self._forget(0)
        register(self)

    def join(self, follower: Any) -> None:
        """Count a follower in until it leaves, or nobody holds it any more."""
        with self._lock:
            self._followers.add(follower)

    def leave(self, follower: Any) -> None:
        """Count it out; a second call does nothing."""
        with self._lock:
            self._followers.discard(follower)
            if not self._followers:
                self._forget(0)

    def wrote(self, positions: Sequence[int], rows: Sequence[Row]) -> None:
        """Keep what was just written; for the writer, whom this never holds up."""
        gapless = positions[-1] - positions[0] + 1 == len(rows)
        if self._followers and gapless and sum(len(row[3]) for row in rows) <= COMMIT_BYTES:
            self._commits = (*self._commits[1 - KEPT_COMMITS :], (positions[0], rows))
        else:
            self._commits = ()

    def rows(self, after: int) -> Iterator[StoredRow]:
        """The rows after a position: those left here first, then those of the log."""
        for first, written in self._commits:
            if first > after + 1:
                break
            if after + 1 < first + len(written):
                for position, row in enumerate(written[after + 1 - first :], after + 1):
                    yield (position, *row)
                after = first + len(written) - 1
        yield from self._rows(after)

    def events(self, after: int) -> list[Recorded] | None:
        """The next events after a position, an empty list at the end of the log.

        None where the follower has to read for itself.
        """
        if len(self._followers) < 2:
            return None
        with self._lock:
            if after > self._upto:
                self._forget(after)
            if after < self._after or (after == self._upto and not self._read()):
                return None
            start = bisect_right(self._events, after, key=_position)
            return self._events[start : start + PIECE]

    def _forget(self, position: int) -> None:
        self._events: list[Recorded] = []
        self._after = self._upto = position
        self._bytes = 0

    def _read(self) -> bool:
        """Read on; False where there was nothing that can be shared."""
        try:
            rows = list(one_piece(self.rows(self._upto)))
            found = list(self._codec.all_recorded(rows))
            for each in found:
                hash(each.event)  # what can be changed has none
        except (RetoldError, TypeError):
            return False
        size = sum(len(row[4]) for row in rows)
        if len(self._events) + len(found) > KEPT_EVENTS or self._bytes + size > KEPT_BYTES:
            self._forget(self._upto)
        self._events += found
        self._bytes += size
        self._upto = found[-1].position if found else self._upto
        return True

    def abandon(self) -> Iterator[FileId]:
        """In a forked child: forget the followers, and wait for no lock of the parent's."""
        self._followers, self._lock = WeakSet(), Lock()
        return iter(())
