"""Times in stored views: text in UTC with microseconds, which sorts as the moments do.

The log keeps a time with the offset that it was given with; a view keeps the moment.
"""

from __future__ import annotations

from datetime import UTC, datetime

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_LATEST = datetime.max.replace(tzinfo=UTC)


def time_text(moment: datetime) -> str:
    """A moment as it is stored: `2020-01-31T12:00:00.000000+00:00`.

    What lies beyond the years 1 to 9999 in UTC is stored as their first or last moment.
    """
    try:
        return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except OverflowError:
        edge = _EARLIEST if moment.year == 1 else _LATEST
        return edge.isoformat(timespec="microseconds")


def time_of(text: str) -> datetime:
    """A stored moment, in UTC."""
    return datetime.fromisoformat(text)
