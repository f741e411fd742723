"""Points of the past as they are typed after `--at`, one spelling for every command.

| typed | the point |
|---|---|
| `2026-01-31T12:00`, `happened:2026-01-31T12:00` | what had happened by then |
| `recorded:2026-01-31T12:00` | what the log had recorded by then |
| `position:1200`, `#1200` | what stands in the log up to there |
| `version:7`, `v7` | an actor's version, or a number of entries or events |

A number alone is none of these: it is refused, and the forms are named.
"""

from __future__ import annotations

import re

from ..events.point import Point
from .errors import BadPointTyped
from .moments import moment

_NUMBERED = re.compile(r"(?P<sort>position:|#|version:|v)(?P<number>[0-9]{1,18})")
_TIMED = re.compile(r"(?P<sort>happened|recorded):(?P<time>.*)", re.DOTALL)


def typed_point(option: str, text: str | None) -> Point | None:
    """The point that was typed after an option, None for none.

    Raises `BadPointTyped` for what has none of the forms, `BadMoment` for a time that is none.

    >>> str(typed_point("--at", "#1200")), str(typed_point("--at", "recorded:2026-01-31"))
    ('position:1200', 'recorded:2026-01-31T00:00:00+00:00')
    """
    if text is None:
        return None
    text = text.strip()
    if numbered := _NUMBERED.fullmatch(text):
        number = int(numbered["number"])
        by_version = numbered["sort"].startswith("v")
        return Point(version=number) if by_version else Point(position=number)
    if timed := _TIMED.fullmatch(text):
        when = moment(option, timed["time"])
        return Point(recorded=when) if timed["sort"] == "recorded" else Point(happened=when)
    if not re.match(r"\d{4}-", text):
        raise BadPointTyped(option, text)
    return Point(happened=moment(option, text))
