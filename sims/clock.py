"""The clock of a simulated world: a moment to begin with, and the environment's seconds since."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import simpy


class VirtualClock:
    """Tells `start` plus the environment's seconds, to the microsecond.

    >>> environment = simpy.Environment(90)
    >>> VirtualClock(environment, datetime(2000, 1, 1, tzinfo=UTC)).now().isoformat()
    '2000-01-01T00:01:30+00:00'
    """

    def __init__(self, environment: simpy.Environment, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError(f"a world begins at a time with a zone, not at {start!r}")
        self._environment = environment
        self._start = start.astimezone(UTC)
        self._seen: float | None = None
        self._now = self._start

    def now(self) -> datetime:
        """The present moment of the world, in UTC."""
        seconds = self._environment.now
        if seconds != self._seen:
            self._now = self._start + timedelta(seconds=seconds)
            self._seen = seconds
        return self._now

    def not_before(self, moment: datetime) -> None:
        """Move the world's time forward to `moment` (the end of a log) if it is earlier."""
        behind = moment - self.now()
        if behind > timedelta(0):
            self._start += behind
            self._seen = None

    def seconds_until(self, moment: datetime) -> float:
        """How long the environment has to run until `moment`; 0 if that is past."""
        return max(0.0, (moment - self._start).total_seconds() - self._environment.now)
