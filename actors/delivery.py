"""One send of a reaction on its way: the command itself, then what goes back."""

from __future__ import annotations

from typing import Any

import attrs

from ..events.recorded import Recorded
from .behaviour import Send


@attrs.frozen
class Part:
    """One command of a delivery: to whom, what, and the id under which it has its effect once."""

    address: str
    command: Any
    by: str
    why: str
    id: str


class Delivery:
    """A `Send` of an event: its command goes out first, `taken` or `refused` goes back."""

    __slots__ = ("attempts", "index", "recorded", "send")

    def __init__(self, recorded: Recorded, index: int, send: Send) -> None:
        self.recorded = recorded
        self.index = index
        self.send = send
        self.attempts = 0

    @property
    def id(self) -> str:
        """The id of its command: where the event stands, and which of its sends this is."""
        return f"r.{self.recorded.position}.{self.index}"

    def settled(self, done: set[str]) -> bool:
        """Whether nothing of it is left to send, by the ids that have their effect in the log."""
        if f"{self.id}.settled" in done or f"{self.id}.refused" in done:
            return True
        return (self.id if self.send.taken is None else f"{self.id}.taken") in done

    def first(self, done: set[str]) -> Part:
        """Where to begin: with the command, or behind it if it has its effect already."""
        sent = Part(
            self.send.address,
            self.send.command,
            self.send.by or self.recorded.by,
            self.send.why or self.recorded.why,
            self.id,
        )
        if self.id in done:
            return self.after(sent, refused=False) or sent
        return sent

    def after(self, part: Part, *, refused: bool) -> Part | None:
        """What goes back once a command was answered, None if nothing does."""
        if part.id != self.id:
            return None
        command = self.send.refused if refused else self.send.taken
        if command is None:
            return None
        suffix = "refused" if refused else "taken"
        return Part(
            self.recorded.address, command, self.recorded.by, part.why, f"{self.id}.{suffix}"
        )
