"""A log whose content is known without reading it, and projections of it with and without bugs."""

from __future__ import annotations

import sqlite3
from collections import Counter
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
    """Write the events after `after` up to a position; both are multiples of `CHUNK`."""
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
