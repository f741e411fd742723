"""Tills whose log an older version of the code began: takings in euros, now in cents."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from retold import Behaviour, Log, command, event, state
from retold.actors import Context, Send
from retold.events.recorded import Recorded
from retold.events.upcast import upcast


@event("till.filled.v2")
class Filled:
    """Money came in."""

    cents: int


@event("till.noticed.v1")
class Noticed:
    """Another till was filled."""

    cents: int


@command("till.fill")
class Fill:
    """Let money in."""

    cents: int


@command("till.hear")
class Hear:
    """Hear of another till."""

    cents: int


@upcast("till.filled.v1")
def in_cents(data: dict[str, Any]) -> dict[str, Any]:
    """Another unit."""
    return {"cents": int(Decimal(data["euros"]) * 100)}


@state
class Till:
    """What came in, and what was heard; no event is named."""

    cents: int = 0
    heard: tuple[int, ...] = ()

    def evolve(self, event: Any) -> Till:
        """One more event."""
        if type(event).__name__ == "Noticed":
            return Till(self.cents, (*self.heard, event.cents))
        return Till(self.cents + event.cents, self.heard)


def decide(_: Till, command: Any, __: Context) -> tuple[Any, ...]:
    """Do as told; for nothing there is nothing to do."""
    if not command.cents:
        return ()
    return (Noticed(command.cents) if isinstance(command, Hear) else Filled(command.cents),)


def react(recorded: Recorded) -> tuple[Send, ...]:
    """The till at the back hears of what comes in."""
    if not isinstance(recorded.event, Filled):
        return ()
    return (Send("till/back", Hear(recorded.event.cents)),)


till = Behaviour("till", Till(), decide)
telling = Behaviour("till", Till(), decide, react=react)


def begin(log: Log, *cents: int) -> None:
    """What the older version stored at `till/a`: commands c1, c2 … in their order."""
    states = (
        f'{{"recorded_at":"2026-01-02T03:04:05Z","by":"ada","data":{{"euros":"{each / 100:.2f}"}},'
        f'"cause":"c{number}"}}'
        for number, each in enumerate(cents, 1)
    )
    log.journal.write(
        [
            ("till/a", version, "till.filled.v1", log.codec.packed(each.encode()))
            for version, each in enumerate(states, 1)
        ]
    )
