"""Recovery: where an actor and its family stand, from the log alone."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Any, TypeAlias

from ..events.fold import fold
from ..events.log import Log
from ..events.recorded import Recorded

Effect: TypeAlias = int
"""The position of a command's first event; the others stand right behind it."""


class Recovered:
    """Where an actor stands after its last event, or its last up to a position."""

    __slots__ = ("position", "state", "version")

    def __init__(self, log: Log, address: str, initial: Any, upto: int | None = None) -> None:
        self.version = 0
        self.position = 0
        self.state = fold(initial, self._replay(log.read(address), upto))

    def _replay(self, recorded: Iterator[Recorded], upto: int | None) -> Iterator[Any]:
        for each in recorded:
            if upto is not None and each.position > upto:
                return
            self.version, self.position = each.version, each.position
            yield each.event


def state_at(log: Log, address: str, initial: Any) -> Any:
    """The state after all events of an address."""
    return fold(initial, log.events(address))


def stood(log: Log, address: str, initial: Any, position: int) -> tuple[int, Any]:
    """The version and state that an actor had when the log ended at `position`."""
    found = Recovered(log, address, initial, position)
    return found.version, found.state


def recent_commands(log: Log, root: str, most: int) -> dict[str, Effect]:
    """The last `most` commands that stored events in a family, the oldest first.

    One more is read than is asked for: the oldest of those read may be cut off at its front.
    """
    members = [(root, log.version(root)), *log.addresses(f"{root}/")]
    depth = most
    while True:
        effects = _effects(log, members, depth)
        if len(effects) > most or all(version <= depth for _, version in members):
            return dict(list(effects.items())[-most:])
        depth *= 4


def _effects(log: Log, members: list[tuple[str, int]], depth: int) -> dict[str, Effect]:
    """The commands of the last `depth` events of each member, by their first positions."""
    recorded = heapq.merge(
        *(log.causes(address, after=version - depth) for address, version in members)
    )
    effects: dict[str, Effect] = {}
    for position, cause in recorded:
        effects.setdefault(cause, position)
    return effects
