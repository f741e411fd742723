"""Dead letters: commands that were accepted and could not be carried out, kept for somebody."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from .names import event, state


@attrs.frozen
class DeadLetter:
    """A command that failed for good. `id` is the command's; `body` its JSON, empty for none.

    `name` is the command's wire name (its import path if it was given none), `error` what stood in
    the way, `attempts` how often it was tried.
    """

    id: str
    address: str
    name: str
    body: str
    by: str
    why: str
    error: str
    attempts: int


@event("dead_letter.recorded.v1")
class DeadLetterRecorded:
    """A command waits for somebody."""

    letter: DeadLetter


@event("dead_letter.closed.v1")
class DeadLetterClosed:
    """Somebody acted on it."""

    id: str
    how: Literal["retried", "dropped"]


@state
class DeadLetters:
    """Those that wait, by command id, the oldest first."""

    waiting: dict[str, DeadLetter] = attrs.field(factory=dict)

    def evolve(self, event: Any) -> DeadLetters:
        """After one more record or close."""
        match event:
            case DeadLetterRecorded():
                return DeadLetters({**self.waiting, event.letter.id: event.letter})
            case DeadLetterClosed(id):
                return DeadLetters(
                    {key: letter for key, letter in self.waiting.items() if key != id}
                )
        return self
