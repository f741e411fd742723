"""A behaviour is values and pure functions: the kind of an actor, how it begins, how it decides.

One return shape: a decision gives a tuple of events, for its own actor or, wrapped in `At`, for
another member of its family; `()` means already in effect. A refusal raises `Rejected`. Behaviours
are plain values: the same one runs live, in simulated time and under test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs
import msgspec

from ..events.address import ROOT
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


@attrs.frozen
class Behaviour:
    """How actors of one kind begin and decide.

    `kind` is the last but one part of their addresses, `initial` the state before the first event.
    `settle` counts on roots only: it is run after each decision in the family until it gives `()`,
    and its events are stored with the decision's own.
    """

    kind: str
    initial: Any
    decide: Decide
    settle: Settle | None = None


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


__all__ = ["ROOT", "At", "Behaviour", "Decide", "Receipt", "Settle"]
