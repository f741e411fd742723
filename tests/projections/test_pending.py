"""Commands that a log has to make again: those that could not be are named before a deploy."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from retold import Log, command
from retold.events.dead_letters import (
    DeadLetter,
    DeadLetterClosed,
    DeadLetterRecorded,
    DeadLetters,
)
from retold.events.log import Append
from retold.events.parcel import Parcel, seal
from retold.events.saga import (
    CompensationRefused,
    CompensationRequested,
    CompensationRetried,
    Saga,
    SagaBegun,
    SagaFinished,
    StepCompensated,
    StepRefused,
    StepRequested,
    StepTaken,
    StepTimedOut,
)
from retold.projections.schema import compare


@command("pending.travel")
class Travel:
    """Somebody wants to go somewhere."""

    guest: str


@command("pending.judge")
class Judge:
    """A command that judges what it is made of."""

    guest: str

    def __attrs_post_init__(self) -> None:
        """Nobody else may."""
        {"ann": 1}[self.guest]


GOOD = seal(Travel("ann"))
GONE = Parcel("pending.travel_far", {"guest": "ann"})
OTHER = Parcel("pending.travel", {"guest": "ann", "seat": 4})
FEWER = Parcel("pending.travel", {})
JUDGED = Parcel("pending.judge", {"guest": "bob"})


def failing(*events: Any, state: Any) -> list[tuple[int, str]]:
    """The versions that are named in a log of one such actor, with their reasons."""
    with Log.open("memory:") as log:
        log.append(Append("trip/1", 0, events))
        found = compare(log, lambda _: state)
    assert found.ok is not bool(found.failures)
    assert sum(each.undecoded for each in found.names) == len(found.failures)
    return [(each.version, each.reason) for each in found.failures]


def step(parcel: Parcel, name: str = "flight") -> StepRequested:
    """A command goes to the airline."""
    return StepRequested(name, "desk/1", parcel)


def undoing(parcel: Parcel, name: str = "flight") -> CompensationRequested:
    """And one that takes it back."""
    return CompensationRequested(name, "desk/1", parcel)


@pytest.mark.parametrize(
    ("parcel", "words"),
    [
        (GONE, "no such @command"),
        (OTHER, "no field 'seat' now"),
        (FEWER, "missing required field `guest`"),
        (JUDGED, "KeyError: 'bob'"),
    ],
)
def test_a_command_that_cannot_be_made_again_is_named(parcel: Parcel, words: str) -> None:
    """By the event that keeps it, with the reason."""
    ((version, reason),) = failing(SagaBegun(parcel, ("flight",)), state=Saga())
    assert version == 1
    assert reason.startswith("a command in it is not done with: ")
    assert words in reason
    assert failing(SagaBegun(GOOD, ("flight",)), state=Saga()) == []


@pytest.mark.parametrize(
    ("events", "named"),
    [
        ((), [1]),
        ((step(GOOD), StepTaken("flight"), SagaFinished("completed")), []),
        ((step(GOOD), StepRefused("flight", "full"), SagaFinished("compensated")), []),
        ((step(GOOD), StepRefused("flight", "full")), [1]),
        ((step(GONE),), [1, 2]),
        ((step(GONE), StepTaken("flight")), [1]),
        ((step(GONE), StepTaken("flight"), step(GONE, "hotel")), [1, 4]),
        ((step(GONE), StepTimedOut("flight")), [1, 2]),
        ((step(GONE), StepTaken("flight"), undoing(GOOD)), [1]),
        ((step(GOOD), StepTaken("flight"), undoing(GONE)), [1, 4]),
        ((step(GOOD), StepTaken("flight"), undoing(GONE), StepCompensated("flight")), [1]),
        (
            (
                step(GOOD), StepTaken("flight"), undoing(GONE),
                CompensationRefused("flight", "final"), SagaFinished("stuck"),
            ),
            [1],
        ),
        (
            (
                step(GOOD), StepTaken("flight"), undoing(GONE),
                CompensationRefused("flight", "final"), SagaFinished("stuck"),
                CompensationRetried(), undoing(GONE),
            ),
            [1, 8],
        ),
    ],
)  # fmt: skip
def test_a_saga_needs_its_commands_while_it_is_under_way(
    events: tuple[Any, ...], named: list[int]
) -> None:
    """The one that began it to its end, those of steps until they are answered."""
    found = failing(SagaBegun(GONE, ("flight", "hotel")), *events, state=Saga())
    assert [version for version, _ in found] == named


LETTER = DeadLetter("c.1", "desk/1", GONE, "Travel", "ann", "", "broken", 3)


@pytest.mark.parametrize(
    ("events", "named"),
    [
        ((DeadLetterRecorded(LETTER),), [1]),
        ((DeadLetterRecorded(LETTER), DeadLetterRecorded(LETTER)), [2]),
        ((DeadLetterRecorded(LETTER), DeadLetterClosed("c.1", "retried")), []),
        ((DeadLetterRecorded(attrs.evolve(LETTER, command=GOOD)),), []),
        ((DeadLetterRecorded(attrs.evolve(LETTER, command=None)),), []),
        ((DeadLetterRecorded(LETTER), DeadLetterRecorded(attrs.evolve(LETTER, id="c.2"))), [1, 2]),
    ],
)
def test_a_letter_needs_its_command_while_it_waits(
    events: tuple[Any, ...], named: list[int]
) -> None:
    """What nobody could retry is named; what was closed, or never had a stored form, is not."""
    assert [version for version, _ in failing(*events, state=DeadLetters())] == named
