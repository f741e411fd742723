"""Events that were of another shape once, what upcasts them, and rows as they were stored then."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from retold import Behaviour, Log, event, state
from retold.events.upcast import upcast


@event("upcast.priced.v1")
class PricedInEuros:
    """As it was first; kept, and stored no more."""

    euros: Decimal


@event("upcast.priced.v3")
class Priced:
    """As it is."""

    cents: int
    currency: str
    net: int = 0


@event("upcast.renamed_now.v1")
class RenamedNow:
    """What was called otherwise."""

    text: str


@upcast("upcast.priced.v1")
def to_cents(data: dict[str, Any]) -> dict[str, Any]:
    """Another unit, and another type."""
    return {"cents": int(Decimal(data["euros"]) * 100)}


@upcast("upcast.priced.v2")
def with_currency(data: dict[str, Any]) -> dict[str, Any]:
    """One more field, in the very dict that was given."""
    data["currency"] = "EUR" if data["cents"] >= 0 else "?"
    return data


@upcast("upcast.named_once.v4", "upcast.renamed_now.v1")
def renamed(data: dict[str, Any]) -> dict[str, Any]:
    """The fields stay, the event is called otherwise."""
    return data


def row(name: str, data: str, position: int = 7) -> tuple[int, str, int, str, bytes]:
    """A row as an older version of the code left it."""
    state = f'{{"recorded_at":"2026-01-02T03:04:05Z","by":"ada","data":{data},"why":"due"}}'
    return position, "account/a", 2, name, state.encode()


@state
class Till:
    """What came in."""

    cents: int = 0

    def evolve(self, event: Any) -> Till:
        """One more."""
        return Till(self.cents + event.cents)


till = Behaviour("till", Till(), lambda _state, _command, _context: ())


def old_log(rows: int) -> Log:
    """A log into which an older version of the code has written prices of one cent and more."""
    log = Log.open("memory:")
    state = b'{"recorded_at":"2026-01-02T03:04:05Z","by":"ada","data":{"euros":"%s"},"cause":"c%d"}'
    log.journal.write(
        [
            ("till/1", number, "upcast.priced.v1", state % (str(number / 100).encode(), number))
            for number in range(1, rows + 1)
        ]
    )
    return log
