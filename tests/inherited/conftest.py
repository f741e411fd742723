"""A bank of the library with a little history, and its old database as a value."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest

from retold.events.inherited import Inherited

from . import bank, heirs


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    """What the application ran with."""
    return bank.settings(tmp_path)


@pytest.fixture
def alice(settings: dict[str, str]) -> UUID:
    """An account that the library stored: opened, 10 in, 3 out; and a crate of hers, moved."""
    app = bank.Bank(env=settings)
    account = bank.Account(owner="alice", since=bank.START)
    account.deposit(Decimal(10))
    account.withdraw(Decimal(3))
    crate = bank.Crate(of=account.id, things=["hat"])
    crate.move(to="Oslo", by="ann")
    app.save(account)
    app.save(crate)
    app.close()
    return account.id


@pytest.fixture
def database(settings: dict[str, str], alice: UUID) -> Inherited:
    """Her database, as actors of today read it."""
    return heirs.database(settings)
