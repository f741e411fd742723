"""One saga, command by command: given what happened, when something comes, then what follows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from retold import Rejected
from retold.actors.saga import RetryCompensation, saga
from retold.actors.saga.replies import NoteCompensated, NoteNotCompensated, NoteRefused, NoteTaken
from retold.events.saga import (
    CompensationRefused,
    CompensationRetried,
    SagaFinished,
    StepCompensated,
    StepRefused,
    StepRequested,
    StepTimedOut,
)

from .courses import (
    AT_FLIGHT,
    AT_HOTEL,
    AT_INSURANCE,
    BOOK,
    COMPLETED,
    DEADLINE,
    FLIGHT_STUCK,
    FLIGHT_TAKEN,
    FLIGHT_UNDOING,
    HOTEL_REQUESTED,
    HOTEL_TAKEN,
    HOTEL_UNDOING,
    INSURANCE_REQUESTED,
    LATE,
    NOON,
    PLACE,
    STUCK,
    UNDOING_FLIGHT,
    state_of,
    when,
)
from .trips import FLIGHT, HOTEL, INSURANCE, Book, Travel, changed, trip


def test_the_command_that_begins_it_asks_for_the_first_step() -> None:
    """Both stand in the log together: what was begun, and what goes out."""
    assert when((), Travel("ann")) == AT_FLIGHT


FORWARD = [
    (AT_FLIGHT, NoteTaken("flight", PLACE), (FLIGHT_TAKEN, HOTEL_REQUESTED)),
    (AT_HOTEL, NoteTaken("hotel", PLACE), (HOTEL_TAKEN, INSURANCE_REQUESTED)),
    (AT_INSURANCE, NoteTaken("insurance"), COMPLETED[-2:]),
]
BACK = [
    (
        AT_FLIGHT,
        NoteRefused("flight", "no place"),
        (StepRefused("flight", "no place"), SagaFinished("compensated")),
    ),
    (AT_HOTEL, NoteRefused("hotel", "no place"), UNDOING_FLIGHT[-2:]),
    (
        AT_INSURANCE,
        NoteRefused("insurance", "old"),
        (StepRefused("insurance", "old"), HOTEL_UNDOING),
    ),
    (
        UNDOING_FLIGHT,
        NoteCompensated("flight"),
        (StepCompensated("flight"), SagaFinished("compensated")),
    ),
    (UNDOING_FLIGHT, NoteNotCompensated("flight", "final"), STUCK[-2:]),
]


@pytest.mark.parametrize(("given", "command", "then"), FORWARD)
def test_each_step_that_is_taken_leads_to_the_next(given: Any, command: Any, then: Any) -> None:
    """In the order of the definition; after the last the saga has completed."""
    assert when(given, command) == then


@pytest.mark.parametrize(("given", "command", "then"), BACK)
def test_a_refusal_undoes_what_took_effect(given: Any, command: Any, then: Any) -> None:
    """The last effect first; what was refused needs nothing; an effect that stays is stuck."""
    assert when(given, command) == then


def test_effects_are_undone_one_after_the_other_from_the_last() -> None:
    """The flight is asked back only when the hotel was given back."""
    given = (*AT_INSURANCE, StepRefused("insurance", "old"), HOTEL_UNDOING)
    assert when(given, NoteCompensated("hotel")) == (StepCompensated("hotel"), FLIGHT_UNDOING)


def test_what_came_before_an_effect_that_stays_is_left_alone() -> None:
    """The hotel cannot be given back: so the flight to it is kept, and the saga is stuck."""
    given = (*AT_INSURANCE, StepRefused("insurance", "old"), HOTEL_UNDOING)
    assert when(given, NoteNotCompensated("hotel", "final")) == (
        CompensationRefused("hotel", "final"),
        SagaFinished("stuck", "hotel is not undone: final"),
    )


def test_a_stuck_saga_can_be_retried_and_then_goes_on_back() -> None:
    """Once somebody saw to it, the rest is undone as well, and the outcome is another."""
    given = (*AT_INSURANCE, StepRefused("insurance", "old"), HOTEL_UNDOING)
    given += when(given, NoteNotCompensated("hotel", "final"))
    given += when(given, RetryCompensation())
    assert given[-2:] == (CompensationRetried(), HOTEL_UNDOING)
    given += when(given, NoteCompensated("hotel"))
    given += when(given, NoteCompensated("flight"))
    assert given[-1] == SagaFinished("compensated")


@pytest.mark.parametrize("given", [(), AT_FLIGHT, UNDOING_FLIGHT, COMPLETED])
def test_a_saga_that_is_not_stuck_has_nothing_to_retry(given: Any) -> None:
    """Before, meanwhile and after: nothing is asked for twice."""
    assert when(given, RetryCompensation()) == ()


def test_a_step_without_compensation_leaves_nothing_to_undo() -> None:
    """Its effect stays, the saga goes on to the step before it."""
    kinds = (FLIGHT, changed(HOTEL, compensate=None), INSURANCE)
    given = (*AT_INSURANCE[:3], StepRequested("hotel", "provider/hotel", BOOK), *AT_INSURANCE[4:])
    then = when(given, NoteRefused("insurance", "old"), saga("trip", Travel, *kinds))
    assert then == (StepRefused("insurance", "old"), FLIGHT_UNDOING)


# Time.


def test_a_step_is_due_at_its_deadline() -> None:
    """And at no other time: an answer, whichever, ends it."""
    assert trip.due is not None
    assert trip.due(state_of(AT_FLIGHT)) == DEADLINE
    for given in ((), UNDOING_FLIGHT, COMPLETED, STUCK, AT_INSURANCE):
        assert trip.due(state_of(given)) is None


def test_at_the_deadline_the_saga_goes_back() -> None:
    """A moment before it nothing happens; at it what took effect before is undone."""
    assert trip.expire is not None
    hotel = state_of(AT_HOTEL)
    assert trip.expire(hotel, DEADLINE - timedelta(microseconds=1)) == ()
    assert trip.expire(hotel, DEADLINE) == (StepTimedOut("hotel"), FLIGHT_UNDOING)


def test_a_late_effect_is_undone_as_well() -> None:
    """When the compensation under way is answered, and before any other."""
    given = (*LATE, *when(LATE, NoteTaken("hotel", PLACE)))
    assert given[-1] == HOTEL_TAKEN
    then = when(given, NoteCompensated("flight"))
    assert then == (StepCompensated("flight"), HOTEL_UNDOING)
    last = when(given + then, NoteCompensated("hotel"))
    assert last == (StepCompensated("hotel"), SagaFinished("compensated"))


def test_a_late_refusal_needs_nothing() -> None:
    """It had no effect."""
    given = (*LATE, StepCompensated("flight"))
    assert when(given, NoteRefused("hotel", "no place")) == (
        StepRefused("hotel", "no place"),
        SagaFinished("compensated"),
    )


def test_a_saga_ends_only_when_it_knows() -> None:
    """All is undone, but the step that timed out may take effect yet: it waits."""
    assert when(LATE, NoteCompensated("flight")) == (StepCompensated("flight"),)
    assert state_of((*LATE, StepCompensated("flight"))).status == "compensating"


def test_a_late_effect_is_undone_though_an_earlier_one_stays() -> None:
    """It comes after the one that is stuck."""
    given = (*LATE, CompensationRefused("flight", "final"))
    assert when(LATE, NoteNotCompensated("flight", "final")) == given[len(LATE) :]
    then = when(given, NoteTaken("hotel", PLACE))
    assert then == (HOTEL_TAKEN, HOTEL_UNDOING)
    assert when(given + then, NoteCompensated("hotel"))[-1] == FLIGHT_STUCK


def test_a_step_that_cannot_be_undone_has_a_deadline_only_of_its_own() -> None:
    """That of the saga is not for it: nobody could take a late effect back."""
    own = saga("trip", Travel, changed(INSURANCE, timeout_seconds=5), timeout_seconds=60)
    none = saga("trip", Travel, INSURANCE, timeout_seconds=60)
    assert when((), Travel("ann"), own)[1].deadline == NOON + timedelta(seconds=5)
    assert when((), Travel("ann"), none)[1].deadline is None


def test_a_step_has_its_own_deadline_before_that_of_the_saga() -> None:
    """In seconds from its request; a saga without any waits for ever."""
    own = saga("trip", Travel, changed(FLIGHT, timeout_seconds=0.5), timeout_seconds=60)
    none = saga("trip", Travel, FLIGHT)
    assert when((), Travel("ann"), own)[1].deadline == NOON + timedelta(seconds=0.5)
    assert when((), Travel("ann"), none)[1].deadline is None


# What nobody waits for.

ANSWERS: list[Callable[[str], Any]] = [
    NoteTaken,
    NoteCompensated,
    lambda step: NoteRefused(step, "late"),
    lambda step: NoteNotCompensated(step, "late"),
]
WAITED_FOR = {"requested": (0, 2), "timed out": (0, 2), "undoing": (1, 3)}


@pytest.mark.parametrize(
    "given", [(), AT_FLIGHT, AT_HOTEL, AT_INSURANCE, UNDOING_FLIGHT, LATE, COMPLETED, STUCK]
)
def test_an_answer_that_nobody_waits_for_changes_nothing(given: Any) -> None:
    """A second one, one to a step that was never asked for, one to a step that there is not."""
    steps = state_of(given).steps
    for step in ("flight", "hotel", "insurance", "train"):
        expected = WAITED_FOR.get(steps.get(step, ""), ())
        for number, answer in enumerate(ANSWERS):
            assert bool(when(given, answer(step))) is (number in expected)


def test_a_saga_may_be_begun_again_with_the_same_command() -> None:
    """That changes nothing, in whatever state it is."""
    for given in (AT_FLIGHT, UNDOING_FLIGHT, COMPLETED, STUCK):
        assert when(given, Travel("ann")) == ()


def test_a_saga_is_not_begun_with_another_command() -> None:
    """Neither one of its class that says something else, nor one of another class."""
    with pytest.raises(Rejected, match="begun by another command"):
        when(COMPLETED, Travel("bob"))
    for given in ((), COMPLETED):
        with pytest.raises(Rejected, match="a trip begins with Travel"):
            when(given, Book("ann"))
