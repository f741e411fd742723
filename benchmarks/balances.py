"""The balance of each account, as a projection in memory and as a stored one."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Sequence
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


def _add_stored(db: Any, events: Sequence[Recorded]) -> None:
    cents: Counter[str] = Counter()
    for each in events:
        cents[each.address] += int(each.event.amount * 100)
    db.execute(
        "INSERT INTO balances SELECT key, value FROM json_each(?) WHERE true "
        "ON CONFLICT (address) DO UPDATE SET cents = cents + excluded.cents",
        (json.dumps(cents),),
    )


MEMORY = Projection(name=NAME, start=dict, apply=_add)
STORED = StoredProjection(
    name=NAME,
    tables="CREATE TABLE balances (address TEXT PRIMARY KEY, cents INTEGER) WITHOUT ROWID",
    apply_all=_add_stored,
)


def check(folder: Path, deposits: int) -> None:
    """The view's file holds them all, by plain sqlite3."""
    with closing(sqlite3.connect(folder / "ours.db-views" / f"{NAME}.db")) as connection:
        (cents,) = connection.execute("SELECT sum(cents) FROM balances").fetchone()
    assert cents == deposits * CENTS, f"{cents} cents of {deposits} deposits"
