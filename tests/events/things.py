"""Events with a field of every type that has a stored form, and how values of them are drawn."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Literal, Optional
from uuid import UUID

import attrs
from hypothesis import strategies as st

from retold import event


@attrs.frozen
class Part:
    """A value with parts of its own."""

    label: str
    sizes: tuple[int, ...] = ()


@attrs.frozen
class Bolt:
    """One of a union."""

    width: int
    type: str = "hex"


@attrs.frozen
class Sheet:
    """Another."""

    area: Decimal
    inside: Bolt | Part | None = None


@event("things.plain_counted.v1")
class PlainCounted:
    """What JSON has words for."""

    flag: bool
    count: int
    ratio: float
    text: str
    nothing: None = None


@event("things.told_apart.v1")
class ToldApart:
    """What JSON has no words for."""

    raw: bytes
    number: Decimal
    identity: UUID
    moment: dt.datetime
    day: dt.date
    hour: dt.time
    span: dt.timedelta


@event("things.gathered.v1")
class Gathered:
    """Containers, nested."""

    fixed: tuple[int, str, bytes]
    many: tuple[Decimal, ...]
    rows: list[list[UUID]]
    by_number: dict[int, bytes]
    by_text: dict[str, tuple[int, ...]]
    by_identity: dict[UUID, Part]


@event("things.set_up.v1")
class SetUp:
    """Sets, whose order must not show."""

    names: frozenset[str]
    numbers: frozenset[Decimal]
    ones: dict[int, frozenset[bytes]]


@event("things.built.v1")
class Built:
    """Attrs classes, alone, nested and one of several."""

    part: Part
    parts: tuple[Part, ...]
    piece: Bolt | Sheet
    pieces: list[Bolt | Sheet | None]
    maybe: Part | None = None
    older: Optional[int] = None  # noqa: UP045 - the old spelling is a type of its own
    either: int | str = 0
    which: Literal["a", "b", 3] = "a"


@event("things.noted.v1")
class Noted:
    """Any document."""

    what: Any


TEXT = st.text(st.characters(codec="utf-8"), max_size=10)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
INTEGERS = st.integers(-(2**63), 2**64 - 1)
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
MOMENTS = st.datetimes(
    dt.datetime(2, 1, 1),
    dt.datetime(9998, 1, 1),
    timezones=st.integers(-1439, 1439).map(lambda m: dt.timezone(dt.timedelta(minutes=m))),
)
PARTS = st.builds(Part, TEXT, st.lists(INTEGERS, max_size=3).map(tuple))
BOLTS = st.builds(Bolt, INTEGERS, TEXT)
SHEETS = st.builds(Sheet, DECIMALS, st.one_of(BOLTS, PARTS, st.none()))
PIECES = st.one_of(BOLTS, SHEETS)
DOCUMENTS = st.recursive(
    st.one_of(st.none(), st.booleans(), INTEGERS, FINITE, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=10,
)

EVENTS: st.SearchStrategy[Any] = st.one_of(
    st.builds(PlainCounted, st.booleans(), INTEGERS, FINITE, TEXT),
    st.builds(
        ToldApart,
        st.binary(max_size=20),
        DECIMALS,
        st.uuids(),
        MOMENTS,
        st.dates(),
        st.times(),
        st.timedeltas(dt.timedelta(days=-10_000), dt.timedelta(days=10_000)),
    ),
    st.builds(
        Gathered,
        st.tuples(INTEGERS, TEXT, st.binary(max_size=5)),
        st.lists(DECIMALS, max_size=3).map(tuple),
        st.lists(st.lists(st.uuids(), max_size=2), max_size=3),
        st.dictionaries(INTEGERS, st.binary(max_size=5), max_size=3),
        st.dictionaries(TEXT, st.lists(INTEGERS, max_size=3).map(tuple), max_size=3),
        st.dictionaries(st.uuids(), PARTS, max_size=2),
    ),
    st.builds(
        SetUp,
        st.frozensets(TEXT, max_size=4),
        st.frozensets(DECIMALS, max_size=4),
        st.dictionaries(INTEGERS, st.frozensets(st.binary(max_size=4), max_size=3), max_size=3),
    ),
    st.builds(
        Built,
        PARTS,
        st.lists(PARTS, max_size=3).map(tuple),
        PIECES,
        st.lists(st.one_of(PIECES, st.none()), max_size=3),
        st.one_of(PARTS, st.none()),
        st.one_of(INTEGERS, st.none()),
        st.one_of(INTEGERS, TEXT),
        st.sampled_from(["a", "b", 3]),
    ),
    st.builds(Noted, DOCUMENTS),
)
