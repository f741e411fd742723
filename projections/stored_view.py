"""A view in an SQLite file of its own: its tables, and the place that it stands at, in one.

The table `retold_view` has one row: which version of which projection made the view, from which
log, up to which position, and how it stands. Events and place are changed in one transaction, so a
crash leaves both or neither, and each event counts once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import datetime
from typing import Any

import attrs

from ..events.errors import RetoldError
from ..events.following.follower import Batch
from ..events.recorded import Recorded
from ..events.side_file import MEMORY, STORAGE, SideFile, read, remove
from .errors import BadTables, NotAView, ProjectionFailed, ViewInUse
from .projection import StoredProjection
from .view import View, faults

_TABLE = (
    "CREATE TABLE retold_view ("
    "name TEXT NOT NULL, version INTEGER NOT NULL, position INTEGER NOT NULL, "
    "events INTEGER NOT NULL, told INTEGER NOT NULL, told_at TEXT NOT NULL, "
    "origin TEXT NOT NULL, paused INTEGER NOT NULL, failure TEXT NOT NULL)"
)
_THERE = "SELECT 1 FROM sqlite_master WHERE name = 'retold_view'"
_STANDING = (
    "SELECT name, version, position, events, told, told_at, origin, paused, failure "
    "FROM retold_view"
)
_MOVE = "UPDATE retold_view SET position = ?, events = events + ? WHERE position = ?"
_TOLD = "UPDATE retold_view SET told = ?, told_at = ?"


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


class StoredView:
    """The tables of one projection. Safe to use from many threads; one runner changes it."""

    def __init__(self, projection: StoredProjection, path: str, origin: str) -> None:
        """Open the view at `path`, or make it empty.

        Raises `StorageFailed` and `BadTables`; `StorageUnreadable` and `NotAView` for what is there
        and is no whole view: it is left untouched.
        """
        self.path = path
        self.projection = projection
        self._origin = origin
        if path != MEMORY and os.path.exists(path) and os.path.getsize(path):
            _look(path)
        self.file = SideFile(path, "")
        try:
            self._make()
            self._refresh()
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        with self.file.changing() as db:
            if db.execute(_THERE).fetchone() is None:
                db.execute(_TABLE)
                self._make_tables(db)
                made = (self.projection.name, self.projection.version, self._origin)
                db.execute("INSERT INTO retold_view VALUES (?, ?, 0, 0, 0, '', ?, 0, '')", made)

    def _make_tables(self, db: sqlite3.Connection) -> None:
        statement = self.projection.tables
        try:
            with _unending(db):
                for statement in statements(self.projection.tables):
                    db.execute(statement)
        except (sqlite3.Error, ValueError) as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in STORAGE:
                raise
            raise BadTables(self.projection.name, statement.strip("\n\t ;"), error) from error

    def _refresh(self) -> None:
        standing = self.standing()
        self.position, self.events = standing.position, standing.events

    def standing(self) -> Standing:
        """How it stands."""
        return _standing(self.file.find(_STANDING))

    def note(self, *, paused: bool, failure: str) -> None:
        """Keep whether it is paused, and its failure, for others to see and for the next runner."""
        with self.file.changing() as db:
            db.execute("UPDATE retold_view SET paused = ?, failure = ?", (paused, failure))

    def sign(self, origin: str) -> None:
        """Say from which log it is made, where that was not known yet."""
        with self.file.changing() as db:
            db.execute("UPDATE retold_view SET origin = ?", (origin,))
        self._origin = origin

    def take(self, batch: Batch) -> None:
        """Take a batch in one transaction; up to the first event that fails."""
        try:
            self._take(batch.events, batch.upto)
        except ProjectionFailed as failed:
            good = [each for each in batch.events if each.position < failed.position]
            if good:
                self._take(good, good[-1].position)
            raise
        except BaseException:
            with suppress(RetoldError, sqlite3.Error):
                self._refresh()  # an interrupt leaves open whether that was committed
            raise

    def _take(self, events: list[Recorded], upto: int) -> None:
        with self.file.changing() as db:
            with _unending(db):
                self._apply(db, events)
            if not db.execute(_MOVE, (upto, len(events), self.position)).rowcount:
                raise ViewInUse(self.projection.name, self.path, "another runner, by its place")
            if events:
                db.execute(_TOLD, (events[-1].position, events[-1].recorded_at.isoformat()))
        self.position = upto
        self.events += len(events)

    def _apply(self, db: sqlite3.Connection, events: list[Recorded]) -> None:
        apply = self.projection.apply
        for each in events:
            try:
                apply(db, each)
            except faults() as error:
                raise ProjectionFailed(self.projection.name, each, error) from error
            if not db.in_transaction:  # by a statement that says OR ROLLBACK
                reason = sqlite3.ProgrammingError("it rolled back the transaction that it is in")
                raise ProjectionFailed(self.projection.name, each, reason)

    def reading(self) -> AbstractContextManager[sqlite3.Connection]:
        """A connection that only reads, and sees the view as it stands at one position."""
        return self.file.reading()

    def whole(self) -> AbstractContextManager[None]:
        """Nothing to do: its transactions see to that."""
        return nullcontext()

    def use(self, projection: Any) -> None:
        """Go on with other code, which must be of the same version."""
        if projection.version != self.projection.version:
            reason = f"its tables are of version {self.projection.version}: rebuild it"
            raise ValueError(f"{projection!r} cannot go on with this view: {reason}")
        self.projection = projection

    def fresh(self, projection: Any = None) -> StoredView:
        """An empty view beside it; what is left of an earlier one is removed."""
        beside = self.path if self.path == MEMORY else rebuilt_path(self.path)
        if beside != MEMORY:
            remove(beside)
        try:
            return StoredView(projection or self.projection, beside, self._origin)
        except BaseException:
            if beside != MEMORY:
                remove(beside)
            raise

    def replace_by(self, other: View) -> None:
        """Become another, in one transaction that whoever reads sees whole."""
        if not isinstance(other, StoredView):
            raise TypeError(f"a stored view is replaced by a stored one, not by {other!r}")
        self.file.replace_by(other.file)
        self.projection = other.projection
        self._refresh()
        other.discard()

    def discard(self) -> None:
        """Close it and remove its file."""
        self.close()
        if self.path != MEMORY:
            remove(self.path)

    def close(self) -> None:
        """Close it; a second call does nothing."""
        self.file.close()


@contextmanager
def _unending(db: sqlite3.Connection) -> Iterator[None]:
    """Forbid statements within the block to begin or end a transaction: they are "not
    authorized"."""
    db.set_authorizer(_allowed)
    try:
        yield
    finally:
        db.set_authorizer(None)


