"""From an inherited database to a log of ours: the same history, at once or in several goes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs
import pytest

from retold import ActorSystem, retell
from retold.events.conversion import convert
from retold.events.inherited import Inherited
from retold.events.log import Append, Log
from retold.events.log_errors import NotConverted
from retold.events.reactions import CursorMoved
from retold.events.recorded import Recorded

from . import bank, heirs


def _told(log: Log) -> list[Any]:
    """Everything that is known of every event."""
    return [
        tuple(getattr(each, field) for field in Recorded.__struct_fields__) for each in log.scan()
    ]


@pytest.mark.parametrize("more", [{}, {"COMPRESSOR_TOPIC": "zlib"}], ids=["plain", "zlib"])
def test_a_converted_log_tells_the_same_history(tmp_path: Path, more: dict[str, str]) -> None:
    """Order, versions, times, authors, reasons and events are equal; so is what happens then."""
    settings = bank.settings(tmp_path, **more)
    with bank.Bank(env=settings) as app:
        [account, *_] = bank.history(app, seed=7)
    database = heirs.database(settings)
    with ActorSystem.open(database, heirs.account) as system:
        system.ref(f"account/{account}").ask(heirs.Deposit(Decimal(5)), by="bo", id="gift")
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with Log.open(database, read_only=True) as old, Log.open(url) as new:
        assert convert(old, new) == old.last_position()
        assert _told(new) == _told(old)
        assert convert(old, new) == 0
    with ActorSystem.open(url, heirs.account) as system:
        again = system.ref(f"account/{account}").ask(heirs.Deposit(Decimal(5)), id="gift")
        assert again.state == retell(database, f"account/{account}", behaviour=heirs.account)


def test_a_conversion_goes_on_where_it_ended(database: Inherited, tmp_path: Path) -> None:
    """What came to the old database meanwhile is taken by the next run, and nothing twice."""
    with Log.open(database) as old, Log.open(f"sqlite:///{tmp_path / 'new.db'}") as new:
        assert convert(old, new) == 5
        old.append(Append("account/bo", 0, (heirs.Deposited(Decimal(1)),)))
        assert convert(old, new) == 1
        assert _told(new) == _told(old)


def test_what_is_written_after_it_is_recorded_later(
    settings: dict[str, str], tmp_path: Path
) -> None:
    """The clock of the new log is never behind what was copied."""
    future = datetime(2999, 1, 1, tzinfo=bank.START.tzinfo)
    with bank.Bank(env=settings) as app:
        account: Any = bank.Account(owner="alice", since=bank.START)
        account.trigger_event(account.Deposited, amount=Decimal(1), timestamp=future)
        app.save(account)
    with (
        Log.open(heirs.database(settings), read_only=True) as old,
        Log.open(f"sqlite:///{tmp_path / 'new.db'}") as new,
    ):
        convert(old, new)
        stored = new.append(Append("account/bo", 0, (heirs.Deposited(Decimal(1)),)))
    assert future <= stored.recorded_at < future + timedelta(1)


def test_a_log_of_something_else_is_not_written_to(database: Inherited, tmp_path: Path) -> None:
    """A target with other events is refused, and stays as it is."""
    with (
        Log.open(database, read_only=True) as old,
        Log.open(f"sqlite:///{tmp_path / 'new.db'}") as new,
    ):
        new.append(Append("account/bo", 0, (heirs.Deposited(Decimal(1)),)))
        with pytest.raises(NotConverted, match="account/bo version 1"):
            convert(old, new)
        assert new.last_position() == 1


def test_positions_that_reactions_know_do_not_move(
    settings: dict[str, str], database: Inherited, tmp_path: Path
) -> None:
    """With a cursor of reactions, gaps are refused: the cursor would mean other events."""
    accounts = attrs.evolve(database, aggregates=[heirs.ACCOUNTS], left_out=[f"{heirs.HOME}:Crate"])
    with Log.open(accounts) as old, Log.open(f"sqlite:///{tmp_path / 'new.db'}") as new:
        old.append(Append("reactions/cursor", 0, (CursorMoved(3),)))
        with pytest.raises(NotConverted, match="reactions/cursor"):
            convert(old, new)
        assert new.last_position() == 0
    with closing(sqlite3.connect(settings["SQLITE_DBNAME"])) as connection:
        assert connection.execute("SELECT count(*) FROM stored_events").fetchone() == (6,)
