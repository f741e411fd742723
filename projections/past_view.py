"""A view as it stood at a point of the past: the same projection, told only what had come about.

The view is made anew in memory, beside whatever is kept, and its version is the number of events
that it was told.
"""

from __future__ import annotations

from itertools import islice

from ..events.following.follower import Batch
from ..events.following.latest import PIECE
from ..events.log import Log
from ..events.past import cut
from ..events.point import When
from ..events.side_file import MEMORY
from .projection import AnyProjection, Projection
from .stored_view import StoredView
from .view import MemoryView


def view_at(log: Log, projection: AnyProjection, at: When = None) -> MemoryView | StoredView:
    """A projection's view at a point, or now; close it once it is read.

    A version counts the events that the projection is told. Raises `ProjectionFailed`, and as
    `Log.scan` does.
    """
    events = cut(log, at, projection.kinds)
    view: MemoryView | StoredView
    if isinstance(projection, Projection):
        view = MemoryView(projection)
    else:
        view = StoredView(projection, MEMORY, log.origin())
    try:
        while piece := list(islice(events, PIECE)):
            view.take(Batch(piece, piece[-1].position))
    except BaseException:
        view.close()
        raise
    return view
