"""Logging: each record says which actor and which command it is about.

What this library logs (by the logger `retold`) carries `actor`, an address, and `command`, the name
of its class and its id; each is an empty text where there is none. With `WithActor` on a handler
every other record has them too: those of user code in a decision get the actor and the command that
are being decided.

    handler.addFilter(WithActor())
    handler.setFormatter(logging.Formatter("%(actor)s %(command)s %(message)s"))

With `logging.config.dictConfig` that is
`"filters": {"actor": {"()": "retold.actors.logs.WithActor"}}`.
Say `"disable_existing_loggers": False` there: what is not said is true, and silences all loggers
that were made before, this one too.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypedDict

from .future import inside

if TYPE_CHECKING:
    from .message import Message

logger = logging.getLogger("retold")
"""The one logger of this library."""


class About(TypedDict):
    """What a record is about: the `extra` of a call to a logger."""

    actor: str
    command: str


def about(actor: str, command: object = None, command_id: str = "") -> About:
    """Which actor, and which of its commands.

    >>> about("account/alice")
    {'actor': 'account/alice', 'command': ''}
    """
    return {"actor": actor, "command": in_words(command, command_id)}


def about_message(message: Message) -> About:
    """Which actor a message is for, and which command it carries."""
    return about(message.actor.address, message.command, message.id)


def in_words(command: object, command_id: str) -> str:
    """A command as records name it: its class and its id, empty for none."""
    return "" if command is None else f"{type(command).__name__} {command_id}".rstrip()


class WithActor(logging.Filter):
    """Lets every record pass, and sees that it has `actor` and `command`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Fill in what is missing from the turn that is at work on this thread."""
        turn = inside.turn
        actor, command = ("", "")
        if turn is not None and turn.at_work:
            actor, command = turn.deciding, turn.carrying_out
        known = record.__dict__.setdefault("actor", actor)
        record.__dict__.setdefault("command", command if known == actor else "")
        return True


logger.addFilter(WithActor())
