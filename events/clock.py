"""The only room that reads a clock or draws chance. Everything else is handed time and draws.

`Clock` is the seam: wall time live, virtual time in a simulation, a hand-moved clock in tests.
Draws come from a keyed hash of (seed, actor, command), so deciding again draws the same.
"""

from __future__ import annotations

import hashlib
import os
import random
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time as an aware datetime in UTC that never runs backwards."""

    def now(self) -> datetime:
        """The present moment; never earlier than an answer given before."""
        ...

    def not_before(self, moment: datetime) -> None:
        """Let no later answer be earlier than `moment` (the end of a log that is opened)."""
        ...


class WallClock:
    """The machine's clock, held still while the machine's own runs backwards."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """The present moment in UTC, microseconds."""
        moment = datetime.now(UTC)
        if moment < self._last:
            return self._last
        self._last = moment
        return moment

    def not_before(self, moment: datetime) -> None:
        """Let no later answer be earlier than `moment`."""
        self._last = max(self._last, moment)


class Countdown:
    """A time limit in seconds, by the machine's steady clock; None for no limit."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def seconds(self) -> float | None:
        """How many seconds are left, never fewer than 0; None for no limit."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())


class ManualClock:
    """A clock that moves only when told to.

    >>> clock = ManualClock()
    >>> clock.advance(90)
    >>> clock.now().isoformat()
    '2000-01-01T00:01:30+00:00'
    """

    __slots__ = ("_now",)

    def __init__(self, start: datetime = datetime(2000, 1, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        """Where the clock stands."""
        return self._now

    def not_before(self, moment: datetime) -> None:
        """Move forward to `moment` if the clock stands earlier."""
        self._now = max(self._now, moment)

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`; going back is refused with ValueError."""
        if seconds < 0:
            raise ValueError(f"a clock cannot go back by {-seconds} s")
        self._now += timedelta(seconds=seconds)


class Draws:
    """Chance for one command: the same seed, actor and command draw the same, in any process."""

    __slots__ = ("_count", "_key")

    def __init__(self, seed: str, address: str, command_id: str) -> None:
        self._key = "\x1f".join((seed, address, command_id)).encode()
        self._count = 0

    def id(self) -> str:
        """The next identifier: 32 hexadecimal digits."""
        self._count += 1
        return self._digest(b"id%d" % self._count).hex()

    def rng(self) -> random.Random:
        """A generator of its own, seeded by the key."""
        return random.Random(self._digest(b"rng"))

    def _digest(self, purpose: bytes) -> bytes:
        return hashlib.blake2b(self._key, digest_size=16, person=purpose[:16]).digest()


def fresh_seed() -> str:
    """Sixteen hexadecimal digits that no other call returns."""
    return os.urandom(8).hex()


def this_process(clock: Clock) -> str:
    """How the holder of a lease calls itself."""
    return f"process {os.getpid()} on {socket.gethostname()} since {clock.now():%Y-%m-%d %H:%M:%SZ}"
