"""The seam for tracing: who watches commands from their sending to their answer.

`Options(tracer=…)` names it. It is told on the thread that sends, before the command is in its
inbox, so that it sees who asks; and on the thread that answers, after the commit. An ask that waits
no longer is told all the same; a command that was never accepted (`Overloaded`) has no end. What
the system sends for its own bookkeeping is not traced. Without a tracer it costs a comparison.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from .future import Future
from .logs import about_message
from .message import Wake
from .reactions import CURSOR

if TYPE_CHECKING:
    from .behaviour import Receipt
    from .message import Message

_log = logging.getLogger("retold")


class Trace(Protocol):
    """What a tracer keeps of one command."""

    def ended(self, receipt: Receipt | None, error: BaseException | None) -> None:
        """The command was answered, by a receipt or else by an error (`Rejected` for a refusal)."""
        ...


class Tracer(Protocol):
    """Who watches. It is called on many threads, must be quick, and what it raises is logged."""

    def sent(self, message: Message, cause: str) -> Trace:
        """A command is on its way.

        `cause` is the id of the command that a reaction or a saga sends it for, empty for one that
        comes from outside.
        """
        ...


def watch(tracer: Tracer, message: Message, cause: str = "") -> None:
    """Let the tracer see a message that is about to be put into its inbox."""
    if message.actor.address == CURSOR or type(message.command) is Wake:
        return
    try:
        trace = tracer.sent(message, cause)
    except Exception:  # noqa: BLE001 - a tracer is somebody else's code
        _log.exception("The tracer could not begin a trace", extra=about_message(message))
        return
    future = message.future
    if future is None:
        future = message.watch = Future[Any]()

    def end() -> None:
        receipt, error = future.outcome or (None, None)
        try:
            trace.ended(receipt, error)
        except Exception:  # noqa: BLE001 - a tracer is somebody else's code
            _log.exception("The tracer could not end a trace", extra=about_message(message))

    future.when_done(end)
