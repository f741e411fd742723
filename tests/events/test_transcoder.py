"""The transcoder: the library's own suite unchanged, and what that suite does not ask."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import JSONTranscoder, Transcoder, Transcoding
from eventsourcing.tests import persistence as suites
from hypothesis import given, settings
from hypothesis import strategies as st

from retold.events.errors import Unstorable
from retold.events.transcoder import StrictTranscoder

from .exactness import typed


def registered(of: type, called: str) -> Transcoding:
    """What a user registers for a subclass of a plain type: the plain value under a name."""
    plain = of.__mro__[1]

    class Plainly(Transcoding):
        type = of
        name = called

        def encode(self, obj: Any) -> Any:
            return plain(obj)

        def decode(self, data: Any) -> Any:
            return of(data)

    return Plainly()


class TestStrictTranscoder(suites.TranscoderTestCase):
    """Every method of the suite applies; none is left out or changed."""

    def construct_transcoder(self) -> Transcoder:
        """Ours, with the transcodings of the suite's own classes as its users would register."""
        made = StrictTranscoder()
        made.register(suites.CustomType1AsDict())
        made.register(suites.CustomType2AsDict())
        for of in (suites.Mydict, suites.MyList, suites.MyStr, suites.MyInt):
            made.register(registered(of, of.__name__.lower()))
        return made


KEYS = st.one_of(
    st.text(max_size=8).filter(lambda text: text.isprintable()),
    st.integers(),
    st.booleans(),
    st.just("_type_"),
    st.just("_data_"),
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec="utf-8")),
    st.binary(),
    st.uuids(),
    st.decimals(allow_nan=False),
    st.datetimes(timezones=st.just(UTC)),
    st.frozensets(st.one_of(st.integers(), st.text(st.characters(codec="utf-8")))),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(VALUES)
def test_every_value_comes_back_as_what_it_was(value: Any) -> None:
    """Decoding gives the value with every type, key and order as it was."""
    strict = StrictTranscoder()
    assert typed(strict.decode(strict.encode(value))) == typed(value)


@pytest.mark.parametrize(
    "value",
    [
        {"_type_": "tuple_as_list", "_data_": [1]},
        {"_data_": 1, "_type_": "nobody"},
        {"_type_": "uuid_hex", "_data_": {"_type_": None, "_data_": ()}},
        {1: "a", "1": "b", False: "c", (1, 2): "d", None: "e"},
    ],
)
def test_objects_that_look_like_ours_come_back(value: Any) -> None:
    """One with just the keys of the stored form, or with keys of any type, is what it was."""
    strict = StrictTranscoder()
    assert typed(strict.decode(strict.encode(value))) == typed(value)


@pytest.mark.parametrize(
    "value",
    [
        float("nan"), float("inf"), float("-inf"), Decimal("nan"), Decimal("sNaN"), "\ud800",
        {"a": [float("nan")]}, (float("nan"),),
    ],
    ids=repr,
)  # fmt: skip
def test_what_would_not_come_back_is_refused(value: Any) -> None:
    """A value that equals nothing, or has no JSON, is `Unstorable`."""
    with pytest.raises(Unstorable):
        StrictTranscoder().encode(value)


def test_a_refusal_says_where() -> None:
    """The path of the value that was refused stands in the error."""
    with pytest.raises(Unstorable) as caught:
        StrictTranscoder().encode({"a": [1, {"b": float("nan")}]})
    assert caught.value.field == "$.a[1].b"


def test_what_is_too_deep_is_refused() -> None:
    """Nesting beyond Python's stack is `Unstorable`, not a RecursionError."""
    deep: Any = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(Unstorable):
        StrictTranscoder().encode(deep)


@pytest.mark.parametrize("value", [type("Text", (str,), {})("a"), {1, 2}, object(), bytearray(b"")])
def test_a_type_that_nobody_registered_is_refused(value: Any) -> None:
    """Subclasses of plain types included: they would come back as the plain type."""
    with pytest.raises(TypeError, match="register"):
        StrictTranscoder().encode(value)


@pytest.mark.parametrize(
    "data", [b"NaN", b"Infinity", b'{"a":', b'{"_type_":"bytes_base64","_data_":"?"}']
)
def test_what_no_encoder_wrote_is_refused(data: bytes) -> None:
    """What is no JSON, or not the stored form of its type, is a ValueError."""
    with pytest.raises(ValueError):  # noqa: PT011 - the standard library's own words
        StrictTranscoder().decode(data)


def test_what_the_library_wrote_is_read() -> None:
    """Rows of the library's JSONTranscoder with its usual transcodings decode the same."""
    value = {"id": UUID(int=7), "n": Decimal("1.50"), "at": datetime(2020, 1, 1, tzinfo=UTC)}
    theirs = JSONTranscoder()
    ours = StrictTranscoder()
    for name in ("uuid_hex", "decimal_str", "datetime_iso"):
        theirs.register(ours._by_name[name])
    assert ours.decode(theirs.encode(value)) == value
    assert ours.encode(value) == theirs.encode(value)


class Shelf(Aggregate):
    """An aggregate of the library whose event carries what JSON has no words for."""

    def __init__(self) -> None:
        self.kept: list[Any] = []

    @event("Kept")
    def keep(self, what: Any) -> None:
        """Keep a thing."""
        self.kept.append(what)


class Shelves(Application[UUID]):
    """An application of the library with our transcoder."""

    def construct_transcoder(self) -> Transcoder:
        """Ours."""
        return StrictTranscoder()


def test_an_application_of_the_library_stores_by_it() -> None:
    """An aggregate that is saved and found again holds what it held."""
    shelves, shelf = Shelves(), Shelf()
    shelf.keep({1: (b"x", frozenset({2}))})
    shelves.save(shelf)
    found: Shelf = shelves.repository.get(shelf.id)
    assert found.kept == [{1: (b"x", frozenset({2}))}]
