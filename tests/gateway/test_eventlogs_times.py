"""The texts that event logs write a time as."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold.gateway.eventlogs import instant

OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
TIMES = st.datetimes(timezones=OFFSETS).filter(lambda time: 1 < time.year < 9999)


@given(TIMES, st.sampled_from("T "))
def test_a_time_with_an_offset_is_itself(time: datetime, between: str) -> None:
    """A time keeps its microsecond and its offset, with a T or a space between."""
    found = instant(time.isoformat(between))
    assert (found, found.utcoffset()) == (time, time.utcoffset())


@given(TIMES)
def test_a_time_without_an_offset_is_utc(time: datetime) -> None:
    """A naive time is taken as UTC, and so is a Z."""
    naive = time.replace(tzinfo=None)
    assert instant(naive.isoformat()) == instant(naive.isoformat() + "Z")
    assert instant(naive.isoformat()).utcoffset() == timedelta(0)


@given(st.text("0123456789", max_size=9), st.sampled_from(["", "Z", "+02:00", "-0330", "+01"]))
def test_a_fraction_has_up_to_nine_digits(digits: str, offset: str) -> None:
    """Zero to nine digits of a second are taken, cut off at the microsecond."""
    found = instant(f"2011-10-11T13:45:40{'.' * bool(digits)}{digits}{offset}")
    assert found.microsecond == int((digits + "000000")[:6])
    assert found.utcoffset() is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2011-10-11", datetime(2011, 10, 11, tzinfo=UTC)),
        ("2011-10-11 13:45", datetime(2011, 10, 11, 13, 45, tzinfo=UTC)),
        (" 2011-10-11 13:45:01,5 ", datetime(2011, 10, 11, 13, 45, 1, 500000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
    ],
)
def test_shorter_forms_are_taken(text: str, expected: datetime) -> None:
    """A date alone is its midnight, seconds may be absent, blanks around it do not count."""
    assert instant(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "1318010112000",
        "20111011T134540",
        "2011-W41-1",
        "11-10-2011 13:45",
        "11/10/2011",
        "2011-13-01",
        "2011-10-11T25:00:00",
        "2011-10-11T13:45:60",
        "2011-10-11x13:45",
        "2011-10-11T13:45:40+25:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-01:00",
        "٢٠١١-10-11T13:45:40Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """A text that is no ISO time, or only by a misreading, is refused."""
    with pytest.raises(ValueError, match=r"is no time|outside the calendar"):
        instant(text)
