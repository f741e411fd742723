"""What a database holds that cannot be read, and what is no such database: told, not guessed."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import attrs
import pytest

from retold import ActorSystem
from retold.events.errors import BadUrl
from retold.events.inherited import Inherited, OldAggregate
from retold.events.log import Log
from retold.events.log_errors import (
    CorruptedRow,
    NoSuchLog,
    NotALog,
    NotInherited,
    Undecodable,
    UnknownTopic,
)

from . import bank, heirs


def _change(settings: Mapping[str, str], statement: str, *values: Any) -> None:
    with closing(sqlite3.connect(settings["SQLITE_DBNAME"])) as connection, connection:
        connection.execute(statement, values)


def test_a_topic_that_nobody_named_is_told_before_anything_is_written(
    settings: dict[str, str], alice: UUID
) -> None:
    """Opening names the topic, its originator and its version."""
    some = attrs.evolve(heirs.ACCOUNTS, events={"Opened": heirs.Opened})
    with pytest.raises(UnknownTopic) as told:
        Log.open(Inherited([some], settings=settings))
    assert (told.value.topic, told.value.originator, told.value.version) == (
        f"{heirs.HOME}:Account.Deposited",
        alice.hex,
        2,
    )


def test_what_is_left_out_is_not_read(settings: dict[str, str], alice: UUID) -> None:
    """What is left out is nowhere and at no position, not even at the last."""
    accounts = Inherited([heirs.ACCOUNTS], settings=settings, left_out=[f"{heirs.HOME}:Crate"])
    with ActorSystem.open(accounts, heirs.account) as system:
        assert list(system.log.addresses()) == [(f"account/{alice}", 3)]
        assert system.log.last_position() == 3
        assert system.ref("account/bo").ask(heirs.Deposit(Decimal(1))).position == 6
        assert [each.position for each in system.log.scan()] == [1, 2, 3, 6]
    with pytest.raises(UnknownTopic):
        Log.open(Inherited([heirs.ACCOUNTS], settings=settings, left_out=[f"{heirs.HOME}:Cra"]))


def test_a_field_that_does_not_fit_is_named(settings: dict[str, str], alice: UUID) -> None:
    """An old field that the event class lacks is told with address and version."""
    narrow = attrs.evolve(heirs.CRATES, events={"Packed": heirs.Packed, "Moved": heirs.Moved})
    with (
        Log.open(Inherited([heirs.ACCOUNTS, narrow], settings=settings)) as log,
        pytest.raises(Undecodable, match=r"crate/.* version 2: field 'by' of crate.moved.v1"),
    ):
        list(log.scan())


def test_a_translation_that_fails_is_told_with_its_row(
    settings: dict[str, str], alice: UUID
) -> None:
    """What a function from old fields raises comes with topic, address and version."""
    wrong = attrs.evolve(
        heirs.CRATES, events={**heirs.CRATES.events, "Moved": lambda old: old["?"]}
    )
    told = r"crate/.* version 2: .*Crate.Moved .*KeyError: '\?'"
    with pytest.raises(Undecodable, match=told):
        Log.open(Inherited([heirs.ACCOUNTS, wrong], settings=settings)).close()


def test_a_transcoding_that_is_missing_is_told(settings: dict[str, str], alice: UUID) -> None:
    """A value that nobody registered a transcoding for is told with the row that holds it."""
    state = '{"timestamp":{"_type_":"datetime_iso","_data_":"2020-01-01T00:00:00+00:00"},'
    state += '"amount":{"_type_":"money","_data_":"5 EUR"}}'
    _change(settings, "UPDATE stored_events SET state = ? WHERE rowid = 2", state.encode())
    with (
        Log.open(heirs.database(settings)) as log,
        pytest.raises(Undecodable, match=r"version 2: .*Deposited does not decode: .*'money'"),
    ):
        list(log.scan())


def test_a_wrong_key_is_told(tmp_path: Path) -> None:
    """A database that was compressed is refused with the first of its rows, when it is opened."""
    packed = bank.settings(tmp_path, COMPRESSOR_TOPIC="zlib")
    with bank.Bank(env=packed) as app:
        app.save(bank.Account(owner="alice", since=bank.START))
    with pytest.raises(Undecodable, match=r"account/.* version 1: .*Account.Opened does not"):
        Log.open(heirs.database(bank.settings(tmp_path)))


def test_a_version_that_is_missing_is_told(settings: dict[str, str], alice: UUID) -> None:
    """Versions count from 1 without a gap, or the database is not opened."""
    _change(settings, "DELETE FROM stored_events WHERE rowid = 2")
    with pytest.raises(CorruptedRow, match=f"account/{alice} version 3.* version 2 should"):
        Log.open(heirs.database(settings))


def test_what_is_no_such_database_is_left_alone(tmp_path: Path, settings: dict[str, str]) -> None:
    """No file is made; a file of others, a log of ours and other settings are told apart."""
    with pytest.raises(NoSuchLog):
        Log.open(heirs.database(settings))
    assert list(tmp_path.iterdir()) == []
    file = tmp_path / "bank.db"
    with Log.open(f"sqlite:///{file}"):
        pass
    with pytest.raises(NotALog, match="a log already"):
        Log.open(heirs.database(settings))
    text = tmp_path / "text.db"
    text.write_text("no database " * 100)
    with pytest.raises(NotALog):
        Log.open(heirs.database({**settings, "SQLITE_DBNAME": str(text)}))
    assert text.read_text() == "no database " * 100
    empty = tmp_path / "empty.db"
    sqlite3.connect(empty).close()
    with pytest.raises(NotALog, match="no such table"):
        Log.open(heirs.database({**settings, "SQLITE_DBNAME": str(empty)}))
    with pytest.raises(BadUrl):
        Log.open(heirs.database({"PERSISTENCE_MODULE": "no.such.module"}))


def test_a_class_that_is_no_event_is_refused_at_once() -> None:
    """A meaning is an @event class or a function."""
    with pytest.raises(TypeError, match="timedelta is not made by @event"):
        OldAggregate("bank:Account", kind="account", events={"Opened": timedelta})


def test_no_address_stands_for_two_originators(settings: dict[str, str], alice: UUID) -> None:
    """A second originator that would be called like the first is refused, with both ids."""
    query = (
        "INSERT INTO stored_events SELECT ?, originator_version, topic, state FROM stored_events"
    )
    _change(settings, f"{query} WHERE rowid = 1", str(alice))
    with pytest.raises(NotInherited, match=f"{alice.hex} and {alice}"):
        Log.open(heirs.database(settings))
