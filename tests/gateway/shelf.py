"""A user's module: shelves that are packed by order, unless they are shut."""

from __future__ import annotations

from typing import Any

from retold import Behaviour, command, event, state
from retold.actors import Context, Send
from retold.events.recorded import Recorded

SHUT: list[str] = []
"""Something in it, and packing fails."""


@event("parcels.ordered.v1")
class Ordered:
    """Something is to be packed."""

    what: str


@event("parcels.packed.v1")
class Packed:
    """It was."""

    what: str


@event("parcels.returned.v1")
class Returned:
    """What came back."""

    answer: str


@command("parcels.order")
class Order:
    """Have something packed."""

    what: str


@command("parcels.pack")
class Pack:
    """Pack something."""

    what: str


@command("parcels.return")
class Return:
    """Take back what came."""

    answer: str


@state
class Shelf:
    """What was packed here, and what came back."""

    what: tuple[str, ...] = ()

    def evolve(self, event: Any) -> Shelf:
        """One more."""
        match event:
            case Packed(what):
                return Shelf((*self.what, what))
            case Returned(answer):
                return Shelf((*self.what, answer))
        return self


def decide(_: Shelf, command: Any, __: Context) -> tuple[Any, ...]:
    """Do as told; a shelf that is shut is a bug."""
    match command:
        case Order(what):
            return (Ordered(what),)
        case Return(answer):
            return (Returned(answer),)
    if SHUT:
        raise ZeroDivisionError("shut")
    return (Packed(command.what),)


def react(recorded: Recorded) -> tuple[Send, ...]:
    """An order is packed at the back; a refusal comes to the front."""
    if not isinstance(recorded.event, Ordered):
        return ()
    return (Send("shelf/back", Pack(recorded.event.what), refused=Return("refused")),)


shelf = Behaviour("shelf", Shelf(), decide, react=react)
