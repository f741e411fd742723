"""The stored audit trail: who did what, when and why, to be searched by each of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeAlias

from ...events.recorded import Recorded
from ..audit import AuditEntry, summary
from ..projection import StoredProjection
from .times import time_of, time_text

Period: TypeAlias = tuple[datetime | None, datetime | None]
"""From and until, both ends included; None for open."""

Test: TypeAlias = tuple[str, tuple[Any, ...]]
"""A condition in SQL, and the values in it."""

_TABLES = """
CREATE TABLE audit (
    position INTEGER PRIMARY KEY, recorded_at TEXT NOT NULL, happened_at TEXT NOT NULL,
    who TEXT NOT NULL, why TEXT NOT NULL, address TEXT NOT NULL, version INTEGER NOT NULL,
    what TEXT NOT NULL, summary TEXT NOT NULL, command TEXT NOT NULL
);
CREATE INDEX audit_by_who ON audit (who);
CREATE INDEX audit_by_address ON audit (address);
CREATE INDEX audit_by_recorded_at ON audit (recorded_at);
CREATE INDEX audit_by_happened_at ON audit (happened_at);
"""
_ADD = "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def _apply(db: sqlite3.Connection, each: Recorded) -> None:
    db.execute(_ADD, (
        each.position, time_text(each.recorded_at), time_text(each.happened_at), each.by, each.why,
        each.address, each.version, each.name, summary(each.event), each.cause,
    ))  # fmt: skip


audit = StoredProjection(name="audit", tables=_TABLES, apply=_apply)


def trail(
    db: sqlite3.Connection,
    *,
    who: str = "",
    under: str = "",
    what: str = "",
    recorded: Period = (None, None),
    happened: Period = (None, None),
    after: int = 0,
    limit: int | None = None,
    newest_first: bool = False,
) -> Iterator[AuditEntry]:
    """The lines of the trail that fit all of these, in the order of the log or from its end; times
    in UTC.

    `who` is an author; `under` an address, with all that stands below it: a family by its root, a
    kind of roots by its name (`workflow`). `what` is a pattern for wire names (`workflow.*`, `?`
    for one character, `[…]` for one of some). Only lines after the position `after`, and at most
    `limit`. `db` is what the view is read by, and stays open while they are read.
    """
    searched = _under(under) + _happened(happened)
    place = "+position" if searched else "position"  # `+`: by the index of what is searched
    tests = searched + _recorded(place, recorded)
    for test, value in ((f"{place} > ?", after), ("who = ?", who), ("what GLOB ?", what)):
        if value:
            tests.append((test, (value,)))
    order = f"{place} {'DESC' if newest_first else 'ASC'}"
    fit = " AND ".join(test for test, _ in tests) or "TRUE"
    values = (*(value for _, each in tests for value in each), -1 if limit is None else limit)
    for row in db.execute(f"SELECT * FROM audit WHERE {fit} ORDER BY {order} LIMIT ?", values):
        position, recorded_at, happened_at, *rest = row
        yield AuditEntry(position, time_of(recorded_at), time_of(happened_at), *rest)


def _under(address: str) -> list[Test]:
    if not address:
        return []
    below = (address, f"{address}/", f"{address}0")  # "0" is the character after "/"
    return [("(address = ? OR (address > ? AND address < ?))", below)]


def _happened(period: Period) -> list[Test]:
    ends = zip((">=", "<="), period, strict=True)
    return [(f"happened_at {sign} ?", (time_text(end),)) for sign, end in ends if end is not None]


def _recorded(place: str, period: Period) -> list[Test]:
    """Its first and last position: along positions `recorded_at` never runs backwards."""
    found = "SELECT position FROM audit WHERE recorded_at {0} ? ORDER BY recorded_at {1}, position"
    ends = zip((">=", "<="), ("ASC", "DESC"), period, strict=True)
    return [
        (f"{place} {sign} ({found.format(sign, way)} {way} LIMIT 1)", (time_text(end),))
        for sign, way, end in ends
        if end is not None
    ]
