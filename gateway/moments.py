"""Times as they are typed and as they are shown. All are UTC unless they say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime

from .errors import BadMoment
from .eventlogs import instant


def moment(option: str, text: str | None) -> datetime | None:
    """The moment that was typed after an option, None for none.

    ISO 8601; without an offset it is UTC, a date alone is its midnight. Raises `BadMoment`.
    """
    if text is None:
        return None
    try:
        return instant(text)
    except ValueError as error:
        raise BadMoment(option, str(error)) from error


def shown(when: datetime) -> str:
    """A moment for people: UTC, to the second.

    >>> shown(datetime(2011, 10, 11, 11, 45, 40, 276000, tzinfo=UTC))
    '2011-10-11 11:45:40'
    """
    return f"{when.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
