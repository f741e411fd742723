"""The balance of each account, as a projection in memory and as a stored one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

from retold.events.recorded import Recorded
from retold.projections.projection import Projection, StoredProjection

from . import bank

NAME = "balances"
CENTS = int(bank.AMOUNT * 100)


def _add(view: dict[str, Decimal], each: Recorded) -> dict[str, Decimal]:
    view[each.address] = view.get(each.address, Decimal(0)) + each.event.amount
    return view


def _add_stored(db: Any, each: Recorded) -> None:
    db.execute(
        "INSERT INTO balances VALUES (?, ?) "
        "ON CONFLICT (address) DO UPDATE SET cents = cents + excluded.cents",
        (each.address, int(each.event.amount * 100)),
    )


MEMORY = Projection(name=NAME, start=dict, apply=_add)
STORED = StoredProjection(
    name=NAME,
    tables="CREATE TABLE balances (address TEXT PRIMARY KEY, cents INTEGER) WITHOUT ROWID",
    apply=_add_stored,
)


def check(folder: Path, deposits: int) -> None:
    """The view's file holds them all, by plain sqlite3."""
    with closing(sqlite3.connect(folder / "ours.db-views" / f"{NAME}.db")) as connection:
        (cents,) = connection.execute("SELECT sum(cents) FROM balances").fetchone()
    assert cents == deposits * CENTS, f"{cents} cents of {deposits} deposits"
