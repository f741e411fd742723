"""The last events of a long log: found from its end, and the same that a reading of all finds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import Log, event
from retold.events.clock import ManualClock
from retold.events.codec import Codec
from retold.events.log import Append
from retold.events.point import Point
from retold.events.recorders import MemoryRecorder
from retold.gateway import trail as room
from retold.gateway.trail import Wanted, trail

START = datetime(2020, 1, 1, tzinfo=UTC)


@event("trailing.noted.v1")
class Noted:
    """Something was."""

    number: int


class Counting(MemoryRecorder):
    """Counts the rows that were looked at."""

    looked = 0

    def scan(self, after: int = 0, upto: int | None = None) -> Any:
        """As it is, counted."""
        for row in super().scan(after, upto):
            self.looked += 1
            yield row


def log_of(authors: list[str], recorder: MemoryRecorder | None = None) -> Log:
    """A log with an event of each author, a second apart, at positions 1, 2, 3 …"""
    clock = ManualClock(START)
    log = Log(recorder or MemoryRecorder(), Codec(), clock)
    for number, author in enumerate(authors):
        log.append(Append("note/a", number, (Noted(number + 1),), by=author))
        clock.advance(1)
    return log


POINTS = st.one_of(
    st.none(),
    st.integers(0, 40).map(lambda number: Point(position=number)),
    st.integers(0, 40).map(lambda number: Point(version=number)),
    st.integers(-1, 40).map(lambda number: Point(recorded=START + timedelta(seconds=number))),
    st.integers(-1, 40).map(lambda number: Point(happened=START + timedelta(seconds=number))),
)


def had(count: int, at: Point | None) -> int:
    """How many of so many events had come about at a point."""
    match at:
        case Point(position=int(number)) | Point(version=int(number)):
            return min(count, number)
        case Point(recorded=datetime() as moment) | Point(happened=datetime() as moment):
            return min(count, (moment - START) // timedelta(seconds=1) + 1)
    return count


@given(
    st.lists(st.sampled_from("abbb"), max_size=30),
    st.integers(1, 8), st.integers(-2, 30), st.none() | st.sampled_from("ab"), POINTS,
    st.integers(1, 5),
)  # fmt: skip
def test_the_last_ones_are_the_end_of_all(
    authors: list[str], last: int, after: int, by: str | None, at: Point | None, first: int
) -> None:
    """Whoever wrote them, behind any position, at any point, in pieces of any length."""
    wanted = [
        place
        for place, author in enumerate(authors[: had(len(authors), at)], 1)
        if place > after and by in (None, author)
    ]
    with log_of(authors) as log, pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "FIRST_LOOK", first)
        found = trail(log, Wanted(by=by, after=after, last=last), at=at)
        assert [each.position for each in found] == wanted[-last:]


def test_the_last_ones_are_found_without_reading_all() -> None:
    """Of 8,192 rows those at the end are looked at, or at the end of what had come about."""
    recorder = Counting()
    with log_of(["a"] * 8_192, recorder) as log:
        for at, last in (None, 8_192), (Point(position=4_000), 4_000):
            recorder.looked = 0
            found = [each.position for each in trail(log, Wanted(last=3), at=at)]
            assert found == [last - 2, last - 1, last]
            assert recorder.looked <= 1_010
