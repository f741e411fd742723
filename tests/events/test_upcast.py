"""Upcasters: rows of older versions are read as events of today, whatever reads them."""

from __future__ import annotations

from collections import OrderedDict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from retold import Log, event, retell
from retold.events.codec import Codec
from retold.events.errors import Unstorable
from retold.events.log import Append
from retold.events.log_errors import CorruptedRow, Undecodable
from retold.events.names import EVENT_CLASSES
from retold.events.upcast import upcast

from .upcasting import Priced, PricedInEuros, RenamedNow, Till, old_log, row, till


def test_a_row_is_read_as_the_newest_version() -> None:
    """Over all steps, with its envelope as it was and under the wire name that is stored."""
    found = Codec().recorded(*row("upcast.priced.v1", '{"euros":"12.34"}'))
    assert found.event == Priced(1234, "EUR")
    assert (found.name, found.by, found.why) == ("upcast.priced.v1", "ada", "due")
    assert (found.position, found.address, found.version) == (7, "account/a", 2)


def test_a_row_from_the_middle_takes_the_rest_of_the_way() -> None:
    """A chain is entered wherever the row stands."""
    codec = Codec()
    assert codec.decode(*row("upcast.priced.v2", '{"cents":-5}')).data == Priced(-5, "?")
    renamed_row = row("upcast.named_once.v4", '{"text":"x"}')
    assert codec.decode(*renamed_row).data == RenamedNow("x")


def test_bare_events_are_upcast_too() -> None:
    """What a fold is given, old and new rows mixed, is of one version."""
    rows = [
        row("upcast.priced.v1", '{"euros":"1"}'),
        row("upcast.priced.v3", '{"cents":2,"currency":"USD","net":1}'),
        row("upcast.priced.v2", '{"cents":3}'),
    ]
    found = list(Codec().events(iter(rows)))
    assert found == [Priced(100, "EUR"), Priced(2, "USD", 1), Priced(3, "EUR")]


def test_an_event_of_an_older_version_is_not_stored() -> None:
    """Its class may stay; who writes it is told the newest version, and nothing is stored."""
    with Log.open("memory:") as log:
        with pytest.raises(Unstorable, match=r"upcast\.priced\.v1.*stored as upcast\.priced\.v3"):
            log.append(Append("account/a", 0, (PricedInEuros(Decimal(1)),)))
        assert log.last_position() == 0
    assert EVENT_CLASSES["upcast.priced.v1"] is PricedInEuros


def test_a_codec_that_has_read_a_version_upcasts_it_from_then_on() -> None:
    """An upcaster that is registered late counts for the next row."""
    codec, old = Codec(), row("upcast.lately_opened.v1", '{"text":"x"}')

    @event("upcast.lately_opened.v1")
    class Opened:
        text: str

    assert codec.decode(*old).data == Opened("x")
    assert list(codec.events([old])) == [Opened("x")]

    @upcast("upcast.lately_opened.v1", "upcast.renamed_now.v1")
    def late(data: dict[str, Any]) -> dict[str, Any]:
        return {"text": data["text"] * 2}

    assert codec.decode(*old).data == RenamedNow("xx")
    assert list(codec.events([old])) == [RenamedNow("xx")]


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("upcast.priced.v1", '{"euro":"1"}', r"v1 -> upcast\.priced\.v2, .*to_cents.*KeyError"),
        ("upcast.priced.v1", '{"euros":"much"}', r"to_cents.* raised InvalidOperation"),
        ("upcast.priced.v2", '{"cents":"1"}', r"with_currency.* raised TypeError"),
        ("upcast.priced.v2", '{"cents":1.5}', r"v2 -> upcast\.priced\.v3\)"),
        ("upcast.priced.v2", '{"cents":1,"odd":2}', r"field 'odd' of upcast\.priced\.v2 does not"),
    ],
)
def test_what_cannot_be_upcast_is_named(name: str, data: str, words: str) -> None:
    """Address, version, stored wire name and step are told, by whatever way it is read."""
    codec = Codec()
    for read in (
        lambda: codec.decode(*row(name, data)),
        lambda: [*codec.events([row(name, data)])],
    ):
        with pytest.raises(Undecodable, match=words) as caught:
            read()
        found = caught.value
        assert (found.address, found.version, found.name) == ("account/a", 2, name)


