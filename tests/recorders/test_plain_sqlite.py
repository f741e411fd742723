"""What stands in the file is for everybody: a bare SQLite shell, and the library's applications."""

from __future__ import annotations

import os
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from retold.events.log_errors import CorruptedRow, LogClosed, LogInUse, NoSuchLog
from retold.events.recorders import MemoryRecorder, SqliteRecorder

NAME = "account.deposited.v1"


def test_a_bare_shell_reads_the_json(path: str, recorder: SqliteRecorder) -> None:
    """`json_extract` works on the states as they are stored, while the log is open."""
    recorder.write(
        [("account/a", 1, NAME, '{"by":"zoë"}'.encode()), ("account/a", 2, NAME, b"\xff")]
    )
    with closing(sqlite3.connect(path)) as plain:
        kinds = plain.execute("SELECT typeof(state) FROM stored_events").fetchall()
        by = plain.execute("SELECT json_extract(state, '$.by') FROM stored_events LIMIT 1")
        assert by.fetchone() == ("zoë",)
        assert kinds == [("text",), ("blob",)]
        assert plain.execute("PRAGMA application_id").fetchone() == (0x52544C44,)
        assert plain.execute("PRAGMA user_version").fetchone() == (1,)


def test_a_write_is_as_durable_as_it_says(recorder: SqliteRecorder) -> None:
    """The connection that writes says itself: WAL, synchronous=FULL."""
    assert recorder.pragmas() == {"journal_mode": "wal", "synchronous": "FULL"}


def test_positions_are_never_given_twice(path: str, recorder: SqliteRecorder) -> None:
    """Not even after somebody deleted the last row by hand."""
    recorder.write([("account/a", 1, NAME, b"{}"), ("account/a", 2, NAME, b"{}")])
    with closing(sqlite3.connect(path, isolation_level=None)) as plain:
        plain.execute("DELETE FROM stored_events WHERE position = 2")
    assert recorder.write([("account/a", 2, NAME, b"{}")]) == range(3, 4)


def test_a_closed_log_is_one_file(path: str) -> None:
    """After close the WAL is folded in and gone; the lease's empty sidecar stays, and the seal."""
    with closing(SqliteRecorder.open(path)) as log:
        log.write([("account/a", 1, NAME, b"{}")])
    assert sorted(os.listdir(Path(path).parent)) == ["log.db", "log.db-lease", "log.db-seal"]


def test_threads_that_come_and_go_leave_no_connection(recorder: SqliteRecorder) -> None:
    """Many readers at once, and afterwards a handful of connections at most."""
    recorder.write([("account/a", n, NAME, b"{}") for n in range(1, 1001)])
    start, counts = threading.Barrier(30), []

    def read() -> None:
        start.wait()
        counts.append(sum(1 for _ in recorder.scan()))

    threads = [threading.Thread(target=read) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts == [1000] * 30
    handles = Path("/proc/self/fd")
    if not handles.exists():
        pytest.skip("this system does not tell the handles of a process")
    here = [os.readlink(each) for each in handles.iterdir() if each.is_symlink()]
    assert sum(name.endswith("log.db") for name in here) <= 10


@pytest.mark.parametrize("kind", ["sqlite", "memory"])
def test_a_subscriber_ends_with_its_log(path: str, kind: str) -> None:
    """Closing the log ends whoever waits on it, with LogClosed; no thread is left behind."""
    log = SqliteRecorder.open(path) if kind == "sqlite" else MemoryRecorder()
    before, ended = threading.active_count(), []
    with log.subscribe(gt=0) as subscription:

        def follow() -> None:
            with pytest.raises(LogClosed):
                next(subscription)
            ended.append(True)

        for version in (1, 2, 3):
            log.write([("account/a", version, NAME, b"{}")])
            assert next(subscription).id == version
        waiting = threading.Thread(target=follow)
        waiting.start()
        log.close()
        waiting.join(10)
        assert ended
    assert threading.active_count() == before


class Dog(Aggregate):
    """An aggregate as the library's users write them."""

    @event("Registered")
    def __init__(self, name: str) -> None:
        self.name = name
        self.tricks: list[str] = []

    @event("TrickAdded")
    def add_trick(self, trick: str) -> None:
        """Learn one thing more."""
        self.tricks.append(trick)


class Dogs(Application[UUID]):
    """An application as the library's users write them."""

    snapshotting_intervals = {Dog: 2}  # noqa: RUF012 - the library's way to say it


def settings(path: str, **more: str) -> dict[str, str]:
    """What a user of the library sets to run on our file."""
    return {
        "PERSISTENCE_MODULE": "retold.events.recorders.factory",
        "SQLITE_DBNAME": path,
        "IS_SNAPSHOTTING_ENABLED": "yes",
        **more,
    }


def test_an_application_of_the_library_runs_on_our_file(path: str) -> None:
    """Aggregates, snapshots and notifications, kept over a restart, under one lease."""
    with Dogs(env=settings(path)) as dogs:
        dog = Dog("Fido")
        dog.add_trick("roll over")
        dogs.save(dog)
        with pytest.raises(LogInUse):
            Dogs(env=settings(path))
    with Dogs(env=settings(path, CREATE_TABLE="no")) as dogs:
        found: Dog = dogs.repository.get(dog.id)
        assert (found.name, found.tricks) == ("Fido", ["roll over"])
        assert [each.id for each in dogs.notification_log.select(1, 10)] == [1, 2]
        assert dogs.snapshots is not None
        assert len(list(dogs.snapshots.get(dog.id))) == 1
    with closing(sqlite3.connect(path)) as plain:
        assert plain.execute("SELECT DISTINCT originator_id FROM stored_events").fetchall() == [
            (dog.id.hex,)
        ]


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"SQLITE_DBNAME": ""}, OSError),
        ({"SQLITE_DBNAME": ":memory:"}, OSError),
        ({"ORIGINATOR_ID_TYPE": "number"}, OSError),
        ({"CREATE_TABLE": "no"}, NoSuchLog),
    ],
)
def test_wrong_settings_make_nothing(
    path: str, wrong: dict[str, str], error: type[Exception]
) -> None:
    """A setting that makes no sense is refused before any file appears."""
    with pytest.raises(error):
        Dogs(env={**settings(path), **wrong})
    assert os.listdir(Path(path).parent) == []


@pytest.mark.parametrize("moment", [1 << 62, "soon"])
def test_a_due_time_that_is_none_is_named(
    recorder: SqliteRecorder, path: str, moment: object
) -> None:
    """What somebody wrote into the table of due times is told with its address."""
    recorder.write((), [("lease/a", datetime(2026, 1, 1, tzinfo=UTC))])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE due SET moment = ?", (moment,))
    with pytest.raises(CorruptedRow, match=r"lease/a.*due time"):
        list(recorder.dues())
