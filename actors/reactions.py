"""The actor `reactions/cursor`: keeps how far reactions have come, by events as any actor does."""

from __future__ import annotations

from typing import Any

from ..events.names import command
from ..events.reactions import CursorMoved, Reactions, ReactionSettled
from .behaviour import Behaviour

CURSOR = "reactions/cursor"


@command
class Settle:
    """A send of the event at `position` had no event of its own and is done with."""

    position: int
    index: int


@command
class Advance:
    """Everything up to `position` is settled."""

    position: int


def decide(reactions: Reactions, command: Any, _: Any) -> tuple[Any, ...]:
    """Facts of the reactor; what is known already changes nothing."""
    match command:
        case Settle(position, index):
            known = position <= reactions.cursor or (position, index) in reactions.beyond
            return () if known else (ReactionSettled(position, index),)
        case Advance(position) if position > reactions.cursor:
            return (CursorMoved(position),)
    return ()


behaviour = Behaviour("reactions", Reactions(), decide)
