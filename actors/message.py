"""What travels: a command on its way to its actor, and what was decided for it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from .future import Future

if TYPE_CHECKING:
    from .actor import Actor
    from .behaviour import Receipt


class Message(msgspec.Struct, gc=False):
    """A command on its way: to whom, what, who waits for the answer, and its envelope.

    `repeatable` says that the id was not made for this message: it may have been used before.
    """

    actor: Actor
    command: Any
    future: Future[Any] | None
    by: str
    why: str
    id: str
    happened_at: datetime | None
    repeatable: bool = False
    watch: Future[Any] | None = None
    """For a tell that is traced: answered as for an ask, though nobody waits."""

    def answer(self, receipt: Receipt) -> None:
        """Answer whoever waits and was not answered yet."""
        for future in (self.future, self.watch):
            if future is not None and not future.wake():
                future.set(receipt)

    def fail(self, error: BaseException) -> None:
        """Answer with an error whoever waits and was not answered yet."""
        for future in (self.future, self.watch):
            if future is not None and not future.wake():
                future.fail(error)


class Wake(msgspec.Struct, frozen=True):
    """Not a command: let the actor do what the time makes of it, and no more."""


class Outcome(msgspec.Struct, gc=False):
    """What a turn decided for one command, kept until the commit allows it to be told."""

    message: Message
    version: int
    state: Any
    events: tuple[Any, ...]
    start: int
    end: int
    row: int
    """The actor's last row in the batch once this command was decided, -1 for none."""
    error: BaseException | None
