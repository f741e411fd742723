"""Dead letters: commands that were accepted and could not be carried out, kept for somebody."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from .names import event, state
from .parcel import Parcel


@attrs.frozen
class DeadLetter:
    """What failed for good: a command, or the reaction to an event.

    `id` is the command's; for a reaction it is `r.<position>`, for one of its commands
    `r.<position>.<index>`. `command` is None where it has no stored form, `shown` is what it looked
    like, `error` what stood in the way, `attempts` how often it was tried.
    """

    id: str
    address: str
    command: Parcel | None
    shown: str
    by: str
    why: str
    error: str
    attempts: int


@event("dead_letter.recorded.v1")
class DeadLetterRecorded:
    """Something waits for somebody, or failed once more."""

    letter: DeadLetter


@event("dead_letter.closed.v1")
class DeadLetterClosed:
    """Somebody acted on it."""

    id: str
    how: Literal["retried", "dropped"]


@state
class DeadLetters:
    """The letters that wait, by command id, the oldest first."""

    waiting: dict[str, DeadLetter] = attrs.field(factory=dict)

    def evolve(self, event: Any) -> DeadLetters:
        """The letters after one was recorded or closed."""
        match event:
            case DeadLetterRecorded(letter):
                return DeadLetters({**self.waiting, letter.id: letter})
            case DeadLetterClosed(id):
                left = dict(self.waiting)
                left.pop(id, None)
                return DeadLetters(left)
        return self
