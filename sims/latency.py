"""How long messages are on their way: seconds, constant or drawn for each.

Order holds as it does live: what one process of the world (or the code around it) sends to one
family arrives in the order in which it was sent, however long each was drawn to take.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any, TypeAlias

import simpy

Latency: TypeAlias = "float | Callable[[random.Random], float]"
"""Seconds for each message to arrive: a number, or a function that draws it."""


class Arrival(simpy.Event):
    """An event of the environment at which one message arrives."""

    def __init__(
        self,
        environment: simpy.Environment,
        seconds: float,
        deliver: Callable[[simpy.Event], None],
        message: Any,
    ) -> None:
        # As SimPy's own Timeout: all set at once, a fourth of the cost of setting it up in steps.
        self.env = environment
        self.callbacks = [deliver]
        self._ok = True
        self._value = message
        environment.schedule(self, delay=seconds)


class Ways:
    """The ways from each sender to each family, and when the last message on each arrives."""

    def __init__(
        self, environment: simpy.Environment, latency: Latency, rng: random.Random
    ) -> None:
        self._environment = environment
        self._draw = (lambda _: latency) if isinstance(latency, int | float) else latency
        self._rng = rng
        self._last: dict[tuple[object, str], float] = {}

    def seconds(self, root: str) -> float:
        """How long a message to this family takes that is sent now."""
        environment = self._environment
        now: float = environment.now
        seconds = self._draw(self._rng)
        if not 0 <= seconds < math.inf:
            raise ValueError(f"a message takes 0 seconds or more to arrive, not {seconds}")
        way = (environment.active_process, root)
        last = self._last.get(way, 0.0)
        if now + seconds < last:
            seconds = last - now
            while now + seconds < last:
                seconds = math.nextafter(seconds, math.inf)
        self._last[way] = now + seconds
        if len(self._last) > MOST_WAYS:
            self._last = {each: at for each, at in self._last.items() if at > now}
        return seconds


MOST_WAYS = 10_000
"""Ways that are remembered before those on which nothing travels any more are forgotten."""
