"""Times in the log: recorded never backwards, found by bisection; happened as the world says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retold import Log
from retold.events import clock as clocks
from retold.events.clock import ManualClock, WallClock
from retold.events.codec import Codec
from retold.events.errors import BadPoint
from retold.events.log import Append
from retold.events.recorders import MemoryRecorder

from .things import Noted

START = datetime(2020, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """That many seconds after the start."""
    return START + timedelta(seconds=seconds)


def filled(recorded: list[int], happened: list[int | None]) -> Log:
    """A log with one event for each pair of times, in seconds; what it notes is its place."""
    clock = ManualClock(START)
    log = Log(MemoryRecorder(), Codec(), clock)
    for place, (seconds, other) in enumerate(zip(recorded, happened, strict=True)):
        clock.not_before(at(seconds))
        moment = None if other is None else at(other)
        log.append(Append("note/a", place, (Noted(place),), happened_at=moment))
    return log


BOUND = st.none() | st.integers(-1, 12)


@settings(max_examples=200)
@given(
    st.lists(st.integers(0, 10), max_size=12).map(sorted),
    st.lists(st.none() | st.integers(-5, 15), min_size=12, max_size=12),
    st.tuples(BOUND, BOUND),
    st.tuples(BOUND, BOUND),
    st.integers(0, 12),
    st.none() | st.integers(0, 12),
)
def test_periods_find_what_a_search_by_hand_finds(
    recorded: list[int],
    happened: list[int | None],
    period: tuple[int | None, int | None],
    world: tuple[int | None, int | None],
    after: int,
    upto: int | None,
) -> None:
    """Both ends included, open ends open, positions bounding as well, repeated times too."""
    happened = happened[: len(recorded)]
    wanted = [
        place
        for place, (said, known) in enumerate(zip(recorded, happened, strict=True))
        if (period[0] is None or said >= period[0])
        and (period[1] is None or said <= period[1])
        and (world[0] is None or (said if known is None else known) >= world[0])
        and (world[1] is None or (said if known is None else known) <= world[1])
        and place + 1 > after
        and (upto is None or place + 1 <= upto)
    ]

    def moments(ends: tuple[int | None, int | None]) -> tuple[datetime | None, datetime | None]:
        first, last = ends
        return None if first is None else at(first), None if last is None else at(last)

    found = filled(recorded, happened).scan(
        after=after, upto=upto, recorded=moments(period), happened=moments(world)
    )
    assert [each.event.what for each in found] == wanted


def test_a_period_without_zone_is_utc() -> None:
    """As every moment of the past is; what is no moment is refused."""
    log = filled([0, 1, 2, 3], [None, 9, None, None])
    bounds = at(1).replace(tzinfo=None), at(2).replace(tzinfo=None)
    assert [each.event.what for each in log.scan(recorded=bounds)] == [1, 2]
    assert [each.event.what for each in log.scan(happened=bounds)] == [2]
    for wrong in ("2020-01-01", START.date(), 3):
        with pytest.raises(BadPoint):
            list(log.scan(happened=(wrong, None)))  # type: ignore[arg-type]  # that is the point


def test_a_period_is_found_without_reading_all() -> None:
    """Of 4,096 rows a search by `recorded_at` looks at some dozen, not at all of them."""

    class Counting(MemoryRecorder):
        looked = 0

        def scan(self, after: int = 0, upto: int | None = None) -> Any:
            for row in super().scan(after, upto):
                Counting.looked += 1
                yield row

    clock = ManualClock(START)
    log = Log(Counting(), Codec(), clock)
    for place in range(4_096):
        log.append(Append("note/a", place, (Noted(place),)))
        clock.advance(1)
    Counting.looked = 0
    found = [each.event.what for each in log.scan(recorded=(at(4_000), at(4_002)))]
    assert found == [4_000, 4_001, 4_002]
    assert Counting.looked < 30


class Jumping(datetime):
    """A machine's clock that says what it is told to."""

    said: datetime = START

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        """What it was told."""
        return cls.said


def test_recorded_at_never_runs_backwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The machine's clock jumps back by a day, then the log is reopened: time stands, then goes
    on.
    """
    monkeypatch.setattr(clocks, "datetime", Jumping)
    url = f"sqlite:///{tmp_path}/log.db"
    ticks = [[at(0), at(10), at(-86_400), at(9), at(11)], [at(-86_400), at(5), at(12)]]
    version = 0
    for session in ticks:
        with Log.open(url, clock=WallClock()) as log:
            for said in session:
                Jumping.said = said
                log.append(Append("note/a", version, (Noted(version),)))
                version += 1
    with Log.open(url, read_only=True) as log:
        recorded = [each.recorded_at for each in log.scan()]
    assert recorded == [at(s) for s in (0, 10, 10, 10, 11, 11, 11, 12)]


def test_happened_at_is_recorded_at_unless_given() -> None:
    """An import says when it happened; nobody else needs to."""
    log = filled([3, 4], [None, -1])
    assert [each.happened_at for each in log.scan()] == [at(3), at(-1)]
    assert [each.recorded_at for each in log.scan()] == [at(3), at(4)]
