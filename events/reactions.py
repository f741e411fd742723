"""How far reactions have come: the cursor of the outbox, and what is settled beyond it."""

from __future__ import annotations

from typing import Any

from .names import event, state


@event("reaction.settled.v1")
class ReactionSettled:
    """A send had no event of its own (refused, or already in effect) and is done with."""

    position: int
    index: int


@event("reaction.cursor_moved.v1")
class CursorMoved:
    """Everything up to this position has been reacted to and settled."""

    position: int


@state
class Reactions:
    """The cursor, and the settled sends beyond it as (position, index)."""

    cursor: int = 0
    beyond: frozenset[tuple[int, int]] = frozenset()

    def evolve(self, event: Any) -> Reactions:
        """After one more settlement or move; a move forgets what it passes."""
        match event:
            case ReactionSettled(position, index):
                return Reactions(self.cursor, self.beyond | {(position, index)})
            case CursorMoved(position):
                rest = frozenset(each for each in self.beyond if each[0] > position)
                return Reactions(position, rest)
        return self
