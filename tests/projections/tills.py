"""Tills, and two projections of them: what is in each, in tables; how often, in memory."""
"""A log whose content is known without reading it, and projections of it with and without bugs."""

from __future__ import annotations

import sqlite3
from collections import Counter
from random import Random
from typing import Any

from retold import ActorSystem, Behaviour, command, event, state
from retold.actors import Context
from retold.events.recorded import Recorded
from retold.projections.projection import Projection, StoredProjection


@event("tills.cash_counted.v1")
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
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from retold import Log, event
from retold.events import Append
from retold.events.recorded import Recorded
from retold.projections.projection import Projection, StoredProjection

PATIENCE = 30.0
TILLS = 50
CHUNK = 100


@event("till.paid.v1")
class Paid:
    """Somebody paid."""

    amount: int


def amount(position: int) -> int:
    """What the event at a position brings."""
    return position * 7919 % 1000 + 1


def address(position: int) -> str:
    """Whose it is: so many in a row of one till, of which every fifth is one for sweets."""
    number = (position - 1) // CHUNK % TILLS
    return f"{'sweets' if number % 5 == 0 else 'till'}/t{number}"


def fill(log: Log, upto: int, after: int = 0) -> None:
    """Write the events behind `after` up to a position; both are multiples of `CHUNK`."""
    for start in range(after, upto, CHUNK):
        paid = tuple(Paid(amount(n)) for n in range(start + 1, start + CHUNK + 1))
        where = address(start + 1)
        log.append(Append(where, log.version(where), paid))


def expected(upto: int, *kinds: str) -> dict[str, tuple[int, int]]:
    """How many events and how much each till has up to a position, by arithmetic alone."""
    events, sums = Counter[str](), Counter[str]()
    for position in range(1, upto + 1):
        where = address(position)
        if not kinds or where.split("/")[0] in kinds:
            events[where] += 1
            sums[where] += amount(position)
    return {where: (events[where], sums[where]) for where in events}


Trap = Callable[[Recorded], None]
"""What a bug is: raises at some event."""


def no_trap(each: Recorded) -> None:
    """No bug."""


def at(position: int) -> Trap:
    """A bug at one event."""

    def spring(each: Recorded) -> None:
        if each.position == position:
            raise ZeroDivisionError(f"the bug at {position}")

    return spring


def in_memory(trap: Trap = no_trap, name: str = "memory", *kinds: str) -> Projection:
    """Into a dictionary that is changed in place: half of a change is made before the bug."""

    def apply(view: dict[str, list[int]], each: Recorded) -> dict[str, list[int]]:
        counted = view.setdefault(each.address, [0, 0])
        counted[0] += 1
        trap(each)
        counted[1] += each.event.amount
        return view

    return Projection(name=name, start=dict, apply=apply, kinds=kinds)


TABLES = "CREATE TABLE tills (address TEXT PRIMARY KEY, events INTEGER, sum INTEGER)"
COUNT = "INSERT INTO tills VALUES (?, 1, 0) ON CONFLICT (address) DO UPDATE SET events = events + 1"
ADD = "UPDATE tills SET sum = sum + ? WHERE address = ?"


def stored(
    trap: Trap = no_trap, name: str = "stored", *kinds: str, version: int = 1
) -> StoredProjection:
    """Into a table, in two steps with the bug between them."""

    def apply(db: Any, each: Recorded) -> None:
        db.execute(COUNT, (each.address,))
        trap(each)
        db.execute(ADD, (each.event.amount, each.address))

    return StoredProjection(name=name, tables=TABLES, apply=apply, kinds=kinds, version=version)


def seen(view: Any) -> dict[str, tuple[int, int]]:
    """What a view says."""
    if isinstance(view, dict):
        return {where: (counted[0], counted[1]) for where, counted in view.items()}
    return {where: (events, total) for where, events, total in view.execute("SELECT * FROM tills")}


def in_file(path: Path) -> tuple[dict[str, tuple[int, int]], int, str]:
    """What the file of a view says by plain SQL: the tills, its place, and its failure."""
    with closing(sqlite3.connect(path)) as db:
        place, failure = db.execute("SELECT position, failure FROM retold_view").fetchone()
        return seen(db), place, failure
