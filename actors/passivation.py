"""Passivation: which families may fall asleep. Policies are pure functions.

The states and receipts of a family that sleeps are forgotten, and found in the log again with its
next message; of a family that no user holds a reference to nothing stays in memory. Nobody can tell
except by the time it takes. A family with a turn in progress or messages waiting is never put to
sleep. The policy is asked once a second, and whenever half as many families came to memory as there
are, so what it allows may be exceeded by half.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeAlias

import msgspec

if TYPE_CHECKING:
    from .system import ActorSystem

_log = logging.getLogger("retold")

EVERY = 1.0
"""Seconds of a live system between two looks at who may sleep."""

NEWCOMERS = 1_000
"""Families that come to memory between two looks, at least."""


class Resting(msgspec.Struct, frozen=True, gc=False):
    """What is known of an idle family: its root, and the seconds since its last turn."""

    root: str
    idle_seconds: float
    _weigh: Callable[[], int] = int

    @property
    def bytes(self) -> int:
        """About how much memory its states take; weighed when asked for, once after each turn."""
        return self._weigh()


Keep: TypeAlias = Callable[[Sequence[Resting]], "set[str]"]
"""`policy(resting) -> roots`: which of the idle families, longest idle first, may fall asleep."""


def always_awake(_: Sequence[Resting]) -> set[str]:
    """Nobody falls asleep."""
    return set()


def after(seconds: float) -> Keep:
    """Families that have been idle for so many seconds fall asleep.

    >>> sorted(after(60)([Resting("account/a", 61.0), Resting("account/b", 3.0)]))
    ['account/a']
    """
    return lambda resting: {each.root for each in resting if each.idle_seconds >= seconds}


def at_most(families: int) -> Keep:
    """At most so many idle families stay awake; the longest idle fall asleep first."""
    if families < 0:
        raise ValueError(f"no fewer than 0 families can stay awake, not {families}")
    return lambda resting: {each.root for each in resting[: max(0, len(resting) - families)]}


def within(limit: int) -> Keep:
    """The states of the idle families take no more than `limit` bytes together; the longest idle
    fall asleep first."""
    if limit < 0:
        raise ValueError(f"states cannot take less than 0 bytes, not {limit}")

    def keep(resting: Sequence[Resting]) -> set[str]:
        left = limit
        for number, each in enumerate(reversed(resting)):
            left -= each.bytes
            if left < 0:
                return {each.root for each in resting[: len(resting) - number]}
        return set()

    return keep


class Sweeper:
    """Asks the policy now and then, and puts to sleep whom it names."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._policy = system.options.passivate
        self._on = self._policy is not always_awake
        self._newcomers = 0

    def start(self) -> None:
        """Look, and look again every second."""
        if self._on and not self._system.closed:
            self.look()
            moment = self._system.clock.now() + timedelta(seconds=EVERY)
            self._system.dispatcher.wake_at(moment, self._system.clock, self.start)

    def came(self, families: int) -> None:
        """A family came to memory, which now holds so many: look at once if enough have come."""
        self._newcomers += 1
        if self._on and self._newcomers >= max(NEWCOMERS, families // 2):
            self._newcomers = 0
            self._system.dispatcher.run(self.look)

    def look(self) -> None:
        """Put to sleep whom the policy names."""
        if self._system.closed:
            return
        now = self._system.clock.now()
        idle = [each for each in self._system.index if each.may_sleep]
        idle.sort(key=lambda each: each.last_turn)
        try:
            named = self._policy([each.resting(now) for each in idle])
            for each in idle:
                if each.root in named:
                    each.fall_asleep()
        except Exception:  # noqa: BLE001 - a policy is somebody else's code
            _log.exception("The policy of passivation failed: nobody falls asleep")