@event("upcast.judged.v2")
class Judged:
    """What upcasters of every kind lead to."""

    what: Any


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "gave None, no dict"),
        ([("what", 1)], "no dict"),
        ({"what": Decimal(1)}, "field 'what' is Decimal"),
        ({"what": [{"deep": (1,)}]}, r"field 'what\[0\]\.deep' is \(1,\)"),
        ({"what": float("nan")}, "field 'what' is nan"),
        ({"what": {1: 2}}, "the key 1 of what is no text"),
        ({"what": b"x"}, "field 'what' is b'x'"),
        ({"what": "\ud800"}, "text that is no Unicode"),
        ({"\ud800": 1}, "text that is no Unicode"),
        (OrderedDict(what=1), "no plain dict"),
    ],
)
def test_an_upcaster_gives_the_terms_of_json(given: Any, words: str) -> None:
    """What could be stored as something else than it is, is refused and named."""

    @upcast("upcast.judged.v1")
    def judged(_: dict[str, Any]) -> Any:
        return given

    with pytest.raises(Undecodable, match=words):
        Codec().decode(*row("upcast.judged.v1", "{}"))


def test_a_field_added_with_a_default_is_read_and_its_row_is_refused_by_the_code_before() -> None:
    """Without a new version old rows get the default; there is no way back once one is stored."""

    def define(**more: Any) -> type:
        fields = {"__annotations__": {"cents": int, **dict.fromkeys(more, str)}}
        return event("upcast.grown.v1")(type("Grown", (), {**fields, **more}))

    before = row("upcast.grown.v1", '{"cents":5}')
    grown = define(currency="EUR")
    codec = Codec()
    assert codec.decode(*before).data == grown(5, "EUR")
    name, tail, _ = codec.encode(grown(7, "EUR"), "", "", "")
    (after,) = codec.seal([tail], datetime(2026, 1, 1, tzinfo=UTC))
    small = define()
    assert Codec().decode(*before).data == small(5)
    with pytest.raises(Undecodable, match="no such field") as caught:
        Codec().decode(1, "account/a", 2, name, after)
    assert caught.value.field == "currency"


def test_a_row_that_is_no_envelope_is_damaged() -> None:
    """It is not the upcaster's fault, and is not given to it."""
    position, address, version, name, state = row("upcast.priced.v1", '{"euros":"1"}')
    for damaged in (state[:-3], state.replace(b'{"euros":"1"}', b"[1]")):
        with pytest.raises(CorruptedRow):
            Codec().decode(position, address, version, name, damaged)
    strange = state.replace(b'"by"', b'"more":1,"by"')
    with pytest.raises(Undecodable, match="more"):
        Codec().decode(position, address, version, name, strange)


def test_a_log_gives_events_of_today() -> None:
    """Reading by address, by position, as bare events, and retelling to any version."""
    with old_log(5) as log:
        expected = [Priced(number, "EUR") for number in (1, 2, 3, 4, 5)]
        assert [each.event for each in log.read("till/1")] == expected
        assert [each.event for each in log.scan()] == expected
        assert list(log.events("till/1", after=2)) == expected[2:]
        assert retell(log, "till/1", behaviour=till) == Till(15)
        assert retell(log, "till/1", version=3, behaviour=till) == Till(6)
        assert next(log.causes("till/1")) == (1, "c1")


def test_the_envelope_stays_to_the_letter() -> None:
    """Of an upcast row nothing but the event is another than was stored."""
    codec = Codec()
    position, address, version, name, state = row("upcast.priced.v2", '{"cents":1}')
    full = state[:-1] + b',"cause":"c","happened_at":"2020-01-01T00:00:00+05:30"}'
    found = codec.decode(position, address, version, name, full)
    again = msgspec.json.decode(msgspec.json.encode(found))
    assert {**again, "data": {"cents": 1}} == msgspec.json.decode(full)
