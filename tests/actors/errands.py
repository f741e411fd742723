"""An actor with a deadline whose events make another family do something, and a careful reader.

An errand is started once, falls due a minute later, and its start is counted by a tally. `Row` is a
line of the log as anybody with a JSON parser reads it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import attrs

from retold import Behaviour, Rejected, command, event, state
from retold.actors import Context
from retold.actors.behaviour import Send
from retold.events.recorded import Recorded

MINUTE = 60.0


@event("errand.started.v1")
class ErrandStarted:
    """It has to be done until then."""

    n: int
    due: datetime


@event("errand.lapsed.v1")
class ErrandLapsed:
    """Nobody did it in time."""

    n: int


@event("errand.counted.v1")
class ErrandCounted:
    """A start was counted."""

    n: int


@command
class Start:
    """Start it."""

    n: int


@command
class Count:
    """Count a start."""

    n: int


@state
class Errand:
    """Which one, and until when; None once that is over."""

    n: int = 0
    due: datetime | None = None

    def evolve(self, event: Any) -> Errand:
        """After one more event."""
        return Errand(event.n, event.due if isinstance(event, ErrandStarted) else None)


@state
class Tally:
    """What was counted, in order."""

    counted: tuple[int, ...] = ()

    def evolve(self, event: Any) -> Tally:
        """After one more."""
        return Tally((*self.counted, event.n))


def decide(errand: Errand, command: Any, context: Context) -> tuple[Any, ...]:
    """Each errand is started once."""
    if errand.n:
        raise Rejected("started before", n=errand.n)
    return (ErrandStarted(command.n, context.now + timedelta(seconds=MINUTE)),)


def react(recorded: Recorded) -> tuple[Send, ...]:
    """A start is counted, by one of two tallies."""
    if isinstance(recorded.event, ErrandStarted):
        return (Send(f"tally/{recorded.event.n % 2}", Count(recorded.event.n)),)
    return ()


errands = Behaviour(
    "errand",
    Errand(),
    decide,
    due=lambda errand: errand.due,
    expire=lambda errand, now: (ErrandLapsed(errand.n),),
    react=react,
)
tallies = Behaviour("tally", Tally(), lambda tally, command, context: (ErrandCounted(command.n),))


@attrs.frozen
class Row:
    """A row of the log: where it stands, whose it is, what it says and which command it is of."""

    position: int
    address: str
    version: int
    name: str
    cause: str
    n: Any


def read(rows: Iterable[tuple[int, str, int, str, bytes | str]]) -> list[Row]:
    """Stored rows, by plain JSON."""
    found = []
    for position, address, version, name, stored in rows:
        envelope = json.loads(stored)
        number = envelope["data"].get("n") if isinstance(envelope["data"], dict) else None
        found.append(Row(position, address, version, name, envelope["cause"], number))
    return found
