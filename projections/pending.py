"""Commands in the events of an actor that are not done with: a later code must make them again.

| where | until |
|---|---|
| the command that began a saga, which the functions of its steps look at | the saga has ended |
| the command of a step, or the one that undoes it | its answer is known |
| a dead letter | it was retried or dropped |
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from ..events.dead_letters import DeadLetterRecorded, DeadLetters
from ..events.journal import StoredRow
from ..events.parcel import Parcel
from ..events.saga import CompensationRequested, Saga, SagaBegun, StepRequested

ENDED = ("completed", "compensated")
UNDER_WAY = ("requested", "timed out", "undoing")
BEGUN = ""
"""Stands for the command that began a saga, where a step has its name."""


@attrs.frozen
class Kept:
    """A command as it is kept, and the row that has it."""

    row: StoredRow
    command: Parcel


class Pending:
    """Is told the events of one actor in their order, and knows which commands stand in them."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def note(self, row: StoredRow, event: Any) -> None:
        """One more event; the last command of a step, or of a letter, is the one that counts."""
        match event:
            case SagaBegun(command=command):
                self._kept[BEGUN] = Kept(row, command)
            case StepRequested(step=step, command=command):
                self._kept[step] = Kept(row, command)
            case CompensationRequested(step=step, command=command):
                self._kept[step] = Kept(row, command)
            case DeadLetterRecorded(letter) if letter.command is not None:
                self._kept[letter.id] = Kept(row, letter.command)

    def of(self, state: Any) -> Iterator[Kept]:
        """Those that are not done with where the actor stands so, by version."""
        waiting = set(_names(state))
        return (kept for name, kept in self._kept.items() if name in waiting)


def _names(state: Any) -> Iterator[str]:
    match state:
        case Saga(status=status, steps=steps) if status not in ENDED:
            yield BEGUN
            yield from (step for step, was in steps.items() if was in UNDER_WAY)
        case DeadLetters(waiting):
            yield from waiting
