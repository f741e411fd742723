"""The same account on the `eventsourcing` library: aggregates, its SQLite module, as it comes.

Its events carry what ours carry: amount, by and why; id, version and time the library adds itself,
as ours adds address, version, time and the command's id.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.sqlite import SQLiteApplicationRecorder

LEVELS = ("OFF", "NORMAL", "FULL", "EXTRA")
NAME = "eventsourcing"


class Account(Aggregate):
    """An account as that library writes it."""

    @event("Opened")
    def __init__(self) -> None:
        self.balance = Decimal(0)

    @event("Deposited")
    def deposit(self, amount: Decimal, by: str, why: str) -> None:
        """Let money come in."""
        self.balance += amount


def application(folder: Path) -> Application[UUID]:
    """An application over a file in a folder."""
    settings = {
        "PERSISTENCE_MODULE": "eventsourcing.sqlite",
        "SQLITE_DBNAME": str(folder / "peer.db"),
    }
    return Application[UUID](env=settings)


def pragmas(app: Application[UUID]) -> dict[str, str]:
    """How durable its writer is, read back from the connection that it writes with."""
    recorder = app.recorder
    assert isinstance(recorder, SQLiteApplicationRecorder)
    with recorder.datastore.transaction(commit=True) as cursor:
        cursor.execute("PRAGMA journal_mode")
        mode = cursor.fetchone()
        cursor.execute("PRAGMA synchronous")
        level = cursor.fetchone()
    return {"journal_mode": mode[0], "synchronous": LEVELS[level[0]]}
