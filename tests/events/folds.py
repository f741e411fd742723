"""States of many shapes, each of which a snapshot must give back as it is."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import attrs

from retold import event, state
from retold.events.document import Document, FrozenObject, apply, diff, frozen
from retold.events.names import wire_name


@event("folds.moved.v1")
class Moved:
    """The next event of whatever it is told to."""

    n: int


class Colour(enum.Enum):
    """One of a few."""

    RED = "red"
    BLUE = "blue"


@attrs.frozen
class Line:
    """A part with a document of its own."""

    label: str
    document: Document = attrs.field(factory=FrozenObject)


@state
class Plain:
    """Leaves of every type."""

    text: str = ""
    count: int = 0
    ratio: float = 0.0
    money: Decimal = Decimal(0)
    raw: bytes = b""
    id: UUID = UUID(int=0)
    at: dt.datetime | None = None
    colour: Colour = Colour.RED

    def evolve(self, event: Any) -> Plain:
        """Says how far it came."""
        return Plain(self.text, event.n)


@state
class Nested:
    """Containers and documents, at the top and further down."""

    lines: tuple[Line, ...] = ()
    by_name: dict[str, Line] = attrs.field(factory=dict)
    tags: frozenset[str] = frozenset()
    loose: dict[str, Any] = attrs.field(factory=dict)
    numbers: dict[int, tuple[int, ...]] = attrs.field(factory=dict)
    phase: Literal["open", "shut"] = "open"

    def evolve(self, event: Any) -> Nested:
        """Nothing changes."""
        return self


@state
class Waiting:
    """The first of three phases."""

    moved: int = 0

    def evolve(self, event: Any) -> Waiting | Running:
        """Starts at the third event."""
        return Waiting(self.moved + 1) if self.moved < 2 else Running(frozen({"n": event.n}))


@state
class Running:
    """The second, which only the first names."""

    document: Document

    def evolve(self, event: Any) -> Running | Done:
        """Ends at 9."""
        if event.n == 9:
            return Done(self.document["n"], (Colour.BLUE,))
        return Running(
            apply(self.document, diff(self.document, {"n": event.n, "was": self.document}))
        )


@state
class Done:
    """The last."""

    result: int
    colours: tuple[Colour, ...]

    def evolve(self, event: Any) -> Done:
        """Nothing changes any more."""
        return self


def elsewhere() -> type:
    """A state class that no evolve names."""

    @state
    class Stranger:
        count: int = 0

        def evolve(self, event: Any) -> Any:
            return self

    return Stranger


NAME = wire_name(Moved)
