"""Points of the past at their edges: what is one, moments, and how little is read for them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from retold import Log
from retold.events import past
from retold.events.clock import ManualClock
from retold.events.codec import Codec
from retold.events.errors import BadAddress, BadPoint, NoSuchVersion
from retold.events.log import Append
from retold.events.log_errors import UnknownEvent
from retold.events.point import Point, until
from retold.events.recorders import MemoryRecorder

from .things import Noted

START = datetime(2020, 1, 1, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def at(seconds: float) -> datetime:
    """That many seconds after the start."""
    return START + timedelta(seconds=seconds)


def seconds_apart(count: int, log: Log, clock: ManualClock) -> Log:
    """Fill a log with so many events of two actors in turns, a second apart."""
    for place in range(count):
        log.append(Append(f"note/{'ab'[place % 2]}", place // 2, (Noted(place),)))
        clock.advance(1)
    return log


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"version": 1, "position": 1},
        {"recorded": START, "happened": START},
        {"version": -1},
        {"position": -1},
        {"position": 2**63},
        {"version": "1"},
        {"version": True},
        {"position": 1.0},
        {"recorded": "2020-01-01"},
        {"happened": START.date()},
        {"happened": datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))},
        {"recorded": datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))},
    ],
)
def test_what_is_no_point_is_refused(given: dict[str, Any]) -> None:
    """None, two, below 0, beyond any log, of another type, outside the calendar: `BadPoint`."""
    with pytest.raises(BadPoint):
        Point(**given)


@pytest.mark.parametrize("given", ["2020-01-01", START.date(), 3, 1.0, True, {"position": 3}])
def test_what_is_no_point_is_not_taken_for_now(given: Any) -> None:
    """Whatever takes a point refuses another thing before it reads: nothing means now but None."""
    clock = ManualClock(START)
    log = seconds_apart(6, Log.open("memory:", clock=clock), clock)
    for asked in (
        lambda: past.read(log, "note/a", given),
        lambda: past.cut(log, given),
        lambda: past.settled(log, given),
        lambda: until(given, log.scan()),
    ):
        with pytest.raises(BadPoint) as caught:
            asked()
        assert repr(given) in str(caught.value)


def test_a_moment_alone_is_a_point_of_happening() -> None:
    """With a zone or without, wherever a point is taken."""
    clock = ManualClock(START)
    log = seconds_apart(6, Log.open("memory:", clock=clock), clock)
    for moment in (at(2.5), at(2.5).replace(tzinfo=None), at(2.5).astimezone(BERLIN)):
        assert [each.position for each in past.cut(log, moment)] == [1, 2, 3]
        assert [each.position for each in past.read(log, "note/a", moment)] == [1, 3]
        assert [each.position for each in until(moment, log.scan())] == [1, 2, 3]
        assert past.settled(log, moment) == Point(happened=at(2.5))


def test_a_moment_is_kept_in_utc() -> None:
    """A moment without a zone is UTC; of another zone it is that moment, and an equal point."""
    noon = datetime(2026, 7, 1, 12, tzinfo=UTC)
    summer = datetime(2026, 7, 1, 14, tzinfo=BERLIN)
    points = {Point(happened=each) for each in (noon, noon.replace(tzinfo=None), summer)}
    assert points == {Point(happened=noon)}
    assert str(points.pop()) == "happened:2026-07-01T12:00:00+00:00"


def test_an_hour_that_comes_twice_is_two_points() -> None:
    """When clocks are put back, half past two is once before and once after."""
    clock = ManualClock(datetime(2026, 10, 25, 0, 0, tzinfo=UTC))
    with Log.open("memory:", clock=clock) as log:
        for place in range(3):
            log.append(Append("note/a", place, (Noted(place),)))
            clock.advance(3_600)
        first = datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN)
        for fold, count in ((0, 1), (1, 2)):
            moment = first.replace(fold=fold)
            for point in (Point(recorded=moment), Point(happened=moment)):
                assert len(list(past.read(log, "note/a", point))) == count
                assert len(list(past.cut(log, point))) == count
                assert len(list(until(point, log.scan()))) == count


def test_equal_times_stay_together() -> None:
    """What was recorded in one moment is there as a whole or not at all."""
    clock = ManualClock(START)
    with Log.open("memory:", clock=clock) as log:
        for version in range(3):
            log.append(Append("note/a", 2 * version, (Noted(0), Noted(1))))
            log.append(Append("note/b", version, (Noted(2),)))
            clock.advance(1 if version else 0)
        counts = [len(list(past.cut(log, Point(recorded=at(each))))) for each in (-1, 0, 0.5, 1, 9)]
    assert counts == [0, 6, 6, 9, 9]


@pytest.mark.parametrize(
    "point", [Point(position=2**63 - 1), Point(recorded=at(1e9)), Point(happened=at(1e9)), None]
)
def test_behind_the_end_is_the_end(point: Point | None) -> None:
    """A position or moment that has not come yet gives all there is."""
    clock = ManualClock(START)
    log = seconds_apart(6, Log.open("memory:", clock=clock), clock)
    assert len(list(past.cut(log, point))) == 6
    assert len(list(past.read(log, "note/a", point))) == 3


@pytest.mark.parametrize(
    "point", [Point(version=0), Point(position=0), Point(recorded=at(-1)), Point(happened=at(-1))]
)
def test_before_the_beginning_is_nothing(point: Point) -> None:
    """No event of the log, nor of an actor."""
    clock = ManualClock(START)
    log = seconds_apart(6, Log.open("memory:", clock=clock), clock)
    assert list(past.cut(log, point)) == []
    assert list(past.read(log, "note/a", point)) == []
    assert list(past.cut(Log.open("memory:"), point)) == []


def test_what_is_not_there_is_refused() -> None:
    """A version beyond the last, an address that is none; one without events had none."""
    clock = ManualClock(START)
    log = seconds_apart(6, Log.open("memory:", clock=clock), clock)
    with pytest.raises(NoSuchVersion):
        past.read(log, "note/a", Point(version=4))
    with pytest.raises(BadAddress):
        past.read(log, "note", Point(position=4))
    assert list(past.read(log, "note/none", Point(position=4))) == []


class Counting(MemoryRecorder):
    """Counts the rows that were looked at."""

    looked = 0

    def scan(self, after: int = 0, upto: int | None = None) -> Any:
        """As it is, counted."""
        for row in super().scan(after, upto):
            self.looked += 1
            yield row

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Any:
        """As it is, counted."""
        for row in super().rows(address, after, upto):
            self.looked += 1
            yield row


@pytest.mark.parametrize(
    "point",
    [Point(version=5), Point(position=10), Point(recorded=at(9.5)), Point(happened=at(9.5))],
)
def test_reading_stops_early(point: Point) -> None:
    """Of 4,096 rows an early point looks at its own and at some dozen."""
    recorder, clock = Counting(), ManualClock(START)
    log = seconds_apart(4_096, Log(recorder, Codec(), clock), clock)
    recorder.looked = 0
    assert len(list(past.read(log, "note/a", point))) == 5
    assert recorder.looked < 25
    recorder.looked = 0
    if point.happened is None:
        assert len(list(past.cut(log, point))) == (5 if point.version else 10)
        assert recorder.looked < 30


def test_a_recorded_time_is_found_across_missing_positions(tmp_path: Path) -> None:
    """Positions may have gaps, as a store leaves them that numbers what it then gives up."""
    path, clock = tmp_path / "log.db", ManualClock(START)
    with Log.open(f"sqlite:///{path}", clock=clock) as log:
        seconds_apart(40, log, clock)
    with closing(sqlite3.connect(path)) as file, file:
        file.execute("DELETE FROM stored_events WHERE position BETWEEN 11 AND 30 OR position < 3")
    kept = [*range(3, 11), *range(31, 41)]
    with Log.open(f"sqlite:///{path}", read_only=True) as log:
        for second in range(-1, 42):
            found = [each.position for each in past.cut(log, Point(recorded=at(second)))]
            assert found == [position for position in kept if position - 1 <= second]
            counted = past.settled(log, Point(version=max(second, 0)))
            assert counted == Point(position=[0, *kept, *[40] * 40][max(second, 0)])


def test_what_is_written_meanwhile_is_left_out() -> None:
    """A reading of the present ends where the log ended when it began."""
    clock = ManualClock(START)
    log = seconds_apart(4, Log.open("memory:", clock=clock), clock)
    found = past.cut(log, None)
    seen = [next(found).position]
    log.append(Append("note/a", 2, (Noted("later"),)))
    assert [*seen, *(each.position for each in found)] == [1, 2, 3, 4]


def test_what_is_not_asked_for_need_not_be_known() -> None:
    """Events of other kinds of actor are not decoded, and none is to find a point."""
    clock = ManualClock(START)
    log = seconds_apart(4, Log.open("memory:", clock=clock), clock)
    tail = b'{"by":"somebody","data":{}}'
    log.store([("parcel/a", version, "parcel.of_old_lost.v1", tail) for version in (1, 2, 3)])
    for point in (None, Point(version=4), Point(recorded=at(99)), Point(happened=at(99))):
        assert len(list(past.cut(log, point, ("note",)))) == 4
    assert past.settled(log, Point(recorded=at(99))) == Point(position=7)
    assert [row[0] for row in past.rows(log, "parcel/a", Point(happened=at(99)))] == [5, 6, 7]
    with pytest.raises(UnknownEvent):
        list(past.cut(log, None))
