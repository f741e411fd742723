"""A restored log is the backup, and goes on after it; nobody's log is replaced under him."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from retold import ActorSystem, Log
from retold.actors import Stepped
from retold.events import ManualClock, seal
from retold.events.errors import RetoldError, SubscriptionTaken
from retold.events.log_errors import (
    CorruptedRow,
    LogBeingRead,
    LogDamaged,
    LogInUse,
    NotALog,
    StorageFailed,
    WouldReplace,
)
from retold.events.recorders import SqliteRecorder
from retold.events.upkeep import backup, compact, restore
from retold.gateway.inspection import inspect

from ..actors.leases import lease
from ..actors.totals import add, totals
from .laden import KINDS, flip, make_laden
from .plain import Rows, beside, cut, rows_of

MORE = ("total/t1", 99, "totals.added.v1", b"{}")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with something in every table."""
    return make_laden(tmp_path / "log.db")


@pytest.fixture
def saved(log: Path, tmp_path: Path) -> Path:
    """Its backup."""
    place = tmp_path / "saved.db"
    backup(str(log), str(place))
    return place


def written(path: Path) -> Rows:
    """What the log holds after one event more."""
    with closing(SqliteRecorder.open(path)) as recorder:
        recorder.write([MORE])
    return rows_of(path)


def test_a_restored_log_goes_on_behind_the_backup(saved: Path, tmp_path: Path) -> None:
    """It holds what the backup holds; the next position is the next; everything verifies."""
    place = tmp_path / "new.db"
    done = restore(str(saved), str(place))
    assert (rows_of(place), beside(place)) == (rows_of(saved), beside(saved))
    assert done.last_position == 252
    assert inspect(str(place), KINDS).sealed
    url = f"sqlite:///{place}"
    with ActorSystem.open(url, totals, lease, dispatcher=Stepped(), clock=ManualClock()) as system:
        receipt = system.ref("total/t1").ask(add(1))
    assert (receipt.position, receipt.version) == (253, 13)
    assert inspect(str(place), KINDS).problems == []


def test_a_log_is_replaced_only_if_told(log: Path, saved: Path) -> None:
    """With events in it, it stays as it is; told to, it is what the backup is."""
    before = written(log)
    with pytest.raises(WouldReplace, match="events up to position 253"):
        restore(str(saved), str(log))
    assert rows_of(log) == before
    restore(str(saved), str(log), replace=True)
    assert rows_of(log) == rows_of(saved)
    assert inspect(str(log), KINDS).problems == []


def test_an_empty_log_may_be_replaced(saved: Path, tmp_path: Path) -> None:
    """A log without events, and a file of no bytes, hold nothing that could be lost."""
    empty, nothing = tmp_path / "empty.db", tmp_path / "nothing.db"
    SqliteRecorder.open(empty).close()
    nothing.touch()
    for place in (empty, nothing):
        restore(str(saved), str(place))
        assert rows_of(place) == rows_of(saved)
        assert inspect(str(place), KINDS).sealed


def test_a_log_in_use_is_never_replaced(log: Path, saved: Path) -> None:
    """Neither while it is written nor while it is read, and then all is as before."""
    with closing(SqliteRecorder.open(log)) as writer:
        with pytest.raises(LogInUse):
            restore(str(saved), str(log), replace=True)
        assert writer.write([MORE]) == range(253, 254)
    with closing(SqliteRecorder.open(log, read_only=True)) as reader:
        assert reader.last_position() == 253
        with pytest.raises(LogBeingRead):
            restore(str(saved), str(log), replace=True)
        assert reader.last_position() == 253
    assert len(rows_of(log)) == 253
    assert seal.compare(str(log)).offsets == ()


def test_a_wal_of_before_is_not_read_into_the_restored_log(saved: Path, tmp_path: Path) -> None:
    """The file was deleted and its WAL forgotten: what is restored is the backup alone."""
    place = tmp_path / "lost.db"
    with closing(SqliteRecorder.open(place)) as recorder:
        recorder.write([MORE])
        wal = place.with_name("lost.db-wal")
        os.link(wal, tmp_path / "kept")
    os.unlink(place)
    os.rename(tmp_path / "kept", wal)
    assert wal.stat().st_size > 0
    restore(str(saved), str(place))
    assert rows_of(place) == rows_of(saved)
    assert inspect(str(place), KINDS).problems == []


