"""A behaviour is values and pure functions: the kind of an actor, how it begins, how it decides.

One return shape: a decision gives a tuple of events, for its own actor or, wrapped in `At`, for
another member of its family; `()` means already in effect. A refusal raises `Rejected`. Behaviours
are plain values: the same one runs live, in simulated time and under test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeAlias

import attrs
import msgspec

from ..events.address import ROOT
from ..events.errors import Rejected
from ..events.recorded import Recorded
from .context import Context


@attrs.frozen
class At:
    """An event for another member: `At("channel/legal", event)`, `At(ROOT, event)`."""

    member: str
    event: Any


Decide: TypeAlias = Callable[[Any, Any, Context], "tuple[Any, ...]"]
"""`decide(state, command, context)`: pure; gives events or raises `Rejected`."""

Settle: TypeAlias = Callable[[Mapping[str, Any]], "tuple[At, ...]"]
"""`settle(states)`: what follows from the states of a family, by member name; `()` when at rest."""


DueTime: TypeAlias = Callable[[Any], "datetime | None"]
"""`due(state)`: pure; when the actor wants to be woken, None for never."""

Expire: TypeAlias = Callable[[Any, datetime], "tuple[Any, ...]"]
"""`expire(state, now)`: pure; what follows from the time, `()` for nothing."""


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The answer to an ask: given after the commit, never before.

    `version` is the asked actor's and `state` its state at that version; `events` are those that
    the command stored, in order, other members' wrapped in `At`; `position` is the last of them in
    the log, or for a command that stored none the actor's last.
    """

    version: int
    position: int
    events: tuple[Any, ...]
    state: Any


@attrs.frozen
class Send:
    """What an event makes another actor do: a command and its envelope.

    `by` is the author (empty: that of the event), `why` the reason. Once the command was answered,
    a command may go back to the actor of the event: `taken` if it was carried out, or what that
    function makes of its receipt; `refused` if it was refused, or what that makes of the refusal.
    """

    address: str
    command: Any
    by: str = ""
    why: str = ""
    taken: Any | Callable[[Receipt], Any] = None
    refused: Any | Callable[[Rejected], Any] = None


React: TypeAlias = Callable[[Recorded], "tuple[Send, ...]"]
"""`react(recorded)`: pure; the commands that a committed event makes other actors carry out."""


@attrs.frozen
class Behaviour:
    """How actors of one kind begin and decide.

    `kind` is the last but one part of their addresses, `initial` the state before the first event.
    `settle` counts on roots only: it is run after each decision in the family until it gives `()`,
    and its events are stored with the decision's own.

    `due` and `expire` go together: at its due time an actor is woken, and before each command
    `expire` is asked until nothing more is due, so that it cannot matter which of a deadline and a
    message came first. Events of `expire` are by `system`, and stay if the command is refused.

    `react` is asked for every committed event of the actor, in the order of the log; what it sends
    arrives at least once and has its effect once. A log that is opened with reactions for the first
    time is reacted to from its beginning; a kind that gains `react` later, from there on.
    """

    kind: str
    initial: Any
    decide: Decide
    settle: Settle | None = None
    due: DueTime | None = None
    expire: Expire | None = None
    react: React | None = None

    def __attrs_post_init__(self) -> None:
        named: object = self.kind
        if not (isinstance(named, str) and named):
            raise ValueError(f"a behaviour has the name of its kind first, not {named!r}")
        if isinstance(self.initial, type) or not hasattr(self.initial, "evolve"):
            raise TypeError(
                f"the behaviour {self.kind!r} begins with a state that has evolve(event), such as"
                f" Account(), not with {self.initial!r}"
            )
        if not callable(self.decide):
            raise TypeError(
                f"the behaviour {self.kind!r} has a function decide(state, command, context), not"
                f" {self.decide!r}"
            )
        if (self.due is None) is not (self.expire is None):
            raise ValueError(f"the behaviour {self.kind!r} needs both due and expire, or neither")


__all__ = ["ROOT", "At", "Behaviour", "Decide", "Expire", "React", "Receipt", "Send", "Settle"]
