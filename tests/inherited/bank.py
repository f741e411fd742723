"""An application of the `eventsourcing` library, as somebody may have it: accounts and parcels."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

START = datetime(2020, 2, 29, 12, tzinfo=UTC)


class Account(Aggregate):
    """Money of somebody; events carry decimals, texts and moments."""

    @event("Opened")
    def __init__(self, owner: str, since: datetime) -> None:
        self.owner = owner
        self.since = since
        self.balance = Decimal(0)

    @event("Deposited")
    def deposit(self, amount: Decimal) -> None:
        """Put money in."""
        self.balance += amount

    @event("Withdrawn")
    def withdraw(self, amount: Decimal) -> None:
        """Take money out."""
        self.balance -= amount


class Crate(Aggregate):
    """What is sent; events carry ids of others and nested values."""

    @event("Packed")
    def __init__(self, of: UUID, things: list[str]) -> None:
        self.of = of
        self.things = things
        self.stops: list[str] = []

    @event("Moved")
    def move(self, to: str, by: str) -> None:
        """Bring it somewhere."""
        self.stops.append(f"{to} ({by})")


class Bank(Application[UUID]):
    """Keeps both kinds, and snapshots of the accounts."""

    snapshotting_intervals: ClassVar[dict[type, int]] = {Account: 3}


def settings(folder: Path, **more: str) -> dict[str, str]:
    """What the application ran with."""
    file = str(folder / "bank.db")
    return {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": file, **more}


def history(app: Bank, seed: int, saves: int = 30) -> list[UUID]:
    """Let a random history happen: a few events a save, some of them of several aggregates."""
    draw = random.Random(seed)
    accounts = [Account(owner=f"Ömer {n}", since=START + timedelta(n)) for n in range(3)]
    crates = [Crate(of=accounts[0].id, things=["a", "b" * n]) for n in range(2)]
    everyone: list[Any] = [*accounts, *crates]
    for _ in range(saves):
        chosen = draw.sample(everyone, draw.randint(1, 2))
        for each in chosen * draw.randint(1, 3):
            _happen(each, draw)
        app.save(*chosen)
    app.save(*everyone)
    return [each.id for each in everyone]


def _happen(each: Any, draw: random.Random) -> None:
    if isinstance(each, Crate):
        each.move(to=draw.choice(["Oslo", "Łódź"]), by=draw.choice(["ann", "bo"]))
    elif draw.random() < 0.5:
        each.deposit(Decimal(draw.randint(1, 10_000)) / 100)
    else:
        each.withdraw(Decimal(draw.randint(1, 100)))