def _allowed(action: int, *_: str | None) -> int:
    return sqlite3.SQLITE_DENY if action == sqlite3.SQLITE_TRANSACTION else sqlite3.SQLITE_OK


def statements(script: str) -> Iterator[str]:
    """The statements of a script, one by one: so that they can be run inside a transaction."""
    so_far = ""
    *pieces, last = script.split(";")
    for piece in (*(f"{each};" for each in pieces), f"{last}\n;"):  # a comment may come last
        so_far += piece
        if sqlite3.complete_statement(so_far):
            if so_far.strip(" \n\t;"):
                yield so_far
            so_far = ""
    if so_far.strip(" \n\t;"):
        raise ValueError(f"this is no whole SQL statement: {so_far.strip()!r}")


@contextmanager
def open_view(path: str) -> Iterator[sqlite3.Connection]:
    """A stored view for reading, from any process: a connection that sees it at one position.

    Raises `StorageUnreadable` where nothing is at `path` or it is damaged, `NotAView` where it is
    something else.
    """
    with read(path) as connection:
        if connection.execute(_THERE).fetchone() is None:
            raise NotAView(path)
        standing_of(connection)
        yield connection


def _look(path: str) -> None:
    """Raise for a file that is no whole view, before anything is done to it."""
    with read(path) as connection:
        if connection.execute(_THERE).fetchone() is not None:
            standing_of(connection)
        elif connection.execute("SELECT 1 FROM sqlite_master").fetchone() is not None:
            raise NotAView(path)


def rebuilt_path(path: str) -> str:
    """Where a view is made anew before it takes the place of the old one."""
    return f"{path}-rebuilt"


def standing_of(db: sqlite3.Connection) -> Standing:
    """How the view of a connection stands."""
    return _standing(db.execute(_STANDING).fetchone())


def _standing(row: tuple[Any, ...]) -> Standing:
    name, version, position, events, told, told_at, origin, paused, failure = row
    moment = datetime.fromisoformat(told_at) if told_at else None
    return Standing(name, version, position, events, told, moment, origin, bool(paused), failure)
