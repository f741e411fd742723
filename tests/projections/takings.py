"""Tills, and two projections of them: what is in each, in tables; how often, in memory."""

from __future__ import annotations

import sqlite3
from collections import Counter
from random import Random
from typing import Any

from retold import ActorSystem, Behaviour, command, event, state
from retold.actors import Context
from retold.events.recorded import Recorded
from retold.projections.projection import Projection, StoredProjection


@event("takings.cash_counted.v1")
class CashCounted:
    """So much came in."""

    cents: int


@command
class Count:
    """Count what came in."""

    cents: int


@state
class Till:
    """What is in it."""

    cents: int = 0

    def evolve(self, event: Any) -> Till:
        """The till after one more event."""
        return Till(self.cents + event.cents)


def decide(_till: Till, command: Count, _context: Context) -> tuple[CashCounted, ...]:
    """Whatever comes in."""
    return (CashCounted(command.cents),)


till = Behaviour("till", Till(), decide)


def _put(db: sqlite3.Connection, each: Recorded) -> None:
    db.execute(
        "INSERT INTO takings VALUES (?, 1, ?) ON CONFLICT (till) "
        "DO UPDATE SET times = times + 1, cents = cents + excluded.cents",
        (each.address, each.event.cents),
    )


takings = StoredProjection(
    name="takings",
    tables="CREATE TABLE takings (till TEXT PRIMARY KEY, times INTEGER, cents INTEGER)",
    apply=_put,
    kinds=("till",),
)


def _tally(view: Counter[str], each: Recorded) -> Counter[str]:
    view[each.address] += 1
    return view


tally = Projection(name="tally", start=Counter, apply=_tally, kinds=("till",))


class Takings:
    """Counts cash at random, and knows what must come of it: by its own sums, not by any log."""

    def __init__(self, seed: int = 0) -> None:
        self._random = Random(seed)
        self.times: Counter[str] = Counter()
        self.cents: Counter[str] = Counter()
        self.position = 0
        """The position of the last."""

    def take(self, system: ActorSystem, count: int) -> None:
        """So many more."""
        for _ in range(count):
            where, cents = f"till/{self._random.randrange(5)}", self._random.randrange(1000)
            answer = system.ref(where).ask(Count(cents), by=f"cashier {cents % 3}", why="day")
            self.times[where] += 1
            self.cents[where] += cents
            self.position = answer.position

    @property
    def rows(self) -> list[tuple[str, int, int]]:
        """What the table must hold."""
        return [(each, self.times[each], self.cents[each]) for each in sorted(self.times)]


def rows(db: sqlite3.Connection) -> list[tuple[str, int, int]]:
    """What the table holds."""
    return db.execute("SELECT * FROM takings ORDER BY till").fetchall()
