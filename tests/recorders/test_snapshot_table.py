"""The table of snapshots: the latest of each address, beside the events and never in their way."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retold.events import Log
from retold.events.journal import Journal, SnapshotRow
from retold.events.log_errors import LogClosed, LogReadOnly
from retold.events.recorders import AdoptedJournal, MemoryRecorder, SqliteRecorder

NAME = "account.deposited.v1"


def kept(address: str, version: int = 1, state: bytes = b'{"balance":"1"}') -> SnapshotRow:
    """A row of which only the address, the version and the state matter."""
    return (address, version, version * 10, "f" * 32, state, 12345)


def plainly(path: str, *statements: str) -> None:
    """Do something to a file that no library of ours would do."""
    with closing(sqlite3.connect(path, isolation_level=None)) as plain:
        for statement in statements:
            plain.execute(statement)


def tables(path: str) -> set[str]:
    """The names of the tables of a file."""
    with closing(sqlite3.connect(path)) as plain:
        rows = plain.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        return {str(name) for (name,) in rows}


@pytest.fixture
def old(path: str) -> str:
    """A log from before there were snapshots and due times, with one event."""
    with closing(SqliteRecorder.open(path)) as recorder:
        recorder.write([("account/a", 1, NAME, b"{}")])
    plainly(path, "DROP TABLE snapshots", "DROP TABLE due")
    return path


def test_the_latest_of_each_address_is_found(our_journal: Journal) -> None:
    """One an address, the last that was saved, whatever its version; none where none was."""
    assert our_journal.snapshot("account/a") is None
    assert our_journal.save_snapshots([kept("account/a", 1), kept("account/b", 7)])
    assert our_journal.save_snapshots([kept("account/a", 5)])
    assert our_journal.snapshot("account/a") == kept("account/a", 5)
    assert our_journal.snapshot("account/b") == kept("account/b", 7)
    our_journal.save_snapshots([kept("account/b", 2)])
    assert our_journal.snapshot("account/b") == kept("account/b", 2)
    assert our_journal.snapshot("account/c") is None


def test_some_or_all_are_dropped(our_journal: Journal) -> None:
    """By address, known or not; or every one."""
    our_journal.save_snapshots([kept(f"account/{name}") for name in "abc"])
    our_journal.drop_snapshots(["account/a", "account/nobody"])
    assert [our_journal.snapshot(f"account/{name}") is None for name in "abc"] == [True, 0, 0]
    our_journal.drop_snapshots([])
    assert our_journal.snapshot("account/b") is not None
    our_journal.drop_snapshots()
    assert [our_journal.snapshot(f"account/{name}") for name in "abc"] == [None] * 3


def test_events_do_not_notice(our_journal: Journal) -> None:
    """Rows, positions and addresses are the same with snapshots, without, and after dropping."""

    def told() -> list[object]:
        last = our_journal.last_position(), our_journal.version("account/a")
        return [*our_journal.scan(), *last, *our_journal.addresses()]

    our_journal.write([("account/a", 1, NAME, b"{}")])
    before = told()
    our_journal.save_snapshots([kept("account/a"), kept("account/unheard-of")])
    assert told() == before
    our_journal.drop_snapshots()
    assert told() == before
    assert list(our_journal.write([("account/a", 2, NAME, b"{}")])) == [2]


@pytest.mark.parametrize(
    "state", [b"", b"\x00", b"\xff\xfe", "zoë".encode(), bytes(range(256)) * 99]
)
def test_states_come_back_byte_for_byte(our_journal: Journal, state: bytes) -> None:
    """Text or not, alone or among others."""
    our_journal.save_snapshots([kept("account/a", 1, state), kept("account/b", 1, b"{}")])
    assert our_journal.snapshot("account/a") == kept("account/a", 1, state)
    assert our_journal.snapshot("account/b") == kept("account/b", 1, b"{}")


STEP = st.tuples(st.sampled_from("abc"), st.integers(0, 3))


@given(st.lists(st.lists(STEP, max_size=4), max_size=12))
@settings(max_examples=25)
def test_whatever_is_saved_and_dropped_the_latest_is_there(
    groups: list[list[tuple[str, int]]],
) -> None:
    """In any groups (version 0: dropped), in memory and in a file: a dict says what is left."""
    model: dict[str, SnapshotRow] = {}
    with TemporaryDirectory() as folder, closing(SqliteRecorder.open(f"{folder}/log.db")) as file:
        stores: list[Journal] = [MemoryRecorder(), file]
        for group in groups:
            gone = [name for name, version in group if not version]
            saved = [kept(name, version) for name, version in group if version]
            for store in stores:
                store.drop_snapshots(gone)
                store.save_snapshots(saved)
            model = {name: row for name, row in model.items() if name not in gone}
            model |= {row[0]: row for row in saved}
        for store in stores:
            assert [store.snapshot(name) for name in "abc"] == [*map(model.get, "abc")]


def test_a_store_of_the_library_keeps_none(journal: Journal) -> None:
    """It says so when it is given one, and finds none."""
    keeps = journal.save_snapshots([kept("account/a")])
    assert keeps == (not isinstance(journal, AdoptedJournal))
    assert (journal.snapshot("account/a") is not None) == keeps
    journal.drop_snapshots()
    assert journal.snapshot("account/a") is None


def test_a_file_keeps_them_over_its_end(path: str) -> None:
    """Who opens it next finds them, to write or to read."""
    with closing(SqliteRecorder.open(path)) as recorder:
        recorder.save_snapshots([kept("account/a", 3)])
    for read_only in (True, False):
        with closing(SqliteRecorder.open(path, read_only=read_only)) as recorder:
            assert recorder.snapshot("account/a") == kept("account/a", 3)


def test_an_older_file_is_read_as_it_is(old: str) -> None:
    """A reader copes without the table, and makes none."""
    with closing(SqliteRecorder.open(old, read_only=True)) as recorder:
        assert recorder.snapshot("account/a") is None
        assert [row[1] for row in recorder.scan()] == ["account/a"]
    assert not tables(old) & {"snapshots", "due"}


def test_an_older_file_gets_the_table_from_its_next_writer(old: str) -> None:
    """And all that stood in it is as it was; the format is still the first."""
    with closing(SqliteRecorder.open(old)) as recorder:
        assert recorder.snapshot("account/a") is None
        recorder.save_snapshots([kept("account/a")])
        assert list(recorder.dues()) == []
        assert [row[1] for row in recorder.scan()] == ["account/a"]
    assert tables(old) >= {"snapshots", "due"}
    with closing(sqlite3.connect(old)) as plain:
        assert plain.execute("PRAGMA user_version").fetchone() == (1,)


@pytest.mark.parametrize(
    "damage",
    [
        ["DROP TABLE snapshots"],
        ["DROP TABLE snapshots", "CREATE TABLE snapshots (something)"],
        ["DROP TABLE snapshots", "CREATE VIEW snapshots AS SELECT something FROM nowhere"],
    ],
)
def test_a_table_that_is_no_good_is_no_hindrance(
    path: str, recorder: SqliteRecorder, damage: list[str]
) -> None:
    """Under an open log: there is no snapshot, and events are written and read as before."""
    recorder.save_snapshots([kept("account/a")])
    plainly(path, *damage)
    assert recorder.snapshot("account/a") is None
    assert list(recorder.write([("account/a", 1, NAME, b"{}")])) == [1]
    assert [row[1] for row in recorder.scan()] == ["account/a"]


@pytest.fixture
def read_only(path: str) -> Iterator[SqliteRecorder]:
    """A log with a snapshot, open for reading alone."""
    with closing(SqliteRecorder.open(path)) as recorder:
        recorder.save_snapshots([kept("account/a")])
    with closing(SqliteRecorder.open(path, read_only=True)) as recorder:
        yield recorder


def test_a_reader_neither_saves_nor_drops(read_only: SqliteRecorder) -> None:
    """It raises, and the snapshot is as it was."""
    with pytest.raises(LogReadOnly):
        read_only.save_snapshots([kept("account/a", 2)])
    with pytest.raises(LogReadOnly):
        read_only.drop_snapshots()
    assert read_only.snapshot("account/a") == kept("account/a")


def test_a_closed_store_says_so(our_journal: Journal) -> None:
    """As for everything else."""
    our_journal.close()
    for call in (
        lambda: our_journal.save_snapshots([kept("account/a")]),
        lambda: our_journal.snapshot("account/a"),
        lambda: our_journal.drop_snapshots(),
    ):
        with pytest.raises(LogClosed):
            call()


def test_a_log_hands_them_through(tmp_path: Path) -> None:
    """What is asked of the log is asked of its store."""
    with Log.open(f"sqlite:///{tmp_path}/log.db") as log:
        assert log.save_snapshots([kept("account/a"), kept("account/b")])
        assert log.snapshot("account/a") == kept("account/a")
        log.drop_snapshots(["account/a"])
        assert log.snapshot("account/a") is None
        assert log.snapshot("account/b") is not None
        log.drop_snapshots()
        assert log.snapshot("account/b") is None
