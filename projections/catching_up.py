"""Catching up: a view taken from where it stands to a position of its log, piece by piece."""

from __future__ import annotations

from collections.abc import Callable

from ..events.following.follower import Batch, Follower
from ..events.following.latest import PIECE
from ..events.log import Log
from .view import View

PASSES = 20
"""How often a new view is taken to where the log ends by then: each pass is shorter than the one
before, unless the log grows faster than views are made."""


def catch_up(
    view: View,
    log: Log,
    kinds: tuple[str, ...],
    upto: int | None = None,
    tell: Callable[[int, int], None] = lambda position, last: None,
) -> None:
    """Have a view take everything up to a position, or all there is.

    `tell(position, last)` is called after each piece. Raises `ProjectionFailed` and as `Log.scan`
    does; the view stands before what failed then.
    """
    follower = Follower(log, view.position, kinds)
    while (upto is None or view.position < upto) and (batch := follower.read()) is not None:
        view.take(batch if upto is None else _cut(batch, upto))
        tell(view.position, log.last_position())


def approach(
    view: View, log: Log, kinds: tuple[str, ...], tell: Callable[[int, int], None]
) -> None:
    """Have a view come near the end of a log that may grow meanwhile; as `catch_up`."""
    for _ in range(PASSES):
        last = log.last_position()
        catch_up(view, log, kinds, last, tell)
        if log.last_position() - last < PIECE:
            return


def _cut(batch: Batch, upto: int) -> Batch:
    if batch.upto <= upto:
        return batch
    return Batch([each for each in batch.events if each.position <= upto], upto)
