"""What a decision may know besides state and command. All of it is the same when it decides
again."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ..events.clock import Draws


class Surroundings(Protocol):
    """What a context reads from: the turn in which the command is decided."""

    @property
    def now(self) -> datetime:
        """The moment of the turn."""
        ...

    @property
    def seed(self) -> str:
        """The system's seed."""
        ...

    def member_state(self, name: str) -> Any:
        """The state of a member of the family, with the turn's own events."""
        ...


class Context(msgspec.Struct, frozen=True, gc=False):
    """Read-only: who asks and why, what time it is, chance by keyed hash, the rest of the family.

    `version` is the actor's before the command. `id()` and `rng` depend on the system's seed, the
    actor and the command's id alone.
    """

    address: str
    version: int
    by: str
    why: str
    command_id: str
    _surroundings: Surroundings
    _draws: Draws | None = None

    @property
    def now(self) -> datetime:
        """The present moment in UTC; not later than the `recorded_at` of what is decided."""
        return self._surroundings.now

    @property
    def rng(self) -> random.Random:
        """A generator for this command; reading the attribute again begins the same draws again."""
        return self._drawing().rng()

    def id(self) -> str:
        """A fresh identifier, 32 hexadecimal digits; each call gives another."""
        return self._drawing().id()

    def member(self, name: str) -> Any:
        """The state of another member: `channel/legal`, or `ROOT` for the family's root."""
        return self._surroundings.member_state(name)

    def _drawing(self) -> Draws:
        if self._draws is None:
            draws = Draws(self._surroundings.seed, self.address, self.command_id)
            msgspec.structs.force_setattr(self, "_draws", draws)
        return self._draws  # type: ignore[return-value]  # set just above
