"""A backup is a log: whole, checked, sealed, and never half there."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest

from retold import ActorSystem
from retold.actors import Stepped
from retold.events import ManualClock, seal
from retold.events.log_errors import (
    CorruptedRow,
    LogDamaged,
    LogInUse,
    LogReadOnly,
    NoSuchLog,
    WouldReplace,
)
from retold.events.recorders import SqliteRecorder
from retold.events.upkeep import backup, restore
from retold.events.upkeep.backup import KEPT_BESIDE
from retold.gateway.inspection import inspect

from ..actors.leases import lease
from ..actors.totals import add, totals
from .laden import KINDS, flip, make_laden, owners
from .plain import beside, digest_of, rows_of

WHY_OF_A_ROW = b"a reason that takes"
INDEX = "sqlite_autoindex_stored_events_1"


@pytest.fixture
def log(tmp_path: Path) -> str:
    """A log with something in every table."""
    return str(make_laden(tmp_path / "log.db"))


def opened(path: str) -> ActorSystem:
    """A system over a log like that."""
    clock = ManualClock()
    url = f"sqlite:///{path}"
    return ActorSystem.open(url, totals, lease, dispatcher=Stepped(), clock=clock)


def test_a_backup_is_the_log(log: str, tmp_path: Path) -> None:
    """Every row of every table, the same digest by its definition, nothing to complain of."""
    saved = tmp_path / "saved.db"
    done = backup(log, str(saved))
    assert rows_of(saved) == rows_of(Path(log))
    assert beside(saved) == beside(Path(log))
    assert all(beside(saved)[name] for name in ("due", "snapshots"))
    assert (done.rows, done.last_position) == (252, 252)
    assert done.digest == digest_of(rows_of(Path(log)))
    assert done.bytes == saved.stat().st_size


def test_a_backup_is_verified_and_sealed(log: str, tmp_path: Path) -> None:
    """The deep verification takes it for a log at rest, and nothing else is left of its making."""
    saved = tmp_path / "saved.db"
    assert backup(log, str(saved)).sealed
    found = inspect(str(saved), KINDS)
    assert (found.problems, found.sealed) == ([], True)
    assert [each.name for each in tmp_path.glob("*unfinished*")] == []


def test_a_backup_of_an_open_log_is_a_prefix(log: str, tmp_path: Path) -> None:
    """The lease in it binds nobody: it opens for writing and goes on, as does the log."""
    saved = tmp_path / "saved.db"
    with opened(log) as system:
        system.ref("total/t1").ask(add(1))
        done = backup(log, str(saved))
        system.ref("total/t1").ask(add(2))
    assert done.last_position == 253
    assert done.digest == digest_of(rows_of(Path(log), 253))
    with opened(str(saved)) as system:
        assert system.ref("total/t2").ask(add(1)).position == 254


def test_what_is_there_stays_unless_told(log: str, tmp_path: Path) -> None:
    """A file under the name is left alone; told to, it is replaced by the whole backup."""
    saved = tmp_path / "saved.db"
    saved.write_bytes(b"something else")
    with pytest.raises(WouldReplace, match="cannot be read as a log"):
        backup(log, str(saved))
    assert saved.read_bytes() == b"something else"
    backup(log, str(saved), replace=True)
    assert rows_of(saved) == rows_of(Path(log))
    assert inspect(str(saved), KINDS).problems == []


def test_a_log_is_not_backed_up_onto_itself_or_a_log_in_use(log: str, tmp_path: Path) -> None:
    """Not by another name either, and not onto a log that is being written, even if told to."""
    (tmp_path / "link.db").symlink_to(log)
    for place in (log, str(tmp_path / "link.db")):
        with pytest.raises(WouldReplace, match="the log to be copied"):
            backup(log, place, replace=True)
    other = str(tmp_path / "other.db")
    with closing(SqliteRecorder.open(other)), pytest.raises(LogInUse):
        backup(log, other, replace=True)


def test_what_cannot_be_a_place_is_refused(log: str, tmp_path: Path) -> None:
    """A folder that is not there, and a folder; a log that is not there."""
    with pytest.raises(LogReadOnly, match="no folder"):
        backup(log, str(tmp_path / "none" / "saved.db"))
    with pytest.raises(LogReadOnly, match="it is a folder"):
        backup(log, str(tmp_path), replace=True)
    with pytest.raises(NoSuchLog):
        backup(str(tmp_path / "none.db"), str(tmp_path / "saved.db"))


def test_only_a_file_can_be_replaced(log: str, tmp_path: Path) -> None:
    """Whatever else has a name, as a pipe or a device, stays what it is, even if told to."""
    place = tmp_path / "pipe"
    os.mkfifo(place)
    for work in (backup, restore):
        with pytest.raises(LogReadOnly, match="no regular file"):
            work(log, str(place), replace=True)
    assert stat.S_ISFIFO(place.stat().st_mode)
    for nameless in ("", " "):
        with pytest.raises(LogReadOnly, match="name of no file"):
            backup(log, nameless)


@pytest.mark.parametrize("end", KEPT_BESIDE)
def test_what_a_log_keeps_beside_it_is_no_place(log: str, end: str) -> None:
    """Its WAL, its seal, its lease: not replaced by its own backup, and none is made there."""
    with opened(log) as system:
        system.ref("total/t1").ask(add(1))
        before = {each: each.stat().st_size for each in Path(log).parent.iterdir()}
        with pytest.raises(LogReadOnly, match="something of its own"):
            backup(log, f"{log}-{end}", replace=True)
        assert {each: each.stat().st_size for each in Path(log).parent.iterdir()} == before


def test_what_came_while_it_was_copied_stays(log: str, tmp_path: Path) -> None:
    """Two backups to one name at once: the one that comes later replaces nothing."""
    saved = tmp_path / "saved.db"

    def come(_: int) -> None:
        saved.write_bytes(b"something else")

    with pytest.raises(WouldReplace):
        backup(log, str(saved), tick=come)
    assert saved.read_bytes() == b"something else"
    assert not Path(seal.seal_path(str(saved))).exists()


def in_index(path: Path) -> int:
    """Where an address stands in the index of the events, on a leaf."""
    pages = [page for page, name in owners(path).items() if name == f"{INDEX} leaf"]
    start = (pages[0] - 1) * 4096
    return path.read_bytes().rindex(b"total/", start, start + 4096) + len("total/")


def test_a_damaged_log_is_not_backed_up(log: str, tmp_path: Path) -> None:
    """The backup before it stays: a row that is not what was written, an index that differs."""
    saved = tmp_path / "saved.db"
    backup(log, str(saved))
    before, data = saved.read_bytes(), Path(log).read_bytes()
    Path(seal.seal_path(log)).unlink()  # which would tell all of them
    for where, error in (
        (data.rindex(WHY_OF_A_ROW), CorruptedRow), (in_index(Path(log)), LogDamaged),
    ):  # fmt: skip
        flip(Path(log), where)
        with pytest.raises(error):
            backup(log, str(saved), replace=True)
        Path(log).write_bytes(data)
        assert saved.read_bytes() == before
        assert seal.compare(str(saved)).offsets == ()


def test_a_log_whose_past_changes_under_its_backup_is_not_backed_up(
    log: str, tmp_path: Path
) -> None:
    """What a log held stays; where somebody rewrites it, checksum and all, the copy is refused."""
    state = b'{"recorded_at":"2000-01-01T00:00:00Z","by":"eve","data":{}}'

    def rewrite(_: int) -> None:
        with closing(sqlite3.connect(log, isolation_level=None)) as plain:
            plain.execute(
                "UPDATE stored_events SET state = ?, checksum = ? WHERE position = 1",
                (state.decode(), crc32(state, 1)),
            )

    with pytest.raises(LogDamaged, match="rows up to 252 are not those copied"):
        backup(log, str(tmp_path / "saved.db"), tick=rewrite)
    assert not (tmp_path / "saved.db").exists()


def test_unfinished_files_of_dead_processes_are_taken_away(log: str, tmp_path: Path) -> None:
    """Those of processes that are gone; that of one at work stays."""
    dead = tmp_path / "saved.db-unfinished-999999999-0"
    alive = tmp_path / f"saved.db-unfinished-{os.getppid()}-0"
    for each in (dead, alive):
        each.write_bytes(b"half")
    backup(log, str(tmp_path / "saved.db"))
    assert (dead.exists(), alive.exists()) == (False, True)
