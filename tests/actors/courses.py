"""The course of one trip, event by event, and what a command leads to at each point of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from retold import Behaviour
from retold.actors import Context
from retold.events import fold
from retold.events.parcel import Parcel
from retold.events.saga import (
    CompensationRefused,
    CompensationRequested,
    Saga,
    SagaBegun,
    SagaFinished,
    StepRefused,
    StepRequested,
    StepTaken,
    StepTimedOut,
)

from .trips import SECONDS, trip

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
DEADLINE = NOON + timedelta(seconds=SECONDS)
TRAVEL = Parcel("trips.travel", {"guest": "ann", "to": "Rome"})
BOOK = Parcel("trips.book", {"guest": "ann"})
PLACE = {"place": 7}

BEGUN = SagaBegun(TRAVEL, ("flight", "hotel", "insurance"))
FLIGHT_REQUESTED = StepRequested("flight", "provider/flight", BOOK, "", "Rome", DEADLINE)
HOTEL_REQUESTED = StepRequested("hotel", "provider/hotel", BOOK, "", "Rome", DEADLINE)
INSURANCE_REQUESTED = StepRequested("insurance", "provider/insurance", BOOK, "", "Rome", None)
FLIGHT_TAKEN = StepTaken("flight", PLACE)
HOTEL_TAKEN = StepTaken("hotel", PLACE)
CANCEL = Parcel("trips.cancel", {"guest": "ann", "place": 7})
FLIGHT_UNDOING = CompensationRequested("flight", "provider/flight", CANCEL)
HOTEL_UNDOING = CompensationRequested("hotel", "provider/hotel", CANCEL)

AT_FLIGHT = (BEGUN, FLIGHT_REQUESTED)
AT_HOTEL = (*AT_FLIGHT, FLIGHT_TAKEN, HOTEL_REQUESTED)
AT_INSURANCE = (*AT_HOTEL, HOTEL_TAKEN, INSURANCE_REQUESTED)
COMPLETED = (*AT_INSURANCE, StepTaken("insurance"), SagaFinished("completed"))
UNDOING_FLIGHT = (*AT_HOTEL, StepRefused("hotel", "no place"), FLIGHT_UNDOING)
FLIGHT_STUCK = SagaFinished("stuck", "flight is not undone: final")
STUCK = (*UNDOING_FLIGHT, CompensationRefused("flight", "final"), FLIGHT_STUCK)


class Moment:
    """The turn in which a command is decided."""

    seed = "seed"
    now = NOON

    def member_state(self, name: str) -> Any:
        """Nobody else is there."""
        raise LookupError(name)


def when(given: tuple[Any, ...], command: Any, of: Behaviour = trip) -> tuple[Any, ...]:
    """What a command leads to, given these events."""
    context = Context("trip/1", len(given), "ann", "", "id", Moment())
    return of.decide(fold(of.initial, given), command, context)


def state_of(given: tuple[Any, ...]) -> Saga:
    """What events add up to."""
    return fold(Saga(), given)


LATE = (*AT_HOTEL, StepTimedOut("hotel"), FLIGHT_UNDOING)
