"""Actors go on in a database that the library wrote: recovery, commands, restarts, conflicts."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from itertools import islice
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import IntegrityError
from eventsourcing.utils import TopicError

from retold import ActorSystem, Rejected, retell
from retold.events.address import address
from retold.events.errors import BadUrl
from retold.events.inherited import Inherited
from retold.events.log import Log
from retold.events.log_errors import LogInUse, LogReadOnly

from . import bank, heirs


def _table(settings: dict[str, str]) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(settings["SQLITE_DBNAME"])) as connection:
        query = "SELECT originator_id, originator_version, topic, state FROM stored_events"
        return connection.execute(f"{query} ORDER BY rowid").fetchall()


def test_an_old_account_takes_new_commands(database: Inherited, alice: UUID) -> None:
    """What was an aggregate is recovered, decides, refuses, and is there after a restart."""
    where = f"account/{alice}"
    with ActorSystem.open(database, heirs.account, heirs.crate) as system:
        receipt = system.ref(where).ask(heirs.Deposit(Decimal(5)), by="bo", why="gift")
        assert (receipt.version, receipt.position) == (4, 6)
        assert receipt.state == heirs.Account("alice", bank.START, Decimal(12))
        with pytest.raises(Rejected):
            system.ref(where).ask(heirs.Deposit(Decimal(0)))
    with ActorSystem.open(database, heirs.account, heirs.crate) as system:
        assert system.ref(where).ask(heirs.Deposit(Decimal(1))).version == 5
    balances = [
        retell(database, where, version=version, behaviour=heirs.account).balance
        for version in range(6)
    ]
    assert balances == [0, 0, 10, 7, 12, 13]


def test_old_rows_stay_as_they_are_and_new_ones_stand_behind(
    database: Inherited, settings: dict[str, str], alice: UUID
) -> None:
    """Not a byte of an old row changes; a new one has the same originator id and a wire name."""
    before = _table(settings)
    with ActorSystem.open(database, heirs.account) as system:
        system.ref(f"account/{alice}").ask(heirs.Deposit(Decimal(5)))
        system.ref("account/bo").ask(heirs.Deposit(Decimal(6)))
    after = _table(settings)
    assert after[: len(before)] == before
    assert [row[:3] for row in after[len(before) :]] == [
        (alice.hex, 4, "heirs.deposited.v1"),
        ("account/bo", 1, "heirs.deposited.v1"),
    ]


def test_a_command_id_has_its_effect_once_across_a_restart(
    database: Inherited, alice: UUID
) -> None:
    """A repeated id gets the first receipt again, also after the database was opened again."""
    where = f"account/{alice}"
    with ActorSystem.open(database, heirs.account) as system:
        first = system.ref(where).ask(heirs.Deposit(Decimal(5)), id="gift")
        system.ref(where).ask(heirs.Deposit(Decimal(1)))
    with ActorSystem.open(database, heirs.account) as system:
        assert system.ref(where).ask(heirs.Deposit(Decimal(5)), id="gift") == first
        assert system.ref(where).ask(heirs.Deposit(Decimal(1))).version == 6


def test_authors_and_reasons_are_found_in_old_fields(database: Inherited, alice: UUID) -> None:
    """An event has the author and reason that its kind finds in the old fields."""
    with Log.open(database, read_only=True) as log:
        told = [(each.name, each.by, each.why) for each in log.scan()]
    assert told[2:] == [
        ("heirs.withdrawn.v1", "inherited", ""),
        ("crate.packed.v1", "", ""),
        ("crate.moved.v1", "ann", "to Oslo"),
    ]


def test_an_old_process_and_a_new_one_never_write_the_same_version(
    database: Inherited, settings: dict[str, str], alice: UUID
) -> None:
    """What the old application wrote meanwhile is decided over; what it writes too late fails."""
    where = f"account/{alice}"
    app = bank.Bank(env=settings)
    late: Any = app.repository.get(alice)
    with ActorSystem.open(database, heirs.account) as system:
        ref = system.ref(where)
        assert ref.ask(heirs.Deposit(Decimal(1))).state.balance == 8
        late.deposit(Decimal(100))
        with pytest.raises(IntegrityError):
            app.save(late)
        another = bank.Account(owner="cy", since=bank.START)
        app.save(another)
        assert system.ref(f"account/{another.id}").ask(heirs.Deposit(Decimal(2))).version == 2
        other = app.repository.get(another.id, version=1)
        assert other.version == 1
    with pytest.raises(TopicError):
        app.repository.get(alice)
    app.close()


def test_without_the_new_rows_the_old_application_finds_everything_as_it_was(
    database: Inherited, settings: dict[str, str], alice: UUID
) -> None:
    """Taking the rows without an import path away brings back what the library can load."""
    with ActorSystem.open(database, heirs.account) as system:
        system.ref(f"account/{alice}").ask(heirs.Deposit(Decimal(1)))
        system.ref("account/bo").ask(heirs.Deposit(Decimal(1)))
    with closing(sqlite3.connect(settings["SQLITE_DBNAME"])) as connection, connection:
        connection.execute("DELETE FROM stored_events WHERE topic NOT LIKE '%:%'")
    with bank.Bank(env=settings) as app:
        again: Any = app.repository.get(alice)
        assert (again.version, again.balance) == (3, 7)
        assert app.recorder.max_notification_id() == 5


def test_a_live_actor_decides_over_what_an_old_process_wrote_meanwhile(
    database: Inherited, settings: dict[str, str], alice: UUID
) -> None:
    """A family whose version was taken by the old application reads it and decides again."""
    with ActorSystem.open(database, heirs.account) as system:
        known = system.ref(f"account/{alice}")
        assert system.state(known.address) == heirs.Account("alice", bank.START, Decimal(7))
        with pytest.raises(Rejected):
            known.ask(heirs.Deposit(Decimal(0)))
        app = bank.Bank(env=settings)
        again: Any = app.repository.get(alice)
        again.deposit(Decimal(100))
        app.save(again)
        app.close()
        receipt = known.ask(heirs.Deposit(Decimal(1)))
    assert (receipt.version, receipt.state.balance) == (5, 108)


def test_times_go_on_behind_the_old_ones(database: Inherited, alice: UUID) -> None:
    """`recorded_at` never runs backwards, and a period of it finds what was recorded in it."""
    with ActorSystem.open(database, heirs.account) as system:
        system.ref(f"account/{alice}").ask(heirs.Deposit(Decimal(5)))
    with Log.open(database, read_only=True) as log:
        found = list(log.scan())
        moments = [each.recorded_at for each in found]
        assert moments == sorted(moments)
        for each in found:
            behind = [other for other in found if other.recorded_at >= each.recorded_at]
            assert list(log.scan(recorded=(each.recorded_at, None))) == behind


def test_one_system_writes_and_all_may_read(database: Inherited, alice: UUID) -> None:
    """A second system is turned away while the first writes; readers are not, and cannot write."""
    with ActorSystem.open(database, heirs.account):
        with pytest.raises(LogInUse):
            ActorSystem.open(database, heirs.account)
        with Log.open(database, read_only=True) as log:
            assert log.version(f"account/{alice}") == 3
            with pytest.raises(LogReadOnly):
                log.store([("account/x", 1, "heirs.deposited.v1", b"{}")])
    ActorSystem.open(database, heirs.account).close()


def test_followers_see_what_an_old_process_writes(
    database: Inherited, settings: dict[str, str], alice: UUID
) -> None:
    """A follower reads the old events, then what the old application and actors write, in order."""
    with Log.open(database, read_only=True) as log, bank.Bank(env=settings) as app:
        following = iter(log.follow(0, "account"))
        assert [each.version for each in islice(following, 3)] == [1, 2, 3]
        again: Any = app.repository.get(alice)
        again.deposit(Decimal(100))
        app.save(again)
        assert next(following).event == heirs.Deposited(Decimal(100))
        with ActorSystem.open(database, heirs.account) as system:
            system.ref(f"account/{alice}").ask(heirs.Deposit(Decimal(1)))
        assert next(following).event == heirs.Deposited(Decimal(1))


def test_it_is_opened_by_the_name_of_its_value(
    settings: dict[str, str], alice: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`inherited:module:name` is the database that a module holds; other names are refused."""
    monkeypatch.setattr(heirs, "old", heirs.database(settings), raising=False)
    url = f"inherited:{heirs.__name__}:old"
    where = address("account", str(alice))
    assert retell(url, where, behaviour=heirs.account).balance == 7
    for wrong in ("inherited:nowhere:old", f"inherited:{heirs.__name__}:account", "inherited:"):
        with pytest.raises(BadUrl):
            Log.open(wrong)
