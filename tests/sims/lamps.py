"""Small actors for simulated worlds: a lamp that goes out by itself, and a desk that orders it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from retold import Behaviour, Rejected, command, event, state
from retold.actors import Context, Send
from retold.events.recorded import Recorded


@event("lamps.lighted.v1")
class Lighted:
    """It burns until then."""

    until: datetime


@event("lamps.extinguished.v1")
class Extinguished:
    """It burns no more."""


@command("lamps.light")
class Light:
    """Let it burn for so many seconds."""

    seconds: float


@state
class Lamp:
    """Until when it burns, and how often it has gone out."""

    until: datetime | None = None
    out: int = 0

    def evolve(self, event: Any) -> Lamp:
        """Lighted or out."""
        if isinstance(event, Lighted):
            return Lamp(event.until, self.out)
        return Lamp(None, self.out + 1)


def decide(lamp: Lamp, command: Any, context: Context) -> tuple[Any, ...]:
    """A lamp that burns already is not lit again."""
    if lamp.until is not None:
        raise Rejected("burns already", until=lamp.until)
    return (Lighted(context.now + timedelta(seconds=command.seconds)),)


lamp = Behaviour(
    "lamp", Lamp(), decide, due=lambda lamp: lamp.until, expire=lambda *_: (Extinguished(),)
)


@event("lamps.ordered.v1")
class Ordered:
    """A lamp is to be lit."""

    lamp: str


@event("lamps.answered.v1")
class Answered:
    """The lamp was lit, or not."""

    lit: bool


@command("lamps.order")
class Order:
    """Have a lamp lit."""

    lamp: str


@command("lamps.hear")
class Hear:
    """What came of it."""

    lit: bool


@state
class Desk:
    """What was ordered, and what came of it."""

    ordered: int = 0
    lit: int = 0
    refused: int = 0

    def evolve(self, event: Any) -> Desk:
        """One more order or answer."""
        if isinstance(event, Ordered):
            return Desk(self.ordered + 1, self.lit, self.refused)
        return Desk(self.ordered, self.lit + event.lit, self.refused + (not event.lit))


def decide_desk(_: Desk, command: Any, __: Context) -> tuple[Any, ...]:
    """Take orders and answers."""
    return (Ordered(command.lamp),) if isinstance(command, Order) else (Answered(command.lit),)


def react(recorded: Recorded) -> tuple[Send, ...]:
    """An order lights the lamp; the answer comes back."""
    if not isinstance(recorded.event, Ordered):
        return ()
    return (Send(recorded.event.lamp, Light(10), taken=Hear(True), refused=Hear(False)),)


desk = Behaviour("desk", Desk(), decide_desk, react=react)
