"""When storage fails: what was answered stays, what was not leaves no trace, damage is named."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from subprocess import Popen

import pytest

from retold.events.journal import Row, StoredRow
from retold.events.log_errors import CorruptedRow, LogReadOnly, StorageFailed, StorageFull
from retold.events.recorders import SqliteRecorder, connections
from retold.events.recorders.table import SqliteTable

NAME = "account.deposited.v1"


def rows(first: int, last: int, size: int = 50) -> list[Row]:
    """Rows of one address, each with a state of its own."""
    return [("account/a", n, NAME, b"%04d:" % n + b"x" * size) for n in range(first, last + 1)]


def table(recorder: SqliteRecorder) -> SqliteTable:
    """The table behind a recorder, to reach its connections."""
    assert isinstance(recorder.store, SqliteTable)
    return recorder.store


def test_a_full_disk_stores_nothing_of_the_batch(recorder: SqliteRecorder) -> None:
    """StorageFull, the log as before; and it goes on when there is room again."""
    recorder.write(rows(1, 10))
    before = list(recorder.scan())
    write = table(recorder).connections.write
    write(lambda connection, _: connection.execute("PRAGMA max_page_count = 20"))
    with pytest.raises(StorageFull):
        recorder.write(rows(11, 3000))
    assert list(recorder.scan()) == before
    write(lambda connection, _: connection.execute("PRAGMA max_page_count = 100000"))
    assert recorder.write(rows(11, 3000)) == range(11, 3001)


FAIL_AT_COMMIT = """
import resource, sqlite3, sys
from retold.events.recorders import SqliteRecorder
log = SqliteRecorder.open(sys.argv[1])
log.write([("account/a", 1, "account.deposited.v1", b"{}")])
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
try:
    log.write([("account/a", n, "account.deposited.v1", b"x" * 500) for n in range(2, 400)])
except sqlite3.OperationalError as error:
    print("open:", error)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(log.last_position(), list(log.write([("account/b", 1, "account.deposited.v1", b"{}")])))
