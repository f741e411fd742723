"""One send of a reaction on its way: the command itself, then what goes back."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import Any

import attrs

from ..events.errors import BadReaction, NotACommand, Rejected
from ..events.names import is_command
from ..events.recorded import Recorded
from .behaviour import React, Receipt, Send


@attrs.frozen
class Part:
    """One command of a delivery: to whom, what, and the id under which it has its effect once."""

    address: str
    command: Any
    by: str
    why: str
    id: str


@attrs.frozen
class Ending:
    """How a delivery ended: nothing is left to send, or a part of it failed for good.

    `stored` says whether the last part left events in the log, which have its id.
    """

    delivery: Delivery
    part: Part
    stored: bool = False
    error: BaseException | None = None


class Delivery:
    """A `Send` of an event: its command goes out first, `taken` or `refused` goes back.

    `again` says that it may have been sent before. `end` is called once.
    """

    __slots__ = ("again", "attempts", "end", "index", "recorded", "send")

    def __init__(
        self,
        recorded: Recorded,
        index: int,
        send: Send,
        *,
        again: bool,
        end: Callable[[Ending], None],
    ) -> None:
        self.recorded = recorded
        self.index = index
        self.send = send
        self.again = again
        self.attempts = 0
        self.end = end

    @property
    def id(self) -> str:
        """The id of its command: the position of the event, and which of its sends this is."""
        return f"r.{self.recorded.position}.{self.index}"

    def settled(self, known: Container[str]) -> bool:
        """Whether nothing of it is left to send, by the ids that have their effect in the log."""
        if f"{self.id}.settled" in known or f"{self.id}.refused" in known:
            return True
        return (self.id if self.send.taken is None else f"{self.id}.taken") in known

    def first(self) -> Part:
        """The command itself. One that has its effect already is answered as it was then."""
        send, event = self.send, self.recorded
        return Part(send.address, send.command, send.by or event.by, send.why or event.why, self.id)

    def cause(self, part: Part) -> str:
        """The id of the command that a part is sent for: the event's, or ours for what goes
        back."""
        return self.recorded.cause if part.id == self.id else self.id

    def after(self, part: Part, answer: Receipt | Rejected) -> Part | None:
        """What goes back once a command was answered, None if nothing does."""
        refused = isinstance(answer, Rejected)
        back: Any = self.send.refused if refused else self.send.taken
        if part.id != self.id or back is None:
            return None
        command = back if is_command(back) or not callable(back) else back(answer)
        suffix = "refused" if refused else "taken"
        return Part(
            self.recorded.address, command, self.recorded.by, part.why, f"{self.id}.{suffix}"
        )


def sends(react: React, recorded: Recorded) -> tuple[Send, ...]:
    """What an event makes others do. Raises `BadReaction`, and what `react` raises."""
    found = react(recorded)
    if type(found) is not tuple or not all(type(each) is Send for each in found):
        reason = f"react gives a tuple of Send, not {found!r}"
        raise BadReaction(recorded.address, recorded.position, reason)
    return found


def check_command(part: Part) -> None:
    """Raise `NotACommand` for a part that carries none."""
    if not is_command(part.command):
        raise NotACommand(part.command, part.address)
