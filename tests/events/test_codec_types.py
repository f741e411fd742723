"""Every field comes back by its type, or is refused before it is stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retold.events.codec import Codec

from .exactness import typed
from .things import (
    EVENTS,
    MOMENTS,
    Bolt,
    Built,
    Gathered,
    Noted,
    Part,
    PlainCounted,
    SetUp,
    Sheet,
    ToldApart,
)

MOMENT = datetime(2020, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
codec = Codec()


def stored(event: Any, **envelope: Any) -> bytes:
    """The state of the row that an event makes."""
    given = {"by": "somebody", "why": "", "cause": "", **envelope}
    _, tail, _ = codec.encode(event, **given)
    (state,) = codec.seal([tail], MOMENT)
    return state


def back(event: Any) -> Any:
    """The event as a reader of its row gets it."""
    return codec.decode(1, "a/b", 1, codec.encode(event, "", "", "")[0], stored(event)).data


@settings(max_examples=400)
@given(EVENTS)
def test_every_event_comes_back_as_what_it_was(event: Any) -> None:
    """Every field has its value and its type again, at every depth; the copy that goes on, too."""
    _, _, copy = codec.encode(event, "", "", "")
    assert typed(copy) == typed(event)
    assert typed(back(event)) == typed(event)


@settings(max_examples=100)
@given(
    st.text(st.characters(codec="utf-8")),
    st.text(st.characters(codec="utf-8")),
    st.text(st.characters(codec="utf-8")),
    st.none() | MOMENTS,
)
def test_the_envelope_comes_back(by: str, why: str, cause: str, happened: datetime | None) -> None:
    """Author, reason, cause and both times are what was given; a default costs nothing."""
    state = stored(Noted(1), by=by, why=why, cause=cause, happened_at=happened)
    found = codec.recorded(7, "a/b", 3, "things.noted.v1", state)
    assert (found.position, found.address, found.version) == (7, "a/b", 3)
    assert (found.by, found.why, found.cause) == (by, why, cause)
    assert found.recorded_at == MOMENT
    assert typed(found.happened_at) == typed(MOMENT if happened is None else happened)
    assert (b'"why"' in state) == bool(why)


EXAMPLES: list[tuple[Any, Any]] = [
    (
        PlainCounted(True, 2, 0.5, "ä\n"),
        {"flag": True, "count": 2, "ratio": 0.5, "text": "ä\n", "nothing": None},
    ),
    (
        ToldApart(
            b"\x00\xff", Decimal("1.50"), UUID(int=1), datetime(2020, 5, 6, 7, tzinfo=UTC),
            MOMENT.date(), MOMENT.time(), timedelta(seconds=90),
        ),
        {
            "raw": "AP8=", "number": "1.50", "identity": "00000000-0000-0000-0000-000000000001",
            "moment": "2020-05-06T07:00:00Z", "day": "2020-01-02", "hour": "03:04:05.000006",
            "span": "PT90S",
        },
    ),
    (
        Gathered(
            (1, "a", b"b"), (Decimal(1),), [[]], {1: b"x"}, {"k": (1,)}, {UUID(int=2): Part("p")}
        ),
        {
            "fixed": [1, "a", "Yg=="], "many": ["1"], "rows": [[]], "by_number": {"1": "eA=="},
            "by_text": {"k": [1]},
            "by_identity": {"00000000-0000-0000-0000-000000000002": {"label": "p", "sizes": []}},
        },
    ),
    (
        SetUp(frozenset({"b", "a"}), frozenset({Decimal(2)}), {3: frozenset()}),
        {"names": ["a", "b"], "numbers": ["2"], "ones": {"3": []}},
    ),
    (
        Built(Part("p", (1,)), (), Bolt(5), [Sheet(Decimal(1), Bolt(2)), None]),
        {
            "part": {"label": "p", "sizes": [1]}, "parts": [], "maybe": None, "older": None,
            "piece": {"$type": "Bolt", "width": 5, "type": "hex"}, "either": 0, "which": "a",
            "pieces": [
                {
                    "$type": "Sheet", "area": "1",
                    "inside": {"$type": "Bolt", "width": 2, "type": "hex"},
                },
                None,
            ],
        },
    ),
    (Noted({"a": [1, 1.0, True, None]}), {"what": {"a": [1, 1.0, True, None]}}),
]  # fmt: skip


@pytest.mark.parametrize(("event", "data"), EXAMPLES, ids=lambda each: type(each).__name__)
def test_the_stored_form_is_readable_json(event: Any, data: Any) -> None:
    """It is this JSON, by the names of the fields: it may be read without us, and never changes."""
    state = stored(event, by="bank", why="salary", cause="c1", happened_at=MOMENT)
    read = json.loads(state)
    assert typed(read.pop("data")) == typed({key: data[key] for key in json.loads(state)["data"]})
    assert set(json.loads(state)["data"]) == set(data)
    moment = "2020-01-02T03:04:05.000006Z"
    assert read == {
        "recorded_at": moment, "by": "bank", "why": "salary", "cause": "c1", "happened_at": moment,
    }  # fmt: skip


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN),
        datetime(2024, 10, 27, 2, 30, fold=1, tzinfo=BERLIN),
        datetime(2024, 3, 31, 2, 30, tzinfo=BERLIN),
        datetime(2024, 6, 1, tzinfo=timezone(timedelta(hours=-3, minutes=-30))),
    ],
    ids=str,
)
def test_a_moment_is_kept_whatever_its_zone_does(moment: datetime) -> None:
    """The hours that a clock change repeats or leaves out are moments like any other."""
    event = ToldApart(
        b"", Decimal(0), UUID(int=0), moment, MOMENT.date(), MOMENT.time(), timedelta()
    )
    assert back(event).moment.astimezone(UTC) == moment.astimezone(UTC)


def test_what_was_given_can_change_without_the_event() -> None:
    """The copy that was encoded is apart from what the caller still holds."""
    rows: list[list[UUID]] = [[UUID(int=1)]]
    event = Gathered((1, "", b""), (), rows, {}, {}, {})
    _, _, copy = codec.encode(event, "", "", "")
    rows[0].append(UUID(int=2))
    rows.append([])
    assert copy.rows == [[UUID(int=1)]]


def test_a_happened_at_of_an_offset_in_seconds_is_kept() -> None:
    """Local mean time of before 1912 is a moment like any other, or else it is refused."""
    moment = datetime(1911, 1, 1, tzinfo=timezone(-timedelta(minutes=16, seconds=8)))
    state = stored(Noted(1), happened_at=moment)
    assert codec.recorded(1, "a/b", 1, "things.noted.v1", state).happened_at == moment
