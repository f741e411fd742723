"""A point in time, read from the text that event logs write it as.

Taken: ISO 8601 with dashes and colons, `T` or a space between date and time, seconds and
fraction optional, `Z` or an offset optional. A text without an offset is taken as UTC, a date
alone as its midnight. Digits beyond the microsecond are cut off, not rounded: an instant never
moves ahead of one that the log puts after it.

Not taken, though the standard library would: the compact form. Thirteen digits of milliseconds
since 1970 can pass as one (`1318010112000` reads as the year 1318), and a wrong time is worse
than none.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_SHAPE = re.compile(
    r"\d{4}-\d\d-\d\d"
    r"(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?"
)


def instant(text: str) -> datetime:
    """Read a point in time; the answer is aware and keeps the offset that the text gives.

    Raises ValueError with the reason in words.

    >>> instant("2011-10-11 13:45:40.276000+02:00").isoformat()
    '2011-10-11T13:45:40.276000+02:00'
    """
    text = text.strip()
    if _SHAPE.fullmatch(text) is None:
        raise ValueError(f"{text[:60]!r} is no time of the form 2011-10-11T13:45:40.276+02:00")
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"{text[:60]!r} is no time: {error}") from None
    if found.tzinfo is None:
        return found.replace(tzinfo=UTC)
    return found if 1 < found.year < 9999 else _placed(found, text)


def _placed(found: datetime, text: str) -> datetime:
    """Refuse a time at the edge of the calendar that has no counterpart in UTC."""
    try:
        found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text[:60]!r} is outside the calendar once it is taken to UTC") from None
    return found
