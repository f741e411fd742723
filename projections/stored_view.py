"""A view in an SQLite file of its own: its tables, and the place that it stands at, in one.

Events and place are changed in one transaction, so a crash leaves both or neither, and each event
counts once.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from itertools import repeat
from typing import Any

from ..events.errors import RetoldError
from ..events.following.follower import Batch
from ..events.recorded import Recorded
from ..events.side_file import MEMORY, STORAGE, SideFile, remove
from .errors import BadTables, ProjectionFailed, ViewInUse
from .projection import StoredProjection
from .standing import STANDING, TABLE, THERE, Standing, check_view, standing_in
from .view import View, faults

_MOVE = "UPDATE retold_view SET position = ?, events = events + ? WHERE position = ?"
_TOLD = "UPDATE retold_view SET told = ?, told_at = ?"


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
            check_view(path)
        self.file = SideFile(path, "")
        try:
            self._make()
            self._refresh()
        except BaseException:
            self.close()
            raise

    def _make(self) -> None:
        with self.file.changing() as db:
            if db.execute(THERE).fetchone() is None:
                db.execute(TABLE)
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
        return standing_in(self.file.find(STANDING))

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
            try:
                self._take(batch.events, batch.upto)
            except ProjectionFailed as failed:
                self._take_up_to(failed, batch)
        except BaseException:
            with suppress(RetoldError, sqlite3.Error):
                self._refresh()  # an interrupt leaves open whether that was committed
            raise

    def _take_up_to(self, failed: ProjectionFailed, batch: Batch) -> None:
        """Take what stands before the event that failed, and raise; of a piece told as one nobody
        knows which it was."""
        if self.projection.apply is None and len(batch.events) > 1:
            for each in batch.events:
                self._take([each], each.position)
            self._take([], batch.upto)
            return
        good = [each for each in batch.events if each.position < failed.position]
        if good:
            self._take(good, good[-1].position)
        raise failed

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
        for apply, told in self._calls(events):
            try:
                apply(db, told)
            except faults() as error:
                raise self._failed(told, error) from error
            if not db.in_transaction:  # by a statement that says OR ROLLBACK
                reason = sqlite3.ProgrammingError("it rolled back the transaction that it is in")
                raise self._failed(told, reason)

    def _calls(self, events: list[Recorded]) -> Iterable[tuple[Callable[[Any, Any], None], Any]]:
        """What is to be called with what: once an event, or once for all of them."""
        if self.projection.apply is not None:
            return zip(repeat(self.projection.apply), events)
        if self.projection.apply_all is not None and events:
            return [(self.projection.apply_all, events)]
        return ()

    def _failed(self, told: Recorded | list[Recorded], error: BaseException) -> ProjectionFailed:
        first = told if isinstance(told, Recorded) else told[0]
        return ProjectionFailed(self.projection.name, first, error)

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


def rebuilt_path(path: str) -> str:
    """Where a view is made anew before it takes the place of the old one."""
    return f"{path}-rebuilt"
