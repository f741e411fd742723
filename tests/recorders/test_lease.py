"""One writer a file: who comes second is told who is first, and no crash locks anybody out."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from subprocess import Popen

import pytest

from retold.events.journal import Row
from retold.events.log_errors import LeaseLost, LogInUse, LogReadOnly, StorageFailed
from retold.events.recorders import SqliteRecorder, connections, schema

RunPython = Callable[..., "Popen[str]"]

ONE: Row = ("account/a", 1, "account.deposited.v1", b"{}")
TWO: Row = ("account/a", 2, "account.deposited.v1", b"{}")

OPEN = """
import sys
from retold.events.log_errors import LogInUse
from retold.events.recorders import SqliteRecorder
try:
    log = SqliteRecorder.open(sys.argv[1], holder=sys.argv[2], since="2026-01-01")
except LogInUse as error:
    print("in use by", error.holder, flush=True)
    sys.exit()
log.write([("account/a", log.version("account/a") + 1, "account.deposited.v1", b"{}")])
print("open", flush=True)
sys.stdin.readline()
log.close()
"""


def fence(path: str) -> int:
    """The fence as the file has it."""
    with closing(sqlite3.connect(path)) as plain:
        return int(plain.execute("SELECT fence FROM lease").fetchone()[0])


def said(process: Popen[str]) -> str:
    """The next line of another process."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_a_second_opener_is_told_who_holds_it(path: str) -> None:
    """In the same process: LogInUse at once, and the first goes on writing."""
    with closing(SqliteRecorder.open(path, holder="the first", since="2026-01-01")) as first:
        with pytest.raises(LogInUse) as refused:
            SqliteRecorder.open(path)
        assert refused.value.holder == "the first since 2026-01-01"
        assert refused.value.path == path
        first.write([ONE])


def test_another_process_is_told_who_holds_it(path: str, run_python: RunPython) -> None:
    """Across processes too, in both directions."""
    with closing(SqliteRecorder.open(path, holder="the first")):
        assert said(run_python(OPEN, path, "the second")) == "in use by the first"
    other = run_python(OPEN, path, "the other")
    assert said(other) == "open"
    with pytest.raises(LogInUse, match="the other since 2026-01-01"):
        SqliteRecorder.open(path)


def test_a_killed_holder_blocks_nobody(path: str, run_python: RunPython) -> None:
    """After kill -9 the log opens at once, with all that was answered, and a higher fence."""
    for count in (1, 2):
        victim = run_python(OPEN, path, "the victim")
        assert said(victim) == "open"
        victim.kill()
        victim.wait()
        assert fence(path) == count
    with closing(SqliteRecorder.open(path)) as log:
        assert [row[2] for row in log.rows("account/a")] == [1, 2]
        assert list(log.write([("account/a", 3, "account.deposited.v1", b"{}")])) == [3]
    assert fence(path) == 3


def test_readers_need_no_lease(path: str, recorder: SqliteRecorder) -> None:
    """Any number may read beside the writer, and see each write when it is answered."""
    readers = [SqliteRecorder.open(path, read_only=True) for _ in range(5)]
    recorder.write([ONE])
    for reader in readers:
        assert [row[1:] for row in reader.scan()] == [ONE]
        with pytest.raises(LogReadOnly):
            reader.write([TWO])
        reader.close()
    recorder.write([TWO])


def test_a_writer_that_was_overtaken_writes_no_more(path: str, recorder: SqliteRecorder) -> None:
    """Where the file lock failed, the fence holds: LeaseLost, and nothing stored."""
    recorder.write([ONE])
    os.remove(f"{path}-lease")
    with closing(SqliteRecorder.open(path)) as later:
        with pytest.raises(LeaseLost) as lost:
            recorder.write([TWO])
        assert (lost.value.fence, lost.value.found) == (1, 2)
        assert later.last_position() == 1
        later.write([TWO])


def test_reopening_keeps_the_lease(path: str, recorder: SqliteRecorder) -> None:
    """The fence stays as it is; a writer that was overtaken reopens nothing, and writes no more."""
    recorder.reopen()
    assert fence(path) == 1
    with pytest.raises(LogInUse):
        SqliteRecorder.open(path)
    recorder.write([ONE])
    os.remove(f"{path}-lease")
    with closing(SqliteRecorder.open(path)) as later:
        recorder.reopen()
        assert fence(path) == 2
        with pytest.raises(LeaseLost):
            recorder.write([TWO])
        later.write([TWO])


def test_other_names_of_a_file_are_the_same_file(path: str, recorder: SqliteRecorder) -> None:
    """A symbolic link does not get round the lease, and a hard link is not written at all."""
    os.symlink(path, f"{path}.symbolic")
    with pytest.raises(LogInUse):
        SqliteRecorder.open(f"{path}.symbolic")
    os.link(path, f"{path}.hard")
    with pytest.raises(LogReadOnly, match="second name"):
        SqliteRecorder.open(f"{path}.hard")


def test_closing_frees_the_lease(path: str) -> None:
    """Whoever closes it, from whichever thread, the next may write."""
    log = SqliteRecorder.open(path)
    with ThreadPoolExecutor(1) as pool:
        pool.submit(log.close).result()
    with closing(SqliteRecorder.open(path)) as again:
        again.write([ONE])


def test_a_failed_opening_frees_the_lease(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who could not open the file does not keep others from it."""
    SqliteRecorder.open(path).close()
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0)
    with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageFailed) as failed:
            SqliteRecorder.open(path)
    SqliteRecorder.open(path).close()
    assert failed.traceback  # kept until here: nothing was freed by being forgotten


def test_a_look_at_an_open_log_drops_none_of_its_locks(
    path: str, recorder: SqliteRecorder, run_python: RunPython
) -> None:
    """Looking and reading in this process leaves the WAL safe from other processes.

    Closing any handle of a file drops the locks of the whole process on it. Then another process
    that closes the file would think itself the last and delete the WAL under the writer.
    """
    recorder.write([ONE])
    assert schema.look(path)
    with closing(SqliteRecorder.open(path, read_only=True)) as reader:
        assert reader.last_position() == 1
    plain = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); "
    other = run_python(plain + "c.execute('SELECT * FROM lease').fetchall(); c.close()", path)
    assert other.wait() == 0
    assert Path(f"{path}-wal").stat().st_size > 0
    recorder.write([TWO])
    assert recorder.last_position() == 2
