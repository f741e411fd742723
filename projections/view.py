"""Views: what a projection has made so far, and up to which position.

A batch of events and the position after it go in together or not at all. Where an event fails, what
stands before it in the batch is kept, and the view is as if that event had never been tried.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from threading import RLock
from typing import Any, Protocol

from ..events.following.follower import Batch
from ..events.recorded import Recorded
from .errors import ProjectionFailed
from .projection import Projection


def faults() -> type[BaseException]:
    """What counts as a failure of a projection's code where it is called.

    On the main thread an exit or a Ctrl-C is meant for the program, and goes through.
    """
    main = threading.current_thread() is threading.main_thread()
    return Exception if main else BaseException


class View(Protocol):
    """What a projection has made. `position` is that of the last event it was told, or later."""

    position: int
    events: int
    """How many events it was told."""

    def take(self, batch: Batch) -> None:
        """Take a batch; raises `ProjectionFailed` at the first event that fails."""
        ...

    def reading(self) -> AbstractContextManager[Any]:
        """What is seen of it: the object, or a connection; it does not change within the block."""
        ...

    def whole(self) -> AbstractContextManager[Any]:
        """Let no reader see what is changed within the block until it is over."""
        ...

    def note(self, *, paused: bool, failure: str) -> None:
        """Keep how it stands, for others to see and for later."""
        ...

    def use(self, projection: Any) -> None:
        """Go on with other code."""
        ...

    def fresh(self, projection: Any = None) -> View:
        """An empty view beside it, of another projection if one is given."""
        ...

    def replace_by(self, other: View) -> None:
        """Become another, which is then closed and gone: a reader sees one or the other."""
        ...

    def discard(self) -> None:
        """Close it and leave nothing of it."""
        ...

    def close(self) -> None:
        """Give everything back."""
        ...


class MemoryView:
    """An object, and the place that it stands at."""

    def __init__(self, projection: Projection) -> None:
        self.projection = projection
        self._lock = RLock()
        self._begin()

    def _begin(self) -> None:
        self.position = self.events = 0
        self.value: Any = self.projection.start()

    def take(self, batch: Batch) -> None:
        """Take a batch; after a failure the object is to be made again, up to `position`.

        Interrupted within an event it may have counted it: then it begins again, from 0.
        """
        with self._lock:
            try:
                self._apply(batch.events)
            except ProjectionFailed:
                raise
            except BaseException:
                self._begin()
                raise
            self.position = batch.upto

    def _apply(self, events: list[Recorded]) -> None:
        apply, value = self.projection.apply, self.value
        for each in events:
            try:
                value = apply(value, each)
            except faults() as error:
                raise ProjectionFailed(self.projection.name, each, error) from error
            if value is None:
                gave_none = TypeError("apply gave None instead of the view")
                raise ProjectionFailed(self.projection.name, each, gave_none)
            self._stand_at(each, value)

    def _stand_at(self, each: Recorded, value: Any) -> None:
        self.value = value
        self.position = each.position
        self.events += 1

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """The object; it is not changed within the block. Do not change it yourself."""
        with self._lock:
            yield self.value

    def whole(self) -> AbstractContextManager[Any]:
        """Readers wait."""
        return self._lock

    def note(self, *, paused: bool, failure: str) -> None:
        """Nothing to keep: it lasts no longer than its runner, which knows."""

    def use(self, projection: Any) -> None:
        """Go on with other code."""
        self.projection = projection

    def fresh(self, projection: Any = None) -> MemoryView:
        """An empty one."""
        return MemoryView(projection or self.projection)

    def replace_by(self, other: View) -> None:
        """Become another."""
        if not isinstance(other, MemoryView):
            raise TypeError(f"a view in memory is replaced by one in memory, not by {other!r}")
        with self._lock:
            self.projection, self.value = other.projection, other.value
            self.position, self.events = other.position, other.events

    def discard(self) -> None:
        """Nothing is left of it when nobody holds it."""

    def close(self) -> None:
        """Nothing to give back."""
