"""Followers: every event once and in order, from any position, while the log grows."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import Log, event
from retold.events import Append
from retold.events.following.follower import Follower
from retold.events.log_errors import CorruptedRow
from retold.events.recorded import Recorded

PATIENCE = 20.0


@event("follow.counted.v1")
class Counted:
    """One more."""

    number: int


def write(log: Log, *addresses: str) -> None:
    """One event for each address, in one transaction each."""
    for each in addresses:
        version = log.version(each)
        log.append(Append(each, version, (Counted(version),)))


@pytest.fixture(params=["memory", "sqlite", "module"])
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    """A log of every kind, open for writing."""
    url, settings = {
        "memory": ("memory:", {}),
        "sqlite": (f"sqlite:///{tmp_path / 'log.db'}", {}),
        "module": (
            "module:eventsourcing.sqlite",
            {"SQLITE_DBNAME": str(tmp_path / "library.db")},
        ),
    }[request.param]
    with Log.open(url, settings=settings) as opened:
        yield opened


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[tuple[Log, Log]]:
    """A log in a file, and the same opened for reading, which is told of nothing."""
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with Log.open(url) as writer, Log.open(url, read_only=True) as reading:
        yield writer, reading


def take(follower: Follower, count: int) -> list[Recorded]:
    """The next so many events."""
    return [each for _, each in zip(range(count), follower, strict=False)]


def test_what_is_there_comes_first_and_what_comes_later_follows(log: Log) -> None:
    """From position 0: the whole log, then each event as it is stored, in one order."""
    write(log, "thing/a", "thing/b", "thing/a")
    with log.follow() as follower:
        events = iter(follower)
        found = [next(events) for _ in range(3)]
        writer = threading.Thread(target=write, args=(log, "thing/c", "thing/a"))
        writer.start()
        found += [next(events) for _ in range(2)]
        writer.join()
    assert [(each.address, each.version) for each in found] == [
        ("thing/a", 1), ("thing/b", 1), ("thing/a", 2), ("thing/c", 1), ("thing/a", 3),
    ]  # fmt: skip
    assert [each.position for each in found] == [each.position for each in log.scan()]


def test_only_the_kinds_asked_for(log: Log) -> None:
    """Others are passed over, and the position moves over them."""
    write(log, "thing/a", "other/b", "thing/c/part/x", "third/t", "other/d")
    follower = log.follow(0, "other", "part")
    batch = follower.batch(PATIENCE)
    assert batch is not None
    assert [each.address for each in batch.events] == ["other/b", "thing/c/part/x", "other/d"]
    assert batch.upto == follower.position == log.last_position()


@given(after=st.integers(0, 2600), kinds=st.sets(st.sampled_from(["one", "two", "none"])))
def test_from_any_position(after: int, kinds: set[str], long_log: Log) -> None:
    """More than two pieces: a follower gives what stands after its position, each once."""
    follower = long_log.follow(after, *kinds)
    found: list[int] = []
    while (batch := follower.read()) is not None:
        found += [each.position for each in batch.events]
    wanted = {1: "one", 2: "two", 0: "three"}
    assert found == [
        position
        for position in range(after + 1, 2501)
        if not kinds or wanted[position % 3] in kinds
    ]
    assert follower.position == max(after, 2500)


@pytest.fixture(scope="module")
def long_log() -> Iterator[Log]:
    """Two thousand and five hundred events of three kinds, by turns."""
    with Log.open("memory:") as log:
        for position in range(1, 2501):
            kind = ("three", "one", "two")[position % 3]
            log.append(Append(f"{kind}/{position}", 0, (Counted(position),)))
        yield log


def test_a_follower_of_a_file_that_another_writes(reader: tuple[Log, Log]) -> None:
    """It looks for commits that it is not told of."""
    writer, reading = reader
    seen: list[int] = []
    enough = threading.Event()

    def note(each: Recorded) -> None:
        seen.append(each.position)
        if len(seen) == 50:
            enough.set()

    following = reading.follow().call(note)
    for _ in range(50):
        write(writer, "thing/a")
    assert enough.wait(PATIENCE)
    following.close()
    assert seen == list(range(1, 51))
    assert not following.alive


def test_async_for(reader: tuple[Log, Log]) -> None:
    """Two tasks follow in one loop, in the writing log and in the reading one, beside a third."""
    writer, reading = reader

    async def consume(log: Log) -> list[int]:
        found: list[int] = []
        async for each in log.follow():
            found.append(each.position)
            if len(found) == 20:
                return found
        raise AssertionError("it ended")

    async def main() -> tuple[list[int], ...]:
        tasks = [asyncio.create_task(consume(each)) for each in (writer, reading, reading)]
        for _ in range(20):
            await asyncio.to_thread(write, writer, "thing/a")
        return tuple(await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE))

    assert asyncio.run(main()) == (list(range(1, 21)),) * 3


def test_an_async_wait_can_be_cancelled_and_gone_on_with(log: Log) -> None:
    """A wait that was given up loses nothing."""
    follower = log.follow()

    async def main() -> list[int]:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(follower.next_batch(), 0.02)
        write(log, "thing/a", "thing/b")
        batch = await asyncio.wait_for(follower.next_batch(), PATIENCE)
        assert batch is not None
        return [each.position for each in batch.events]

    assert asyncio.run(main()) == [1, 2]


def test_a_kind_in_the_place_of_the_position_is_refused(log: Log) -> None:
    """Told at once, with how it is called."""
    kind: Any = "account"
    with pytest.raises(TypeError, match=r"follow\(position.*'account'"):
        log.follow(kind)


@pytest.mark.parametrize("kind", [5, None, ("thing", "other"), ["thing"]])
def test_what_is_no_kind_is_refused(log: Log, kind: Any) -> None:
    """It would match nothing, and be waited for in vain."""
    with pytest.raises(TypeError, match="kinds one by one"):
        log.follow(0, kind)


def test_an_iteration_that_was_left_is_gone_on_with(log: Log) -> None:
    """Who leaves the loop in the middle of a piece finds the next event at the next loop."""
    write(log, *["thing/a"] * 5)
    follower = log.follow()
    assert [each.position for each in take(follower, 2)] == [1, 2]
    assert follower.position == 2
    assert [each.position for each in take(follower, 3)] == [3, 4, 5]


def test_nothing_new_within_the_time(log: Log) -> None:
    """A wait with a limit ends without an event, and the follower goes on later."""
    follower = log.follow()
    assert follower.batch(timeout=0.01) is None
    write(log, "thing/a")
    assert [each.position for each in take(follower, 1)] == [1]


@pytest.mark.parametrize("end", ["follower", "log"])
def test_closing_ends_whoever_waits(log: Log, end: str) -> None:
    """A closed follower, or the one of a closed log, gives no more events and raises nothing."""
    follower = log.follow()
    found: list[Recorded] = []
    thread = threading.Thread(target=lambda: found.extend(follower))
    thread.start()
    write(log, "thing/a")
    (follower if end == "follower" else log).close()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert len(found) <= 1


def test_what_stands_before_a_damaged_row_is_handed_out(tmp_path: Path) -> None:
    """The good rows come, then the error that names the bad one, at every try."""
    path = tmp_path / "log.db"
    with Log.open(f"sqlite:///{path}") as log:
        write(log, "thing/a", "thing/a", "thing/a")
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE stored_events SET state = state || ' ' WHERE position = 3")
    with Log.open(f"sqlite:///{path}", read_only=True) as log:
        follower = log.follow()
        batch = follower.read()
        assert batch is not None
        assert [each.position for each in batch.events] == [1, 2]
        for _ in range(2):
            with pytest.raises(CorruptedRow, match="position 3"):
                follower.read()


def test_a_slow_follower_holds_no_part_of_the_log(reader: tuple[Log, Log]) -> None:
    """Between two of its events the writer can fold the whole WAL into the file."""
    writer, reading = reader
    write(writer, "thing/a", "thing/b")
    events = iter(reading.follow())
    next(events)
    write(writer, "thing/c")
    connections = writer.journal._connections  # type: ignore[attr-defined]  # the file's own
    busy, _, _ = connections._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert not busy
    assert Path(f"{writer.path}-wal").stat().st_size == 0
    assert [next(events).position for _ in range(2)] == [2, 3]