def test_consumers_get_what_comes_behind_the_backup(log: Path, saved: Path) -> None:
    """Who had acknowledged events that are lost gets the ones that have their positions now."""
    with Log.open(f"sqlite:///{log}") as before:
        before.journal.write([(f"total/new{n}", 1, "totals.added.v1", b"{}") for n in range(30)])
        ahead, behind = before.subscribe("ahead", "total"), before.subscribe("behind", "total")
        ahead.ack(270)
        behind.ack(100)
    assert restore(str(saved), str(log), replace=True).put_back == ("ahead",)
    with ActorSystem.open(f"sqlite:///{log}", totals, clock=ManualClock()) as system:
        for _ in range(30):
            system.ref("total/t1").ask(add(1))
        found = {each.name: each.position for each in system.log.subscriptions}
        assert found == {"ahead": 252, "behind": 100}
        batch = system.log.subscribe("ahead", "total").read()
        assert batch is not None
        assert [each.position for each in batch.events] == [*range(253, 283)]


def test_who_consumed_what_is_lost_acknowledges_no_more(saved: Path, tmp_path: Path) -> None:
    """Else the place that was put back would go forward again, over events nobody has seen."""
    with Log.open(f"sqlite:///{saved}", read_only=True) as before:
        consumer = before.subscribe("ahead", "total")
        consumer.ack(200)
        earlier = cut(saved, tmp_path / "earlier.db", 100)
        assert restore(str(earlier), str(saved), replace=True).put_back == ("ahead",)
        with pytest.raises(SubscriptionTaken):
            consumer.ack(201)
        assert [each.position for each in before.subscriptions] == [100]


def test_places_that_cannot_be_read_stop_a_restore(log: Path, saved: Path) -> None:
    """Before anything is changed: nobody would know which events their consumers had."""
    log.with_name("log.db-subscriptions").write_bytes(b"no database")
    before = log.read_bytes()
    with pytest.raises(StorageFailed, match=r"log\.db-subscriptions"):
        restore(str(saved), str(log), replace=True)
    assert log.read_bytes() == before
    assert seal.compare(str(log)).offsets == ()


@pytest.mark.parametrize("damage", [range(100), range(4096), range(8192, 20000)], ids=str)
def test_a_damaged_log_is_replaced(log: Path, saved: Path, damage: range) -> None:
    """What a restore is for: not even the header has to be readable."""
    data = bytearray(log.read_bytes())
    data[damage.start : damage.stop] = bytes(len(damage))
    log.write_bytes(data)
    with pytest.raises(WouldReplace):
        restore(str(saved), str(log))
    restore(str(saved), str(log), replace=True)
    assert rows_of(log) == rows_of(saved)
    found = inspect(str(log), KINDS)
    assert (found.problems, found.sealed) == ([], True)


def test_a_backup_that_its_seal_does_not_fit_is_not_restored(log: Path, saved: Path) -> None:
    """One byte of it changed, be it of no row, and it is not what was saved: the log stays."""
    before, data = rows_of(log), saved.read_bytes()
    for page in range(1, len(data) // 4096 + 1):
        flip(saved, page * 4096 - 1)
        with pytest.raises((LogDamaged, CorruptedRow, NotALog)):
            restore(str(saved), str(log), replace=True)
        saved.write_bytes(data)
    assert rows_of(log) == before
    flip(saved, data.index(bytes(200), 8192) + 100)
    with pytest.raises(LogDamaged, match=r"removes saved\.db-seal first"):
        restore(str(saved), str(log), replace=True)
    saved.with_name("saved.db-seal").unlink()
    restore(str(saved), str(log), replace=True)
    assert rows_of(log) == rows_of(saved)


def test_damage_of_any_page_is_told_by_a_typed_error(log: Path, saved: Path) -> None:
    """A page header zeroed, each third: no backup, no compaction; and it is restored over."""
    data, spare = log.read_bytes(), log.with_name("spare.db")
    refused = 0
    for start in range(0, len(data), 3 * 4096):
        log.write_bytes(data[:start] + bytes(8) + data[start + 8 :])
        for work in (lambda: backup(str(log), str(spare)), lambda: compact(str(log))):
            try:
                work()
            except RetoldError:
                refused += 1
            spare.unlink(missing_ok=True)
        with pytest.raises(WouldReplace):
            restore(str(saved), str(log))
        restore(str(saved), str(log), replace=True)
        assert rows_of(log) == rows_of(saved)
    assert refused >= 14


def test_what_is_no_log_is_not_restored(log: Path, tmp_path: Path) -> None:
    """And what would have been replaced by it is untouched."""
    text, before = tmp_path / "text.db", rows_of(log)
    text.write_text("no log")
    with pytest.raises(NotALog):
        restore(str(text), str(log), replace=True)
    assert rows_of(log) == before
