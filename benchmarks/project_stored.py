"""project_stored: events a second that a stored projection takes, balance and place in one file.

Ours by the runner, told a piece at a time, from opening to the last event in the table. Peer: the
library's tracking recorder for SQLite with such a table beside it, one transaction an event, as its
projections are written; events are read at once, before they are decoded one by one.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import Any

from eventsourcing.persistence import Tracking
from eventsourcing.sqlite import SQLiteCursor, SQLiteDatastore, SQLiteTrackingRecorder

from retold import Log
from retold.projections.runner import Projections

from . import balances, bank, files, ledger, library
from .measure import Benchmark, Sample, Scale, stopped


def ours(folder: Path, scale: Scale) -> Sample:
    """Events a second."""
    count = scale.of(100_000, 2_000)
    ledger.write_ours(folder, count)
    start = perf_counter()
    with (
        Log.open(bank.url(folder), read_only=True) as log,
        Projections(log, balances.STORED) as projections,
    ):
        projections.wait(balances.NAME, count)
        seconds = perf_counter() - start
    balances.check(folder, count)
    return Sample(count / seconds, count, files.rows(folder / "ours.db"))


class Balances(SQLiteTrackingRecorder):
    """The library's way of keeping a view and its place together."""

    def create_table(self) -> None:
        """The table of places, and ours."""
        super().create_table()
        with self.datastore.transaction(commit=True) as cursor:
            cursor.execute("CREATE TABLE balances (account TEXT PRIMARY KEY, cents INTEGER)")

    def add(self, event: Any, tracking: Tracking) -> None:
        """One event."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            self._add(cursor, event)

    def _add(self, cursor: SQLiteCursor, event: Any) -> None:
        cursor.execute(
            "INSERT INTO balances VALUES (?, ?) "
            "ON CONFLICT (account) DO UPDATE SET cents = cents + excluded.cents",
            (str(event.originator_id), int(event.amount * 100)),
        )


def peer(folder: Path, scale: Scale) -> Sample:
    """Events a second of the library."""
    count, taken = scale.of(20_000, 1_000), 0
    ledger.write_peer(folder, count)
    view = Balances(SQLiteDatastore(str(folder / "view.db")))
    view.create_table()
    start = perf_counter()
    with library.application(folder) as app:
        for each in stopped(app.recorder.select_notifications(1, count)):
            view.add(app.mapper.to_domain_event(each), Tracking(app.name, each.id))
            taken += 1
        seconds = perf_counter() - start
    assert view.max_tracking_id("Application") == taken
    return Sample(taken / seconds, count, files.rows(folder / "peer.db"))


BENCHMARK = Benchmark(
    name="project_stored",
    unit="events/s",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} SQLiteTrackingRecorder, one transaction an event",
    target="value >= 40000",
    rounds=3,
)
