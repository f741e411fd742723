"""How a stored view stands, as its own file says, to whoever opens it.

The table `retold_view` has one row: which version of which projection made the view, from which
log, up to which position, and whether it is paused or failed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import attrs

from ..events.side_file import read
from .errors import NotAView

TABLE = (
    "CREATE TABLE retold_view ("
    "name TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, "
    "events INTEGER NOT NULL, told INTEGER NOT NULL, told_at TEXT NOT NULL, "
    "origin TEXT NOT NULL, paused INTEGER NOT NULL, failure TEXT NOT NULL)"
)
THERE = "SELECT 1 FROM sqlite_master WHERE name = 'retold_view'"
STANDING = (
    "SELECT name, version, position, events, told, told_at, origin, paused, failure "
    "FROM retold_view"
)


@attrs.frozen
class Standing:
    """How a stored view stands, as its own file says.

    The last event that it was told stands at `told` and was recorded at `told_at`.
    """

    name: str
    version: int
    position: int
    events: int
    told: int
    told_at: datetime | None
    origin: str
    paused: bool
    failure: str


@contextmanager
def open_view(path: str) -> Iterator[sqlite3.Connection]:
    """A stored view for reading, from any process: a connection that sees it at one position.

    Raises `StorageUnreadable` where nothing is at `path` or it is damaged, `NotAView` where it is
    something else.
    """
    with read(path) as connection:
        if connection.execute(THERE).fetchone() is None:
            raise NotAView(path)
        standing_of(connection)
        yield connection


def check_view(path: str) -> None:
    """Raise for a file that is no whole view, before anything is done to it."""
    with read(path) as connection:
        if connection.execute(THERE).fetchone() is not None:
            standing_of(connection)
        elif connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
            raise NotAView(path)


def standing_of(db: sqlite3.Connection) -> Standing:
    """How the view of a connection stands."""
    return standing_in(db.execute(STANDING).fetchone())


def standing_in(row: tuple[Any, ...]) -> Standing:
    """What the row of `STANDING` says."""
    name, version, position, events, told, told_at, origin, paused, failure = row
    moment = datetime.fromisoformat(told_at) if told_at else None
    return Standing(name, version, position, events, told, moment, origin, bool(paused), failure)
