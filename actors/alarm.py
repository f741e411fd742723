"""The alarm of a live system: one thread that sleeps until the earliest moment it was set to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime

from ..events.clock import Clock

LONGEST = 1.0
"""Seconds after which the clock is read again, in case somebody has set it."""


class Alarm:
    """Calls each ring once at its moment, which may be moved. Its thread starts with the first."""

    def __init__(self, run: Callable[[Callable[[], None]], None]) -> None:
        self._run = run
        self._set: dict[Callable[[], None], tuple[datetime, Clock]] = {}
        # The lock is taken itself: a Condition is entered in Python, and a Ctrl-C between two of
        # its steps would keep it for ever.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._thread: threading.Thread | None = None
        self._closed = False

    def set(self, moment: datetime, clock: Clock, ring: Callable[[], None]) -> None:
        """Ring at `moment` by that clock, instead of at the moment set before."""
        with self._lock:
            self._set[ring] = (moment, clock)
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._watch, name="retold-alarm", daemon=True
                )
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        """Ring no more."""
        with self._lock:
            self._closed = True
            self._set.clear()
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                self._changed.wait(self._ring_due())

    def _ring_due(self) -> float | None:
        """Ring what is due; the seconds until the next look, None for never."""
        longest = LONGEST if self._set else None
        for ring, (moment, clock) in list(self._set.items()):
            seconds = (moment - clock.now()).total_seconds()
            if seconds <= 0:
                del self._set[ring]
                self._run(ring)
            elif longest is None or seconds < longest:
                longest = seconds
        return longest