log.close()
"""


def test_a_commit_that_fails_leaves_its_outcome_open(
    path: str, run_python: Callable[..., Popen[str]]
) -> None:
    """The error comes as SQLite gave it; the log can be read back, and used, at once."""
    said = run_python(FAIL_AT_COMMIT, path).communicate()[0].splitlines()
    assert said == ["open: disk I/O error", "1 [2]"]
    with closing(SqliteRecorder.open(path)) as log:
        assert [row[1] for row in log.scan()] == ["account/a", "account/b"]


def test_a_write_that_cannot_begin_fails_clean(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """StorageFailed where a foreign program holds the file; nothing stored, then it goes on."""
    monkeypatch.setattr(connections, "BUSY_SECONDS", 0)
    with closing(SqliteRecorder.open(path)) as log:
        with closing(sqlite3.connect(path, isolation_level=None)) as foreign:
            foreign.execute("BEGIN IMMEDIATE")
            with pytest.raises(StorageFailed):
                log.write(rows(1, 1))
        assert log.write(rows(1, 1)) == range(1, 2)


def test_an_interrupted_write_leaves_no_transaction_open(recorder: SqliteRecorder) -> None:
    """Whatever is raised inside a write, the next one starts anew."""

    def interrupted(connection: sqlite3.Connection, _: int) -> None:
        connection.execute("DELETE FROM stored_events")
        raise KeyboardInterrupt

    recorder.write(rows(1, 1))
    with pytest.raises(KeyboardInterrupt):
        table(recorder).connections.write(interrupted)
    assert recorder.write(rows(2, 2)) == range(2, 3)
    assert recorder.last_position() == 2


def test_a_text_that_is_no_text_is_refused(recorder: SqliteRecorder) -> None:
    """Half a surrogate pair has no bytes: it raises, and nothing of the batch is stored."""
    with pytest.raises(ValueError, match="surrogates"):
        recorder.write([*rows(1, 30), ("account/\ud800", 1, NAME, b"{}")])
    with pytest.raises(OverflowError):
        recorder.write([*rows(1, 30), ("account/a", 2**63, NAME, b"{}")])
    assert recorder.last_position() == 0


def test_a_log_opened_to_read_is_not_written(path: str) -> None:
    """LogReadOnly, before anything is tried."""
    SqliteRecorder.open(path).close()
    with closing(SqliteRecorder.open(path, read_only=True)) as log:
        assert log.read_only
        with pytest.raises(LogReadOnly):
            log.write(rows(1, 1))


def taken(found: Iterator[StoredRow]) -> tuple[list[int], CorruptedRow | None]:
    """The versions read before the damage, and the damage."""
    seen: list[int] = []
    try:
        for row in found:
            seen.append(row[2])  # noqa: PERF401 - what came before the error counts
    except CorruptedRow as damage:
        return seen, damage
    return seen, None


def damaged(path: str, offset: int, bit: int = 0) -> None:
    """Flip one bit of a file."""
    content = bytearray(Path(path).read_bytes())
    content[offset] ^= 1 << bit
    Path(path).write_bytes(content)


@pytest.mark.parametrize("bit", range(8))
def test_a_flipped_bit_is_found_and_named(path: str, bit: int) -> None:
    """CorruptedRow names position, address and version, after all rows before it were read."""
    with closing(SqliteRecorder.open(path)) as log:
        log.write([*rows(1, 1500), ("account/b", 1, NAME, b"{}")])
    damaged(path, Path(path).read_bytes().index(b"1207:xxx") + 5, bit)
    with closing(SqliteRecorder.open(path, read_only=True)) as log:
        for found in (log.rows("account/a"), log.scan()):
            seen, flaw = taken(found)
            assert seen == list(range(1, 1207))
            assert flaw is not None
            assert (flaw.position, flaw.address, flaw.version) == (1207, "account/a", 1207)
        assert [row[2] for row in log.rows("account/a", after=1207)] == list(range(1208, 1501))
        assert len(list(log.rows("account/b"))) == 1


def test_no_byte_of_a_state_can_change_unseen(path: str) -> None:
    """Every byte of a state is covered, whether it is text or a blob."""
    states = [b'{"by":"alice","data":{"amount":"10"}}', b"\x00\xff\xfe" + b"blob" * 5]
    with closing(SqliteRecorder.open(path)) as log:
        log.write([("account/a", n, NAME, state) for n, state in enumerate(states, 1)])
    whole = Path(path).read_bytes()
    for version, state in enumerate(states, 1):
        start = whole.index(state)
        for offset in range(start, start + len(state)):
            damaged(path, offset, bit=3)
            with closing(SqliteRecorder.open(path, read_only=True)) as log:
                flaw = taken(log.rows("account/a"))[1]
                assert flaw is not None
                assert flaw.version == version
            Path(path).write_bytes(whole)


def test_a_lost_page_is_damage_and_not_silence(path: str) -> None:
    """A page of zeros amid the rows ends the reading with an error, never with fewer rows."""
    with closing(SqliteRecorder.open(path)) as log:
        log.write(rows(1, 2000))
    whole = Path(path).read_bytes()
    page = whole.index(b"1000:xxx") // 4096 * 4096
    Path(path).write_bytes(whole[:page] + bytes(4096) + whole[page + 4096 :])
    with closing(SqliteRecorder.open(path, read_only=True)) as log:
        for found in (log.rows("account/a"), log.scan()):
            with pytest.raises(CorruptedRow):
                list(found)


def test_readers_left_halfway_hold_no_part_of_the_wal(path: str, recorder: SqliteRecorder) -> None:
    """With any number of iterators open, the WAL can be folded in to the last frame."""
    recorder.write(rows(1, 2500))
    left = [recorder.rows("account/a") for _ in range(20)] + [recorder.scan() for _ in range(20)]
    for iterator in left:
        next(iterator)
    recorder.write(rows(2501, 2600))
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone() == (0, 0, 0)
    assert [sum(1 for _ in iterator) for iterator in left] == [2599] * 40
