"""How sagas are defined: what makes no sense is refused, and functions that fail do no harm."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from retold import Rejected, command
from retold.actors import Send
from retold.actors.saga import Step, saga
from retold.actors.saga.replies import NoteRefused, NoteTaken
from retold.events.errors import BadDecision, NotACommand, Unstorable
from retold.events.saga import (
    CompensationRefused,
    CompensationRequested,
    Saga,
    SagaFinished,
    StepRefused,
    StepTaken,
)

from .courses import (
    AT_FLIGHT,
    AT_HOTEL,
    BOOK,
    FLIGHT_TAKEN,
    FLIGHT_UNDOING,
    PLACE,
    STUCK,
    state_of,
    when,
)
from .trips import FLIGHT, HOTEL, INSURANCE, Book, Travel, book, cancel, changed


def fails(_: Saga) -> Send:
    """A bug in a definition."""
    raise ZeroDivisionError("no day is left")


def refuses(_: Saga) -> Send:
    """A refusal of a definition."""
    raise Rejected("sold out", day="Sunday")


@command
class Call:
    """A command that has no stored form."""

    what: Callable[[], None]


@command
class Weigh:
    """A command whose field may hold what JSON does not know."""

    kilos: float


BAD: list[tuple[Any, type[Exception], str]] = [
    (fails, ZeroDivisionError, "no day is left"),
    (refuses, Rejected, "sold out"),
    (lambda _: None, BadDecision, "gives a Send, not None"),
    (lambda _: Send("provider", Book("ann")), ValueError, "no address"),
    (lambda _: Send("provider/x", "Book"), NotACommand, "not decorated with @command"),
    (lambda _: Send("provider/x", Call(print)), Unstorable, "what"),
    (lambda _: Send("provider/x", Weigh(float("nan"))), Unstorable, "kilos"),
    (lambda _: Send("provider/x", Book("ann"), taken=Book("bob")), BadDecision, "the saga's"),
    (lambda _: Send("provider/x", Book("ann"), refused=Book("bob")), BadDecision, "the saga's"),
    (lambda saga: saga.replies["train"], KeyError, "train"),
]


@pytest.mark.parametrize(("request_", "error", "match"), BAD)
def test_what_the_first_request_raises_is_for_whoever_begins(
    request_: Any, error: Any, match: str
) -> None:
    """Nothing has begun then."""
    with pytest.raises(error, match=match):
        when((), Travel("ann"), saga("trip", Travel, changed(FLIGHT, request=request_)))


@pytest.mark.parametrize(("request_", "error", "match"), BAD)
def test_a_later_request_that_raises_is_a_refusal_of_its_step(
    request_: Any, error: Any, match: str
) -> None:
    """The saga goes back at once, and the log says why."""
    of = saga("trip", Travel, FLIGHT, changed(HOTEL, request=request_), INSURANCE)
    taken, refused, undoing = when(AT_FLIGHT, NoteTaken("flight", PLACE), of)
    assert (taken, undoing) == (FLIGHT_TAKEN, FLIGHT_UNDOING)
    assert refused.step == "hotel"
    assert match in refused.reason


@pytest.mark.parametrize(("request_", "error", "match"), BAD)
def test_a_compensation_that_cannot_be_asked_for_is_stuck(
    request_: Any, error: Any, match: str
) -> None:
    """Its effect stays, and the log says why."""
    of = saga("trip", Travel, changed(FLIGHT, compensate=request_), HOTEL)
    then = when(AT_HOTEL, NoteRefused("hotel", "no place"), of)
    assert [type(each) for each in then] == [StepRefused, CompensationRefused, SagaFinished]
    assert match in then[1].reason
    assert then[2] == SagaFinished("stuck", f"flight is not undone: {then[1].reason}")


def test_a_command_that_cannot_be_stored_begins_nothing() -> None:
    """The one that begins a saga stands in the log as well."""
    with pytest.raises(Unstorable, match="kilos"):
        when((), Weigh(float("nan")), saga("trip", Weigh, changed(FLIGHT, request=book("x"))))


def test_a_reply_that_could_not_be_kept_takes_the_saga_back() -> None:
    """The step was taken, so it is undone like any other."""
    of = saga("trip", Travel, FLIGHT, changed(HOTEL, compensate=book("hotel")))
    then = when(AT_HOTEL, NoteTaken("hotel", problem="TypeError: no JSON"), of)
    assert then[0] == StepTaken("hotel", None, "TypeError: no JSON")
    assert then[1] == CompensationRequested("hotel", "provider/hotel", BOOK, "", "Rome")


def test_a_saga_goes_on_by_the_steps_it_was_begun_with() -> None:
    """A step that is defined no more can be neither asked for nor undone; a new one is not asked
    for.
    """
    of = saga("trip", Travel, FLIGHT, changed(HOTEL, name="hostel"))
    then = when(AT_FLIGHT, NoteTaken("flight", PLACE), of)
    assert then[1] == StepRefused("hotel", "the trip has no step 'hotel' any more")
    assert then[2] == FLIGHT_UNDOING
    only = saga("trip", Travel, HOTEL)
    stuck = when(AT_HOTEL, NoteRefused("hotel", "no place"), only)
    assert stuck[1] == CompensationRefused("flight", "the trip has no step 'flight' any more")


Bad = Callable[[], Any]
DEFINITIONS: list[tuple[Bad, str]] = [
    (lambda: saga("trip", Travel), "has no steps"),
    (lambda: saga("trip", Travel, FLIGHT, HOTEL, FLIGHT), "2 steps of the name 'flight'"),
    (lambda: saga("", Travel, FLIGHT), "kind of a saga"),
    (lambda: saga("trip", Saga, FLIGHT), "made by @command"),
    (lambda: saga("trip", Travel, book("flight")), "is none"),
    (lambda: saga("trip", Travel, FLIGHT, timeout_seconds=-1), "timeout_seconds of the saga"),
    (lambda: saga("trip", Travel, FLIGHT, timeout_seconds=0), "above 0"),
    (lambda: saga("trip", Travel, FLIGHT, timeout_seconds=float("nan")), "above 0"),
    (lambda: saga("trip", Travel, FLIGHT, timeout_seconds=1e12), "at most a century"),
    (lambda: changed(FLIGHT, timeout_seconds=-0.1), "timeout_seconds of step 'flight'"),
    (lambda: changed(FLIGHT, timeout_seconds="soon"), "not 'soon'"),
    (lambda: changed(FLIGHT, timeout_seconds=True), "not True"),
    (lambda: changed(FLIGHT, name=""), "name of a step"),
    (lambda: changed(FLIGHT, name=1), "name of a step"),
    (lambda: changed(FLIGHT, request=None), "the request of step 'flight' is a function"),
    (lambda: changed(FLIGHT, compensate=Book("ann")), "the compensate of step 'flight'"),
    (lambda: changed(FLIGHT, reply="place"), "the reply of step 'flight'"),
]


@pytest.mark.parametrize(("define", "match"), DEFINITIONS)
def test_a_definition_that_makes_no_sense_is_refused(define: Bad, match: str) -> None:
    """At once, and by name."""
    with pytest.raises(ValueError, match=match):
        define()


def test_a_state_shows_how_far_it_is() -> None:
    """Its status, each step's, what was kept of answers, and why a step came to nothing."""
    stuck = state_of(STUCK)
    assert stuck.status == "stuck"
    assert stuck.command == Travel("ann")
    assert stuck.steps == {"flight": "uncompensated", "hotel": "refused", "insurance": "waiting"}
    assert stuck.replies == {"flight": PLACE}
    assert stuck.reasons == {"flight": "final", "hotel": "no place"}
    with pytest.raises(ValueError, match="has not begun"):
        _ = Saga().command
    assert cancel("flight")(stuck).command.place == 7
    assert Step("x", book("x")).compensate is None
