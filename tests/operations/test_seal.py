"""The seal stands beside a log at rest and never beside one that was written since."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from retold.events import seal
from retold.events.log_errors import LogInUse
from retold.events.recorders import SqliteRecorder
from retold.events.upkeep.compaction import seal_log
from retold.gateway.inspection import inspect
from retold.gateway.kinds import Kinds

WRITES = """
import os, signal, sys
from retold.events.recorders import SqliteRecorder
log = SqliteRecorder.open(sys.argv[1])
if sys.argv[2] == "written":
    log.write([("account/b", 1, "account.deposited.v1", b"{}")])
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A log of one event that was closed well."""
    place = str(tmp_path / "log.db")
    with closing(SqliteRecorder.open(place)) as log:
        log.write([("account/a", 1, "account.deposited.v1", b"{}")])
    return place


def sealed(path: str) -> bool:
    """Whether there is a seal, and all of it fits."""
    found = seal.compare(path)
    assert (found.fault, found.offsets) == ("", ())
    return not found.unchecked


def test_a_closed_log_is_sealed(path: str) -> None:
    """Every block was compared; a log that is open for writing has no seal."""
    assert sealed(path)
    assert seal.compare(path).blocks * seal.BLOCK == os.stat(path).st_size
    with closing(SqliteRecorder.open(path)):
        assert not os.path.exists(seal.seal_path(path))
        assert seal.compare(path).unchecked == "there is no seal"
    assert sealed(path)


def test_reading_leaves_the_seal(path: str) -> None:
    """A reader breaks nothing; while it is open here, the file is not touched by a comparison."""
    with closing(SqliteRecorder.open(path, read_only=True)) as log:
        assert log.last_position() == 1
        assert seal.compare(path).unchecked == "it is open in this process"
    assert sealed(path)


@pytest.mark.parametrize("how", ["opened", "written"])
def test_a_killed_writer_leaves_no_seal(path: str, how: str) -> None:
    """Whether it had written yet or only opened: no seal accuses the file that it leaves."""
    ended = subprocess.run([sys.executable, "-c", WRITES, path, how], check=False)
    assert ended.returncode == -signal.SIGKILL
    found = seal.compare(path)
    assert found == seal.Compared(unchecked="there is no seal")


def test_who_is_refused_leaves_the_seal(path: str, tmp_path: Path) -> None:
    """A second writer that is turned away and a damaged file that is refused change nothing."""
    copy = tmp_path / "copy.db"
    shutil.copyfile(path, copy)
    shutil.copyfile(seal.seal_path(path), seal.seal_path(str(copy)))
    damaged = bytearray(copy.read_bytes())
    damaged[100:4096] = bytes(3996)
    copy.write_bytes(damaged)
    with pytest.raises(Exception, match="no Retold log"):
        SqliteRecorder.open(str(copy))
    assert seal.compare(str(copy)).offsets == (0,)
    with closing(SqliteRecorder.open(path)), pytest.raises(LogInUse):
        SqliteRecorder.open(path)
    assert sealed(path)


def test_a_log_that_others_read_is_not_sealed(path: str) -> None:
    """Its WAL stays for them, so the file is not all of it; nobody is harmed by that."""
    with closing(SqliteRecorder.open(path, read_only=True)) as reader:
        assert reader.last_position() == 1
        with closing(SqliteRecorder.open(path)) as log:
            log.write([("account/a", 2, "account.deposited.v1", b"{}")])
        assert not os.path.exists(seal.seal_path(path))
        assert reader.last_position() == 2
    assert seal.compare(path).unchecked == "there is no seal"
    assert seal_log(path)
    assert sealed(path)


def test_a_large_log_is_sealed_when_asked(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Closing it does not take longer by its size; sealing it by hand does."""
    monkeypatch.setattr(seal, "LARGEST_AT_CLOSE", 4096)
    with closing(SqliteRecorder.open(path)):
        pass
    assert not os.path.exists(seal.seal_path(path))
    assert seal_log(path)
    assert sealed(path)


def test_where_no_seal_can_be_made_closing_goes_well(path: str) -> None:
    """Something is in the way of the seal: there is none, and no error."""
    with closing(SqliteRecorder.open(path)):
        os.mkdir(f"{seal.seal_path(path)}-unfinished")
    assert not os.path.exists(seal.seal_path(path))
    with closing(SqliteRecorder.open(path)) as log:
        assert log.last_position() == 1


def test_a_foreign_write_shows(path: str) -> None:
    """A row changed by other means, its checksum too: the block is named."""
    with closing(sqlite3.connect(path, isolation_level=None)) as plain:
        plain.execute("UPDATE stored_events SET topic = 'account.withdrawn.v1'")
    found = inspect(path, Kinds())
    assert any("are not what was sealed" in each.reason for each in found.problems)


def test_a_forked_child_seals_nothing(path: str) -> None:
    """The log is its parent's: a child that closes it leaves no seal beside a file in use."""
    log = SqliteRecorder.open(path)
    number = os.fork()
    if not number:
        log.close()
        os._exit(0)
    assert os.waitpid(number, 0)[1] == 0
    assert not os.path.exists(seal.seal_path(path))
    log.close()
    assert sealed(path)
