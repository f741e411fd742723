"""Trips: a flight, a hotel and an insurance, each with somebody who gives or refuses it."""

from __future__ import annotations

from typing import Any

import attrs

from retold import Behaviour, Rejected, command, event, state
from retold.actors import Context, Send
from retold.actors.saga import Step, saga
from retold.events.saga import Saga

SECONDS = 60


@event("trips.offered.v1")
class Offered:
    """So many places are free; whether who took one may give it back; whether all is broken."""

    places: int
    final: bool
    broken: bool


@event("trips.booked.v1")
class Booked:
    """A guest has a place."""

    guest: str


@event("trips.cancelled.v1")
class Cancelled:
    """A guest gave a place back."""

    guest: str


@command("trips.offer")
class Offer:
    """Let so many places be free."""

    places: int
    final: bool = False
    broken: bool = False


@command("trips.book")
class Book:
    """Take a place."""

    guest: str


@command("trips.cancel")
class Cancel:
    """Give a place back; `place` is the number that was given for it."""

    guest: str
    place: int


@command("trips.travel")
class Travel:
    """Begin a trip."""

    guest: str
    to: str = "Rome"


@state
class Provider:
    """Who has a place, in order of booking, and what became of all that was ever booked."""

    places: int = 0
    final: bool = False
    broken: bool = False
    guests: tuple[str, ...] = ()
    trail: tuple[str, ...] = ()

    def evolve(self, event: Any) -> Provider:
        """A place more or less."""
        match event:
            case Offered(places, final, broken):
                return Provider(places, final, broken, self.guests, self.trail)
            case Booked(guest):
                return self._with(-1, (*self.guests, guest), f"+{guest}")
            case Cancelled(guest):
                left = tuple(each for each in self.guests if each != guest)
                return self._with(1, left, f"-{guest}")
        return self

    def _with(self, more: int, guests: tuple[str, ...], step: str) -> Provider:
        return Provider(self.places + more, self.final, self.broken, guests, (*self.trail, step))


def decide(provider: Provider, command: Any, _: Context) -> tuple[Any, ...]:
    """First come, first served; what is final stays; nothing works where all is broken."""
    match command:
        case Offer(places, final, broken):
            return (Offered(places, final, broken),)
        case _ if provider.broken:
            raise ZeroDivisionError("somebody broke it")
        case Book(guest) if provider.places:
            return (Booked(guest),)
        case Cancel(guest, _) if guest in provider.guests and not provider.final:
            return (Cancelled(guest),)
    raise Rejected("no place" if isinstance(command, Book) else "final", guest=command.guest)


def book(what: str) -> Any:
    """The request of a step: a place at a provider."""
    return lambda saga: Send(f"provider/{what}", Book(saga.command.guest), why=saga.command.to)


def cancel(what: str) -> Any:
    """What undoes it."""

    def made(saga: Saga) -> Send:
        return Send(f"provider/{what}", Cancel(saga.command.guest, saga.replies[what]["place"]))

    return made


def place(receipt: Any) -> dict[str, int]:
    """What is kept of a booking."""
    return {"place": len(receipt.state.guests)}


FLIGHT = Step("flight", book("flight"), cancel("flight"), place)
HOTEL = Step("hotel", book("hotel"), cancel("hotel"), place)
INSURANCE = Step("insurance", book("insurance"))

provider = Behaviour("provider", Provider(), decide)
trip = saga("trip", Travel, FLIGHT, HOTEL, INSURANCE, timeout_seconds=SECONDS)


def changed(step: Step, **fields: Any) -> Step:
    """A step with other fields."""
    return attrs.evolve(step, **fields)
