"""One table of events in an SQLite file: append to it, read it in short pieces.

Every piece is a query of its own that starts after the last row of the one before, so a reader
never holds a read transaction between two rows, and the WAL can be folded in under it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from functools import partial
from typing import Any

from eventsourcing.persistence import IntegrityError, Tracking

from ..journal import Due, Row, SnapshotRow, StoredRow
from ..log_errors import CorruptedRow
from . import dues, packing, schema, snapshots
from .connections import Connections
from .listeners import Listeners

PIECE = 1000
_MOST = 2**63 - 1

_BY_VERSION = (
    "originator_id = ? AND originator_version > ? AND originator_version <= ? "
    f"ORDER BY originator_version LIMIT {PIECE}"
)
_BY_POSITION = f"position > ? AND position <= ? ORDER BY position LIMIT {PIECE}"
_TRACK = (
    "INSERT INTO tracking VALUES (?, ?) "
    "ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id "
    "WHERE tracking.notification_id < excluded.notification_id"
)
_WAITING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM)


class SqliteTable:
    """The rows of one table, and the file's tracking."""

    def __init__(self, connections: Connections, table: str = schema.EVENTS) -> None:
        if '"' in table:
            raise ValueError(f"{table!r} cannot be the name of a table")
        self.connections = connections
        self._table = f'"{table}"'
        self._inserts = packing.insert_statements(table)
        self._select = f"SELECT {packing.SELECTED} FROM {self._table} WHERE "
        self._select_one = f"SELECT {packing.SELECTED_OF_ONE} FROM {self._table} WHERE "

    @property
    def path(self) -> str:
        """The file."""
        return self.connections.path

    @property
    def listeners(self) -> Listeners:
        """Who is woken after a commit."""
        return self.connections.listeners

    def append(
        self, rows: Sequence[Row], tracking: Tracking | None = None, due: Sequence[Due] = ()
    ) -> range:
        """Store rows, tracking and due times together, durably, or nothing; give positions."""
        if not rows and tracking is None and not due:
            return range(0)
        values = packing.packed(rows) if rows else []
        if tracking is None and not due and len(rows) <= packing.LARGEST:
            positions = self.connections.write_at_once(partial(self._insert, values))
        else:
            positions = self.connections.write(partial(self._insert_all, values, tracking, due))
        self.listeners.notify()
        return positions if rows else range(0)

    def _insert(self, values: list[Any], connection: sqlite3.Connection, fence: int) -> range:
        return packing.insert(connection, self._inserts, values, fence)

    def _insert_all(
        self,
        values: list[Any],
        tracking: Tracking | None,
        due: Sequence[Due],
        connection: sqlite3.Connection,
        fence: int,
    ) -> range:
        """Insert more than one statement's worth, inside a transaction."""
        positions = range(0)
        for portion in packing.portions(values):
            stored = self._insert(portion, connection, fence)
            positions = range(positions.start or stored.start, stored.stop)
        if tracking is not None:
            _track(connection, tracking)
        dues.store(connection, due)
        return positions

    def dues(self) -> Iterator[tuple[str, datetime]]:
        """The due times, the earliest first."""
        with self.connections.reading() as connection:
            return iter(dues.load(connection))

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> None:
        """Keep each in place of its address's one before."""
        self.connections.write(lambda connection, _: snapshots.save(connection, rows))

    def snapshot(self, address: str) -> SnapshotRow | None:
        """The snapshot of an address; None also where the table is missing or cannot be read."""
        with suppress(sqlite3.Error), self.connections.reading() as connection:
            return snapshots.load(connection, address)
        return None

    def drop_snapshots(self, addresses: Sequence[str] | None) -> None:
        """Forget those of these addresses, or all."""
        self.connections.write(lambda connection, _: snapshots.drop(connection, addresses))

    def rows(self, address: str, after: int, upto: int | None) -> Iterator[StoredRow]:
        """The rows of one address with `after < version <= upto`, by version."""

        def check(fetched: list[Any]) -> list[StoredRow]:
            return packing.checked_of_one(address, fetched)

        last = _MOST if upto is None else upto
        while True:
            values = (address, after, last)
            piece, flaw = self._piece(self._select_one, _BY_VERSION, values, check)
            yield from piece
            if flaw is not None:
                raise flaw
            if len(piece) < PIECE:
                return
            after = piece[-1][2]

    def scan(self, after: int, upto: int | None) -> Iterator[StoredRow]:
        """The rows with `after < position <= upto`, by position."""
        last = _MOST if upto is None else upto
        while True:
            piece, flaw = self._piece(self._select, _BY_POSITION, (after, last))
            yield from piece
            if flaw is not None:
                raise flaw
            if len(piece) < PIECE:
                return
            after = piece[-1][0]

    def page(
        self,
        address: str,
        after: int | None = None,
        upto: int | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[StoredRow]:
        """At most `limit` rows of one address with `after < version <= upto`, from either end."""
        where = "originator_id = ?"
        values: list[Any] = [address]
        if after is not None:
            where += " AND originator_version > ?"
            values.append(after)
        if upto is not None:
            where += " AND originator_version <= ?"
            values.append(upto)
        where += " ORDER BY originator_version" + (" DESC" if descending else "")
        return self._select_all(f"{where} LIMIT ?", [*values, -1 if limit is None else limit])

    def notices(
        self, after: int, upto: int | None, names: Sequence[str], limit: int
    ) -> list[StoredRow]:
        """At most `limit` rows with `after < position <= upto`, of these wire names if any."""
        where = "position > ? AND position <= ?"
        if names:
            where += f" AND topic IN ({','.join('?' * len(names))})"
        last = _MOST if upto is None else upto
        return self._select_all(f"{where} ORDER BY position LIMIT ?", [after, last, *names, limit])

    def last_position(self) -> int:
        """The highest position stored, 0 for none."""
        return int(self._one(f"SELECT max(position) FROM {self._table}", ()) or 0)

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        statement = f"SELECT max(originator_version) FROM {self._table} WHERE originator_id = ?"
        return int(self._one(statement, (address,)) or 0)

    def addresses(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        # No byte of UTF-8 is 0xFF: this text comes right after all that start with the prefix.
        end = prefix.encode() + b"\xff"
        after, compare = prefix, ">="
        while True:
            statement = (
                f"SELECT originator_id, max(originator_version) FROM {self._table} "
                f"WHERE originator_id {compare} ? AND originator_id < CAST(? AS TEXT) "
                f"GROUP BY originator_id LIMIT {PIECE}"
            )
            with self.connections.reading() as connection:
                piece = connection.execute(statement, (after, end)).fetchall()
            yield from piece
            if len(piece) < PIECE:
                return
            after, compare = piece[-1][0], ">"

    def track(self, tracking: Tracking) -> None:
        """Move one tracking forward. Raises IntegrityError where it would not move."""
        self.connections.write(lambda connection, _: _track(connection, tracking))

    def tracked(self, application: str) -> int | None:
        """How far one application got, None if it never was here."""
        statement = "SELECT notification_id FROM tracking WHERE application_name = ?"
        found = self._one(statement, (application,))
        return None if found is None else int(found)

    def _select_all(self, where: str, values: Sequence[Any]) -> list[StoredRow]:
        piece, flaw = self._piece(self._select, where, values)
        if flaw is not None:
            raise flaw
        return piece

    def _one(self, statement: str, values: Sequence[Any]) -> Any:
        with self.connections.reading() as connection:
            row = connection.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def _piece(
        self,
        select: str,
        where: str,
        values: Sequence[Any],
        check: Callable[[list[Any]], list[StoredRow]] = packing.checked,
    ) -> tuple[list[StoredRow], CorruptedRow | None]:
        try:
            with self.connections.reading() as connection:
                fetched = connection.execute(select + where, values).fetchall()
            good = check(fetched)
            if len(good) == len(fetched):
                return good, None
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _WAITING:
                raise
        except TypeError:
            pass  # a state that is no bytes: found again below, and named
        return self._salvage(self._select + where, values)

    def _salvage(
        self, statement: str, values: Sequence[Any]
    ) -> tuple[list[StoredRow], CorruptedRow | None]:
        """The same piece row by row: what can be read up to the first that cannot."""
        good: list[StoredRow] = []
        with self.connections.reading() as connection:
            try:
                with closing(connection.execute(statement, values)) as cursor:
                    for row in cursor:
                        wrong = packing.flaw(row)
                        if wrong:
                            return good, CorruptedRow(row[0], row[1], row[2], wrong)
                        good.append(row[:5])
            except sqlite3.Error as error:
                return good, _behind(good, values, str(error))
        return good, None


def _behind(good: list[StoredRow], values: Sequence[Any], reason: str) -> CorruptedRow:
    """The row that cannot be read at all, named by the question and the last row that could be."""
    asked, last = values[0], good[-1] if good else None
    if isinstance(asked, str):
        return CorruptedRow(0, asked, (last[2] if last else int(values[1])) + 1, reason)
    return CorruptedRow((last[0] if last else int(asked)) + 1, "unknown", 0, reason)


def _track(connection: sqlite3.Connection, tracking: Tracking) -> None:
    values = (tracking.application_name, tracking.notification_id)
    if connection.execute(_TRACK, values).rowcount < 1:
        raise IntegrityError(f"{values[0]} is already at {values[1]} or beyond")
