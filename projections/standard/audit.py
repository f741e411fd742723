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
_BEHIND_SLASH = "0"
"""The character behind `/`: what begins with `a/` stands before `a0`."""


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
    for one character, `[…]` for one of some). Behind the position `after`, and `limit` at most.
    `db` is what the view is read by, and stays open while they are read.
    """
    tests: list[tuple[str, tuple[Any, ...]]] = [("position > ?", (after,))]
    if who:
        tests.append(("who = ?", (who,)))
    if under:
        below = (under, f"{under}/", f"{under}{_BEHIND_SLASH}")
        tests.append(("(address = ? OR (address > ? AND address < ?))", below))
    if what:
        tests.append(("what GLOB ?", (what,)))
    tests += _within("recorded_at", recorded) + _within("happened_at", happened)
    order = "position DESC" if newest_first else "position"
    statement = f"SELECT * FROM audit WHERE {' AND '.join(test for test, _ in tests)}"
    values = [value for _, each in tests for value in each]
    values.append(-1 if limit is None else limit)
    for row in db.execute(f"{statement} ORDER BY {order} LIMIT ?", values):
        position, recorded_at, happened_at, *rest = row
        yield AuditEntry(position, time_of(recorded_at), time_of(happened_at), *rest)


def _within(column: str, period: Period) -> list[tuple[str, tuple[Any, ...]]]:
    ends = zip((">=", "<="), period, strict=True)
    return [(f"{column} {sign} ?", (time_text(end),)) for sign, end in ends if end is not None]
