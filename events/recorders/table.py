"""One table of events in an SQLite file: what is written to it, and to the tables beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any

from eventsourcing.persistence import IntegrityError, Tracking

from ..journal import Due, Row, SnapshotRow
from . import dues, packing, schema, snapshots
from .connections import Connections
from .listeners import Listeners
from .reader import TableReader

_TRACK = (
    "INSERT INTO tracking VALUES (?, ?) "
    "ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id "
    "WHERE tracking.notification_id < excluded.notification_id"
)


class SqliteTable(TableReader):
    """The rows of one table, and the file's tracking."""

    def __init__(self, connections: Connections, table: str = schema.EVENTS) -> None:
        if '"' in table:
            raise ValueError(f"{table!r} cannot be the name of a table")
        super().__init__(connections, table)
        self._inserts = packing.insert_statements(table)

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

    def track(self, tracking: Tracking) -> None:
        """Move one tracking forward. Raises IntegrityError where it would not move."""
        self.connections.write(lambda connection, _: _track(connection, tracking))

    def tracked(self, application: str) -> int | None:
        """How far one application got, None if it never was here."""
        statement = "SELECT notification_id FROM tracking WHERE application_name = ?"
        found = self._one(statement, (application,))
        return None if found is None else int(found)


def _track(connection: sqlite3.Connection, tracking: Tracking) -> None:
    values = (tracking.application_name, tracking.notification_id)
    if connection.execute(_TRACK, values).rowcount < 1:
        raise IntegrityError(f"{values[0]} is already at {values[1]} or beyond")
