"""Reading the log as it stood at a point of the past; for None as it stands now.

Nothing is copied and nothing is kept: rows are read in short pieces, and no further than the point
asks for. A recorded time is looked up by bisection, in some twenty rows. So a point early in a long
log costs what stands before it, except for a time of happening: that has no order in the log, and
of the log as a whole every row is looked at. A moment alone is a time of happening; what is no
point raises `BadPoint`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from itertools import islice, takewhile

from .address import check, kind
from .errors import NoSuchVersion
from .journal import StoredRow
from .log import Log
from .point import Point, When, point_of
from .recorded import Recorded


def read(log: Log, address: str, at: When) -> Iterator[Recorded]:
    """The events that one address had at a point, by version; none before its first.

    Raises `NoSuchVersion` where `at` is a version that the address has not reached.
    """
    return (log.codec.recorded(*row) for row in rows(log, address, at))


def rows(log: Log, address: str, at: When) -> Iterator[StoredRow]:
    """The same as they are stored; `log.codec.events` makes bare events of them, for a fold."""
    check(address)
    match at := point_of(at):
        case Point(version=int(version)):
            last = log.version(address)
            if version > last:
                raise NoSuchVersion(address, version, last)
            return log.journal.rows(address, upto=version)
        case Point(happened=datetime() as moment):
            found = log.journal.rows(address)
            return takewhile(lambda row: _happened_at(log, row) <= moment, found)
        case Point():
            last = _position(log, at) if at.position is None else at.position
            return takewhile(lambda row: row[0] <= last, log.journal.rows(address))
    return log.journal.rows(address)


def cut(log: Log, at: When, kinds: Collection[str] = ()) -> Iterator[Recorded]:
    """The events of the whole log at a point, in its order; of actors of these kinds, if any.

    A version is a number of such events. What is written meanwhile is left out, so a fold over this
    is a view as it stood there. Events of other kinds are not decoded.
    """
    return (log.codec.recorded(*row) for row in cut_rows(log, at, kinds))


def cut_rows(log: Log, at: When, kinds: Collection[str] = ()) -> Iterator[StoredRow]:
    """The same as they are stored."""
    at = point_of(at)
    found = log.rows(upto=_position(log, at))
    if kinds:
        wanted = lru_cache(lambda address: kind(address) in kinds)
        found = (row for row in found if wanted(row[1]))
    match at:
        case Point(version=int(count)):
            return islice(found, count)
        case Point(happened=datetime() as moment):
            return _happened(log, found, moment)
    return found


def settled(log: Log, at: When) -> Point:
    """A point for every address of the log that cuts it as `at` cuts the log as a whole.

    For those who read many addresses: recorded times and numbers of events become the position that
    they stand for, None the end of the log as it is now; a time of happening stays what it is.
    """
    at = point_of(at)
    if at is not None and at.happened is not None:
        return at
    last = _position(log, at)
    if at is not None and at.version is not None:
        counted = islice(log.rows(upto=last), max(at.version - 1, 0), at.version)
        last = next((row[0] for row in counted), last) if at.version else 0
    return Point(position=last)


def _happened(log: Log, found: Iterable[StoredRow], moment: datetime) -> Iterator[StoredRow]:
    later: set[str] = set()
    """The addresses of which something had not happened yet."""
    for row in found:
        if row[1] in later:
            continue
        if _happened_at(log, row) <= moment:
            yield row
        else:
            later.add(row[1])


def _happened_at(log: Log, row: StoredRow) -> datetime:
    stamp = log.codec.stamp(*row)
    return stamp.happened_at or stamp.recorded_at


def _position(log: Log, at: Point | None) -> int:
    """The last position that can be needed for a point of the whole log."""
    last = log.last_position()
    match at:
        case Point(position=int(position)):
            return min(position, last)
        case Point(recorded=datetime() as moment):
            return _recorded_until(log, moment, last)
    return last


def _recorded_until(log: Log, moment: datetime, last: int) -> int:
    """The last position up to `last` whose event was recorded at or before a moment."""
    low, high = 0, last
    while low < high:
        middle = (low + high + 1) // 2
        row = _first_row(log, middle, high)
        if row is None or log.codec.stamp(*row).recorded_at > moment:
            high = middle - 1
        else:
            low = row[0]
    return low


def _first_row(log: Log, position: int, upto: int) -> StoredRow | None:
    """The row at a position, or where positions are missing the next one."""
    row = next(log.rows(position - 1, position), None)
    return next(log.rows(position, upto), None) if row is None else row
