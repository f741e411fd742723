"""Fold: what events add up to. The one seam through which states are rebuilt.

A state is a value with `evolve(event) -> state`, total and silent. A state that holds growing
collections may offer `fold(events) -> state` beside it, which must give the same and may hide a
mutable builder: growing a frozen collection event by event is quadratic.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from .errors import BadFold


class State(Protocol):
    """What `@state` makes: a value that events change into another value."""

    def evolve(self, event: Any, /) -> Any:
        """The state after one more event; never raises, reads no clock."""
        ...


S = TypeVar("S", bound=State)


def fold(state: S, events: Iterable[Any]) -> S:
    """The state after all events, in their order."""
    builder = getattr(state, "fold", None)
    if builder is not None:
        return builder(events)  # type: ignore[no-any-return]  # the state's own promise
    current: Any = state
    for event in events:
        before, current = current, current.evolve(event)
        if current is None:
            raise BadFold(type(before).__qualname__, event)
    return current  # type: ignore[no-any-return]  # evolve keeps the kind of the state
