"""A forked child leaves its parent's log alone, whatever it does and however it ends."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from retold import ActorSystem
from retold.events.log_errors import LogInUse

from ..actors.totals import WAIT, add, totals
from .checking import check_file, check_life
from .process import HOUSE, History, Writer
from .puppet import Puppet


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "log.db"


@pytest.fixture
def parent(path: Path) -> Iterator[Puppet]:
    """A process with a system over the log; see `forking`."""
    with Puppet("forking", path) as made:
        yield made


def versions(path: Path) -> list[int]:
    """What is in the log, by plain SQL."""
    with closing(sqlite3.connect(path)) as plain:
        found = plain.execute(
            "SELECT originator_version FROM stored_events"
            " WHERE originator_id = 'total/a' ORDER BY position"
        )
        return [version for (version,) in found]


def test_a_child_is_refused_everything_at_once(path: Path, parent: Puppet) -> None:
    """Also what was asked before the fork; leaving does nothing, and the parent goes on."""
    assert parent.do("ask") == "1"
    assert parent.do("exit") == "7"
    assert parent.do("ask") == "3"
    assert parent.end() == (0, "")
    assert versions(path) == [1, 2, 3]


def test_locks_that_were_held_do_not_hold_up_a_child(path: Path, parent: Puppet) -> None:
    """Whatever the other threads were in the middle of."""
    assert parent.do("ask") == "1"
    assert parent.do("held") == "7"
    assert parent.do("ask") == "2"
    assert parent.end() == (0, "")


def test_a_child_that_ends_frees_no_lease(path: Path, parent: Puppet) -> None:
    """A third process is turned away before and after it."""
    assert parent.do("ask") == "1"
    for _ in range(2):
        with pytest.raises(LogInUse):
            ActorSystem.open(f"sqlite:///{path}", totals)
        assert parent.do("exit") == "7"
    with pytest.raises(LogInUse):
        ActorSystem.open(f"sqlite:///{path}", totals)
    assert parent.end() == (0, "")


def test_a_child_that_lives_holds_no_lease(path: Path, parent: Puppet) -> None:
    """When its parent is killed the log opens at once, though the child goes on."""
    assert parent.do("ask") == "1"
    child = int(parent.do("stay"))
    parent.process.kill()
    parent.process.wait()
    with ActorSystem.open(f"sqlite:///{path}", totals) as system:
        os.kill(child, 0)
        assert system.ref("total/a").ask(add(1), timeout=WAIT).version == 2
        os.kill(child, signal.SIGKILL)
    assert versions(path) == [1, 2]


WRITE_AND_DIE = """
import os, signal, sys
from retold import ActorSystem
from tests.actors.totals import add, totals
system = ActorSystem.open(sys.argv[1], totals)
print(system.ref("total/a").ask(add(1)).version, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("how", ["close", "forget", "leave"])
def test_a_late_child_does_not_delete_the_wal_of_others(
    path: Path, parent: Puppet, how: str
) -> None:
    """The parent closed the log; another process wrote it and was killed, so all it answered is in
    the WAL. Then the child ends, as the last that has the file open."""
    assert parent.do("ask") == "1"
    parent.do("stay")
    assert parent.do("close") == "closed"
    other = [sys.executable, "-c", WRITE_AND_DIE, f"sqlite:///{path}"]
    assert subprocess.run(other, cwd=HOUSE, stdout=subprocess.PIPE).stdout == b"2\n"
    assert Path(f"{path}-wal").exists()
    assert parent.do("leave", how) == "7"
    assert versions(path) == [1, 2]
    assert parent.end() == (0, "")


def test_a_child_may_open_another_log(path: Path, parent: Puppet) -> None:
    """By multiprocessing, with the fork method: its own log is like any other."""
    assert parent.do("ask") == "1"
    assert parent.do("other") == "0"
    assert parent.do("ask") == "2"
    assert parent.end() == (0, "")
    assert versions(path) == [1, 2]
    assert versions(Path(f"{path}.other")) == [1, 2]


def test_no_child_inherits_a_lock_of_sqlite(path: Path, parent: Puppet) -> None:
    """Threads are let out of SQLite before each fork, so every child can open a log of its own."""
    assert parent.do("busy", "60") == "0"
    assert parent.end() == (0, "")
    assert versions(Path(f"{path}.other")) == list(range(1, 61))


def test_children_under_load_disturb_nobody(tmp_path: Path) -> None:
    """Thirty children, each forked in the middle of it: what was answered is in the log."""
    path, history = tmp_path / "busy.db", History()
    with Writer(path, history, "f", "forking", 2, threads=2, outstanding=10) as writer:
        writer.await_lines("forked", 30)
        writer.write_line()
        assert writer.end() == (0, "")
    assert writer.said("forked") >= 30
    check_file(path, history, in_flight=21)
    check_life(path, history, "afterwards")
