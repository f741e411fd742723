"""Compaction makes the file smaller and changes nothing that is in it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from retold.events import seal
from retold.events.log_errors import CorruptedRow, LogDamaged, LogInUse, NoSuchLog
from retold.events.recorders import SqliteRecorder
from retold.events.upkeep import compact
from retold.events.upkeep.compaction import seal_log
from retold.gateway.inspection import inspect

from .laden import KINDS, flip, make_laden, owners
from .plain import beside, digest_of, rows_of

MORE = ("total/t1", 99, "totals.added.v1", b"{}")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with free pages."""
    return make_laden(tmp_path / "log.db")


def unseal(path: Path) -> None:
    """Take a file as it is."""
    os.unlink(seal.seal_path(str(path)))


def free_pages(path: Path) -> int:
    """How many pages belong to nobody."""
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("PRAGMA freelist_count").fetchone()
    return int(count)


def test_free_pages_go_and_rows_stay(log: Path) -> None:
    """Smaller by its free pages at least; every row of every table as before; sealed."""
    before, others, size, free = rows_of(log), beside(log), log.stat().st_size, free_pages(log)
    assert free > 5
    done = compact(str(log))
    assert (rows_of(log), beside(log)) == (before, others)
    assert free_pages(log) == 0
    assert (done.bytes_before, done.bytes_after) == (size, log.stat().st_size)
    assert size - done.bytes_after >= free * 4096
    assert done.digest == digest_of(before)
    found = inspect(str(log), KINDS)
    assert (found.problems, found.sealed, done.sealed) == ([], True, True)


def test_positions_are_not_given_again(log: Path) -> None:
    """The count from which they are made is kept, though the last row is gone."""
    with closing(sqlite3.connect(log, isolation_level=None)) as plain:
        plain.execute("DELETE FROM stored_events WHERE position > 240")
    unseal(log)
    compact(str(log))
    with closing(SqliteRecorder.open(log)) as recorder:
        assert recorder.write([MORE]) == range(253, 254)


def test_a_wal_that_a_crash_left_is_folded_in(log: Path) -> None:
    """What stood in it is in the file, and it is gone."""
    number = os.fork()
    if not number:
        SqliteRecorder.open(log).write([MORE])
        os._exit(0)
    assert os.waitpid(number, 0)[1] == 0
    wal = log.with_name("log.db-wal")
    size = log.stat().st_size + wal.stat().st_size
    assert wal.stat().st_size > 0
    done = compact(str(log))
    assert (done.bytes_before, done.last_position) == (size, 253)
    assert not wal.exists()


def test_a_log_in_use_is_not_compacted(log: Path, tmp_path: Path) -> None:
    """The writer writes on; and one that is not there is not made."""
    with closing(SqliteRecorder.open(log)) as writer:
        with pytest.raises(LogInUse):
            compact(str(log))
        assert writer.write([MORE]) == range(253, 254)
    with pytest.raises(NoSuchLog):
        compact(str(tmp_path / "none.db"))


def test_a_log_that_is_read_is_compacted_beside_its_reader(log: Path) -> None:
    """The reader sees every row before, in the middle and after."""
    with closing(SqliteRecorder.open(log, read_only=True)) as reader:
        rows = reader.scan()
        seen = [next(rows)]
        done = compact(str(log))
        seen += rows
        assert [row[0] for row in seen] == [*range(1, 253)]
        assert reader.last_position() == done.last_position == 252
    assert len(rows_of(log)) == 252


def test_a_damaged_log_is_not_compacted(log: Path) -> None:
    """Whatever is left of it stays where it is, to be looked at."""
    data = log.read_bytes()
    unseal(log)
    for wanted, error in ((b"a reason that takes", CorruptedRow), (b"total/t7", LogDamaged)):
        flip(log, data.index(wanted))
        before = rows_of(log)
        with pytest.raises((error, CorruptedRow)):
            compact(str(log))
        assert rows_of(log) == before
        log.write_bytes(data)


@pytest.mark.parametrize("work", [compact, seal_log])
def test_what_its_seal_does_not_say_is_not_sealed_anew(
    log: Path, work: Callable[[str], object]
) -> None:
    """A byte that belongs to no row: the file and its seal stay, and the seal goes on saying so."""
    free = {*range(2, log.stat().st_size // 4096)} - {*owners(log)}
    flip(log, (min(free) - 1) * 4096 + 2000)
    before = log.read_bytes()
    with pytest.raises(LogDamaged, match=r"are not what was sealed.*removes log\.db-seal first"):
        work(str(log))
    assert log.read_bytes() == before
    assert len(seal.compare(str(log)).offsets) == 1
    unseal(log)
    work(str(log))
    assert inspect(str(log), KINDS).sealed
