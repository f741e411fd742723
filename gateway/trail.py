"""Which events of the log are wanted: by author, kind, name, time and place."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from itertools import islice

import attrs

from ..events import past
from ..events.address import kind
from ..events.log import Log
from ..events.point import Point, until
from ..events.recorded import Recorded

FIRST_LOOK = 1_000
"""So many positions are looked at from the end for the last events; then twice as many, …"""


@attrs.frozen
class Wanted:
    """What an event must be to be shown; None asks for nothing. The period is of `happened_at`.

    Of the events that match, the first `limit` or the `last` so many.
    """

    by: str | None = None
    kind: str | None = None
    event: str | None = None
    period: tuple[datetime | None, datetime | None] = (None, None)
    after: int = 0
    limit: int | None = None
    last: int | None = None

    def __call__(self, each: Recorded) -> bool:
        """Whether an event is wanted."""
        start, end = self.period
        return (
            each.position > self.after
            and (self.by is None or each.by == self.by)
            and (self.kind is None or kind(each.address) == self.kind)
            and (self.event is None or fnmatchcase(each.name, self.event))
            and (start is None or each.happened_at >= start)
            and (end is None or each.happened_at <= end)
        )


def trail(
    log: Log,
    wanted: Wanted,
    address: str | None = None,
    *,
    family: bool = False,
    at: Point | None = None,
) -> Iterator[Recorded]:
    """The wanted events in the order of the log; of one actor, or of it and those below it.

    With `at` only what had come about at that point: a version is a number of events of them all.
    Takes no memory except for `last`, which keeps so many; those of the whole log are looked for
    from its end, unless a time of happening is asked for.
    """
    if wanted.last is not None and address is None and (at is None or at.happened is None):
        return iter(_last(log, wanted, wanted.last, past.settled(log, at).position or 0))
    found = filter(wanted, _events(log, wanted.after, address, family, at))
    if wanted.last is not None:
        return iter(deque(found, wanted.last))
    return islice(found, wanted.limit)


def _last(log: Log, wanted: Wanted, most: int, end: int) -> deque[Recorded]:
    """The last of the wanted events up to a position, in the order of the log."""
    found: deque[Recorded] = deque()
    step = FIRST_LOOK
    while end > wanted.after and len(found) < most:
        begin = max(wanted.after, end - step)
        piece = filter(wanted, log.scan(after=begin, upto=end))
        found.extendleft(reversed(deque(piece, most - len(found))))
        end, step = begin, 2 * step
    return found


def _events(
    log: Log, after: int, address: str | None, family: bool, at: Point | None
) -> Iterable[Recorded]:
    if address is None:
        return log.scan(after=after) if at is None else _behind(log, after, at)
    if not family:
        return past.read(log, address, at)
    by_version = at is not None and at.version is not None
    cut = None if at is None or by_version else past.settled(log, at)
    below = [each for each, _ in log.addresses(f"{address}/")]
    members = (past.read(log, each, cut) for each in (address, *below))
    merged = heapq.merge(*members, key=lambda each: each.position)
    return until(at, merged) if by_version else merged


def _behind(log: Log, after: int, at: Point) -> Iterable[Recorded]:
    """What the log held at a point, read from `after` on where that is possible."""
    cut = past.settled(log, at)
    return past.cut(log, cut) if cut.position is None else log.scan(after=after, upto=cut.position)
