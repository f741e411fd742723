"""Passivation: which families may fall asleep. Policies are pure functions.

A family that sleeps keeps its place and its references; its states and receipts are forgotten and
found in the log again with its next message. Nobody can tell but by the time that takes. A family
with a turn in progress or messages waiting is never put to sleep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import attrs

if TYPE_CHECKING:
    from .system import ActorSystem

EVERY = 1.0
"""Seconds of a live system between two looks at who may sleep."""


@attrs.frozen
class Resting:
    """What is known of an idle family: its root, and the seconds since its last turn."""

    root: str
    idle_seconds: float


Keep: TypeAlias = Callable[[Sequence[Resting]], "set[str]"]
"""`policy(resting) -> roots`: which of the idle families, longest idle first, may fall asleep."""


def always_awake(_: Sequence[Resting]) -> set[str]:
    """Nobody falls asleep."""
    return set()


def after(seconds: float) -> Keep:
    """Who has been idle for so many seconds falls asleep."""
    return lambda resting: {each.root for each in resting if each.idle_seconds >= seconds}


def at_most(families: int) -> Keep:
    """No more than so many idle families stay awake; the longest idle fall asleep first."""
    return lambda resting: {each.root for each in resting[: max(0, len(resting) - families)]}


def sweep(system: ActorSystem) -> int:
    """Put to sleep whom the policy names; how many that were."""
    now = system.clock.now()
    idle = [each for each in system.index if each.awake and not each.busy]
    idle.sort(key=lambda each: each.last_turn)
    resting = [Resting(each.root, (now - each.last_turn).total_seconds()) for each in idle]
    named = system.options.passivate(resting)
    return sum(each.fall_asleep() for each in idle if each.root in named)
