"""A point of the past, and what had come about by then.

| a point by | takes |
|---|---|
| `position` | what stands in the log at that position or before it |
| `recorded` | what the log had recorded by that moment |
| `happened` | of each address the longest run of versions that had all happened by that moment |
| `version` | the first so many: of an actor its events, of a view what it is made of |

Positions and recorded times follow the order of the log, so they cut it in two. Times of happening
have no order in it (an import says what happened long ago), so there each address is cut by itself:
an event is taken if it and all earlier ones of its address had happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice, takewhile
from typing import TypeAlias

import attrs

from .errors import BadPoint
from .recorded import Recorded

MOST = 2**63 - 1
"""The highest version and position that a log can have."""


def _utc(moment: datetime | None) -> datetime | None:
    if not isinstance(moment, datetime):
        return moment
    if moment.utcoffset() is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise BadPoint(f"{moment} is outside the calendar once it is taken to UTC") from error


@attrs.frozen(kw_only=True)
class Point:
    """A point of the past: by exactly one of a version, a position and two kinds of moments.

    A moment without a zone is UTC, and all are kept in UTC. A point beyond the end of a log is its
    end, except for a version that an actor never had. Raises `BadPoint` for none or several, for a
    number out of range and for values of another type.

    >>> str(Point(position=1200)), str(Point(happened=datetime(2026, 1, 31, 12)))
    ('position:1200', 'happened:2026-01-31T12:00:00+00:00')
    """

    version: int | None = None
    position: int | None = None
    recorded: datetime | None = attrs.field(default=None, converter=_utc)
    happened: datetime | None = attrs.field(default=None, converter=_utc)

    def __attrs_post_init__(self) -> None:
        given = self._given()
        if len(given) != 1:
            named = " and ".join(given) or "none"
            raise BadPoint(f"it takes one of version, position, recorded, happened, not {named}")
        ((name, value),) = given.items()
        wanted = datetime if name in ("recorded", "happened") else int
        if not isinstance(value, wanted) or isinstance(value, bool):
            raise BadPoint(f"its {name} is {value!r}, which is no {wanted.__name__}")
        if isinstance(value, int) and not 0 <= value <= MOST:
            raise BadPoint(f"its {name} is {value}, which is not from 0 to {MOST}")

    def __str__(self) -> str:
        ((name, value),) = self._given().items()
        return f"{name}:{value.isoformat() if isinstance(value, datetime) else value}"

    def _given(self) -> dict[str, object]:
        fields = attrs.asdict(self, recurse=False)
        return {name: value for name, value in fields.items() if value is not None}


When: TypeAlias = Point | datetime | None
"""How a point is given: a moment alone is one of happening, None is now."""


def point_of(at: When) -> Point | None:
    """The point that was given; `BadPoint` for what is none, so that no text is taken for now."""
    if isinstance(at, datetime):
        return Point(happened=at)
    if at is None or isinstance(at, Point):
        return at
    raise BadPoint(f"{at!r} is neither a Point nor a datetime")


def until(point: When, recorded: Iterable[Recorded]) -> Iterator[Recorded]:
    """Those of some events that had come about at a point; all of them for None.

    `recorded` is in the order of the log, and begins where the log or the actors in it begin. Reads
    on no further than it must: to the end only for a time of happening.
    """
    match point_of(point):
        case Point(version=int(count)):
            return islice(recorded, count)
        case Point(position=int(last)):
            return takewhile(lambda each: each.position <= last, recorded)
        case Point(recorded=datetime() as moment):
            return takewhile(lambda each: each.recorded_at <= moment, recorded)
        case Point(happened=datetime() as moment):
            return _happened(recorded, moment)
    return iter(recorded)


def _happened(recorded: Iterable[Recorded], moment: datetime) -> Iterator[Recorded]:
    later: set[str] = set()
    """The addresses of which something had not happened yet."""
    for each in recorded:
        if each.address in later:
            continue
        if each.happened_at <= moment:
            yield each
        else:
            later.add(each.address)
