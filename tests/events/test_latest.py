"""Several followers of one log: each row is decoded once for all, and none notices the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import Log, event
from retold.events import Append
from retold.events.following.follower import Follower
from retold.events.following.latest import (
    COMMIT_BYTES,
    KEPT_BYTES,
    KEPT_COMMITS,
    KEPT_EVENTS,
    PIECE,
)
from retold.events.log_errors import UnknownEvent
from retold.events.recorded import Recorded


@event("latest.named.v1")
class Named:
    """A value that nobody can change."""

    name: str


@event("latest.described.v1")
class Described:
    """A value that somebody could change."""

    words: dict[str, int]


@pytest.fixture
def log() -> Iterator[Log]:
    """An empty log in memory."""
    with Log.open("memory:") as opened:
        yield opened


def write(log: Log, *events: Any) -> None:
    """Events of one actor."""
    log.append(Append("thing/a", log.version("thing/a"), events))


def read_all(follower: Follower) -> list[Recorded]:
    """All that is there for it."""
    found: list[Recorded] = []
    while (batch := follower.read()) is not None:
        assert batch.events
        found += batch.events
    return found


def test_followers_at_the_end_share_what_one_of_them_decoded(log: Log) -> None:
    """The same objects, in lists of their own."""
    first, second, third = log.follow(), log.follow(), log.follow(2)
    write(log, *(Named(str(n)) for n in range(5)))
    one, two, three = first.read(), second.read(), third.read()
    assert one is not None
    assert two is not None
    assert three is not None
    assert one.events is not two.events
    assert all(a is b for a, b in zip(one.events, two.events, strict=True))
    assert all(a is b for a, b in zip(one.events[2:], three.events, strict=True))


def test_what_could_be_changed_is_read_by_each_for_himself(log: Log) -> None:
    """One who changes what he was given changes nobody else's."""
    first, second = log.follow(), log.follow()
    write(log, Named("a"), Described({"x": 1}))
    for each in read_all(first)[1:]:
        each.event.words["x"] = 2
    assert [each.event for each in read_all(second)] == [Named("a"), Described({"x": 1})]


def test_rows_come_from_the_log_where_they_were_not_left(tmp_path: Path) -> None:
    """Before the first follower, over a commit that was too large to be left, from another log:
    nothing is missed and nothing comes twice."""
    url = f"sqlite:///{tmp_path / 'log.db'}"
    with Log.open(url) as log, Log.open(url, read_only=True) as elsewhere:
        write(log, Named("0"))
        follower, other = log.follow(), elsewhere.follow()
        sizes = [1, 2, COMMIT_BYTES, 1, 1, COMMIT_BYTES // 2, 3]
        for size in sizes:
            write(log, Named("x" * size))
        for _ in range(2 * KEPT_COMMITS):
            write(log, *[Named("y")] * 3)
        write(log, *[Named("z")] * (PIECE + 1))
        found = read_all(follower)
        assert found == read_all(other) == list(log.scan())
        assert [each.position for each in found] == list(range(1, len(found) + 1))
        assert len(found) == 1 + len(sizes) + 6 * KEPT_COMMITS + PIECE + 1


def test_what_is_not_followed_is_not_kept(log: Log) -> None:
    """A log leaves nothing for nobody, and little for anybody."""
    write(log, Named("x"))
    assert log.latest._commits == ()
    with log.follow():
        for _ in range(3 * KEPT_COMMITS):
            write(log, Named("x"))
        assert len(log.latest._commits) == KEPT_COMMITS
    write(log, Named("x"))
    assert log.latest._commits == ()


def test_one_follower_keeps_nothing(log: Log) -> None:
    """Nor do those of named kinds, nor those that were closed or forgotten."""
    alone = log.follow()
    log.follow(0, "thing")
    with log.follow():
        pass
    write(log, Named("a"))
    read_all(alone)
    assert log.latest.events(0) is None


@given(st.data())
def test_any_course_gives_each_follower_everything_in_order(data: st.DataObject) -> None:
    """However they begin, lag, leave and read past each other, and whatever is written."""
    with Log.open("memory:") as log:
        followers: list[tuple[Follower, list[int]]] = []
        for _ in range(data.draw(st.integers(1, 30))):
            last = log.last_position()
            match data.draw(st.sampled_from(["write", "many", "odd", "begin", "read", "leave"])):
                case "write":
                    write(log, Named("x"))
                case "many":
                    write(log, *[Named("x")] * data.draw(st.integers(500, 2_500)))
                case "odd":
                    write(log, Named("x"), Described({"x": 1}))
                case "begin":
                    after = data.draw(st.integers(0, last + 1))
                    followers.append((log.follow(after), [after]))
                case "read" if followers:
                    follower, got = data.draw(st.sampled_from(followers))
                    if (batch := follower.read()) is not None:
                        got += [each.position for each in batch.events]
                case "leave" if followers:
                    follower, got = followers.pop()
                    follower.close()
        last = log.last_position()
        for follower, got in followers:
            got += [each.position for each in read_all(follower)]
            assert got == list(range(got[0], max(last, got[0]) + 1))


def test_a_row_that_cannot_be_read_stops_each_where_it_stands(log: Log) -> None:
    """What stands before it is given to all; then each is told, again and again."""
    followers = [log.follow(), log.follow()]
    write(log, Named("a"), Named("b"))
    log.journal.write([("thing/b", 1, "nobody.knew.v1", b"{}")])
    write(log, Named("c"))
    for each in followers:
        batch = each.read()
        assert batch is not None
        assert [one.position for one in batch.events] == [1, 2]
    for each in followers * 2:
        with pytest.raises(UnknownEvent, match="nobody"):
            each.read()
        assert each.position == 2
    assert [one.position for one in read_all(log.follow(3))] == [4]


@pytest.mark.parametrize("size", [10, KEPT_BYTES // PIECE])
def test_no_more_is_kept_than_a_few_pieces(log: Log, size: int) -> None:
    """In events, and in bytes."""
    first, second = log.follow(), log.follow()
    for _ in range(10):
        write(log, *[Named("x" * size)] * PIECE)
        assert len(read_all(first)) == len(read_all(second)) == PIECE
        kept = log.latest._events
        assert len(kept) <= KEPT_EVENTS
        assert sum(len(each.event.name) for each in kept) <= KEPT_BYTES + PIECE * size
