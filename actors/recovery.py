"""Recovery: where an actor stands, from the log alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..events.fold import fold
from ..events.log import Log
from ..events.recorded import Recorded


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


def stood(log: Log, address: str, initial: Any, position: int) -> tuple[int, Any]:
    """The version and state that an actor had when the log ended at `position`."""
    found = Recovered(log, address, initial, position)
    return found.version, found.state
