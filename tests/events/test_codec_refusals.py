"""What cannot be stored or read is refused with an error that names the event and the field."""

from __future__ import annotations

import decimal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import attrs
import pytest

from retold import event
from retold.events.codec import Codec
from retold.events.errors import Unstorable
from retold.events.log_errors import CorruptedRow, Undecodable, UnknownEvent

from .things import Bolt, Built, Gathered, Noted, Part, PlainCounted, SetUp, ToldApart

MOMENT = datetime(2020, 1, 1, tzinfo=UTC)
NAN = float("nan")
SECONDS = timezone(timedelta(seconds=30))
PLAIN = PlainCounted(True, 1, 0.5, "")
TOLD = ToldApart(b"", Decimal(0), UUID(int=0), MOMENT, MOMENT.date(), MOMENT.time(), timedelta())
GATHERED = Gathered((1, "", b""), (), [], {}, {}, {})
SET_UP = SetUp(frozenset(), frozenset(), {})
BUILT = Built(Part("a"), (), Bolt(1), [])


class Text(str):
    """A text that is more than text."""

    __slots__ = ()


def deep(levels: int) -> Any:
    """An object within an object, and so on."""
    made: Any = {}
    for _ in range(levels):
        made = {"a": made}
    return made


BAD: list[tuple[Any, str, Any]] = [
    (PLAIN, "ratio", NAN),
    (PLAIN, "ratio", float("inf")),
    (PLAIN, "ratio", "0.5"),
    (PLAIN, "flag", 1),
    (PLAIN, "count", True),
    (PLAIN, "count", 1.0),
    (PLAIN, "text", None),
    (PLAIN, "text", "\ud800"),
    (PLAIN, "text", Text("a")),
    (PLAIN, "nothing", 0),
    (TOLD, "number", Decimal("nan")),
    (TOLD, "number", "1"),
    (TOLD, "identity", str(UUID(int=0))),
    (TOLD, "raw", "AAAA"),
    (TOLD, "moment", MOMENT.date()),
    (TOLD, "moment", MOMENT.replace(tzinfo=SECONDS)),
    (TOLD, "day", MOMENT),
    (GATHERED, "fixed", (1, "")),
    (GATHERED, "fixed", (1, "", b"", 0)),
    (GATHERED, "many", [Decimal(1)]),
    (GATHERED, "rows", ([],)),
    (GATHERED, "by_number", {"1": b""}),
    (GATHERED, "by_number", {1: "AAAA"}),
    (SET_UP, "names", frozenset({1})),
    (SET_UP, "names", ["a"]),
    (SET_UP, "numbers", frozenset({Decimal("nan")})),
    (BUILT, "part", Part(5)),  # type: ignore[arg-type]  # that is the mistake
    (BUILT, "piece", Part("x")),
    (BUILT, "piece", None),
    (BUILT, "pieces", [Bolt("wide")]),  # type: ignore[arg-type]  # that is the mistake
    (BUILT, "which", "z"),
    (BUILT, "either", 1.0),
    (Noted(0), "what", {"a": [NAN]}),
    (Noted(0), "what", {"a": (1, 2)}),
    (Noted(0), "what", b"a"),
    (Noted(0), "what", Decimal(1)),
    (Noted(0), "what", {1: 2}),
    (Noted(0), "what", {"a": {1}}),
    (Noted(0), "what", Part("a")),
    (Noted(0), "what", MOMENT),
    (Noted(0), "what", object()),
    (Noted(0), "what", deep(20_000)),
]


@pytest.mark.parametrize(
    ("good", "field", "value"), BAD, ids=[f"{at}-{each[1]}" for at, each in enumerate(BAD)]
)
def test_a_value_that_would_not_come_back_is_refused(good: Any, field: str, value: Any) -> None:
    """`Unstorable` names the event and the field, and the same event with a good value goes in."""
    codec = Codec()
    with pytest.raises(Unstorable) as caught:
        codec.encode(attrs.evolve(good, **{field: value}), "by", "why", "cause")
    assert caught.value.event == codec.encode(good, "by", "why", "cause")[0]
    assert caught.value.field.partition("[")[0].partition(".")[0] == field


def test_a_number_that_cannot_even_be_compared_is_refused() -> None:
    """A signalling NaN raises where it is compared: that is `Unstorable` too."""
    with decimal.localcontext() as context:
        context.traps[decimal.InvalidOperation] = True
        with pytest.raises(Unstorable):
            Codec().encode(attrs.evolve(TOLD, number=Decimal("sNaN")), "", "", "")
        with pytest.raises(Unstorable):
            Codec().encode(Noted(Decimal("sNaN")), "", "", "")


@pytest.mark.parametrize("envelope", [{"by": 5}, {"why": None}, {"cause": 1}])
def test_an_envelope_of_another_type_is_refused(envelope: dict[str, Any]) -> None:
    """Author, reason and cause are text: the error names which of them is not."""
    given = {"by": "", "why": "", "cause": "", **envelope}
    with pytest.raises(Unstorable) as caught:
        Codec().encode(Noted(1), **given)
    assert caught.value.field == next(iter(envelope))


@pytest.mark.parametrize("envelope", [{"by": b"x"}, {"why": Decimal(1)}, {"cause": UUID(int=0)}])
def test_an_envelope_that_would_become_text_is_refused(envelope: dict[str, Any]) -> None:
    """Bytes, a number or an identity would be read back as something else."""
    with pytest.raises(Unstorable):
        Codec().encode(Noted(1), **{"by": "", "why": "", "cause": "", **envelope})


def test_an_object_where_a_class_is_due_is_refused_by_its_field() -> None:
    """A dict of the right keys is no `Part`: the error names the field that holds it."""
    with pytest.raises(Unstorable) as caught:
        Codec().encode(attrs.evolve(BUILT, part={"label": "a", "sizes": []}), "", "", "")
    assert caught.value.field == "part"


def test_a_happened_at_without_zone_is_refused() -> None:
    """It would be no moment, and nothing could be compared with it."""
    with pytest.raises(Unstorable) as caught:
        Codec().encode(Noted(1), "", "", "", datetime(2020, 1, 1))
    assert caught.value.field == "happened_at"


@pytest.mark.parametrize("moment", ["2020-01-01", MOMENT.date(), 0])
def test_a_happened_at_that_is_no_moment_is_refused(moment: Any) -> None:
    """A text, a day or a number is `Unstorable` as well."""
    with pytest.raises(Unstorable):
        Codec().encode(Noted(1), "", "", "", moment)


@pytest.mark.parametrize("thing", [Part("a"), {"a": 1}, None, Noted], ids=str)
def test_what_is_no_event_is_refused(thing: Any) -> None:
    """An attrs class is no event by that alone."""
    with pytest.raises(Unstorable, match=r"not made by @event|a class, not an event"):
        Codec().encode(thing, "", "", "")


@pytest.mark.parametrize(
    "hint", [complex, object, type, Callable[[], int], dict[tuple[int, int], int]]
)
def test_a_field_of_a_type_without_stored_form_is_refused(hint: Any) -> None:
    """At the first encoding, by the name of the field, whatever the value."""
    tried = type("Tried", (), {"__annotations__": {"x": hint}, "__qualname__": f"Tried{hint}"})
    name = f"refused.tried_{abs(hash(str(hint)))}.v1"
    with pytest.raises(Unstorable) as caught:
        Codec().encode(event(name)(tried)({(1, 2): 3}), "", "", "")
    assert (caught.value.event, caught.value.field) == (name, "x")


def test_a_field_that_init_does_not_set_is_refused() -> None:
    """What `__init__` does not take could not be given back."""

    @event("refused.counted.v1")
    class Counted:
        """It counts behind the back."""

        x: int = attrs.field(init=False, default=5)

    with pytest.raises(Unstorable) as caught:
        Codec().encode(Counted(), "", "", "")
    assert caught.value.field == "x"


def row(data: str, envelope: str = '"by":"b"') -> bytes:
    """The state of a row, written by hand."""
    return b'{"recorded_at":"2020-01-01T00:00:00Z",%s,"data":%s}' % (
        envelope.encode(), data.encode(),
    )  # fmt: skip


UNREADABLE = [
    ("things.noted.v1", row('{"what":1,"other":2}'), "other"),
    ("things.noted.v1", row('{"what":1,"other":null}'), "other"),
    ("things.noted.v1", row('{"what":1,"why":5}'), "why"),
    ("things.noted.v1", row('{"what":1}', '"by":"b","extra":1'), "extra"),
    ("things.noted.v1", row('{"what":1}', '"by":5'), "by"),
    ("things.noted.v1", row('{"what":1}', '"why":""'), "by"),
    ("things.noted.v1", row("{}"), "what"),
    ("things.noted.v1", row("[]"), ""),
    ("things.plain_counted.v1", row('{"flag":1,"count":1,"ratio":1,"text":""}'), "flag"),
    ("things.plain_counted.v1", row('{"flag":true,"count":1,"ratio":null,"text":""}'), "ratio"),
    (
        "things.gathered.v1",
        row(
            '{"fixed":[1,"",""],"many":[],"rows":[],"by_number":{"a":""},'
            '"by_text":{},"by_identity":{}}'
        ),
        "by_number",
    ),
    ("things.set_up.v1", row('{"names":[],"numbers":[],"ones":{},"more":1}'), "more"),
    ("things.set_up.v1", row('{"names":[1],"numbers":[],"ones":{}}'), "names"),
    (
        "things.built.v1",
        row('{"part":{"label":"a"},"parts":[],"piece":{"$type":"Nut"},"pieces":[]}'),
        "piece",
    ),
    (
        "things.built.v1",
        row(
            '{"part":{"label":"a","colour":1},"parts":[],'
            '"piece":{"$type":"Bolt","width":1},"pieces":[]}'
        ),
        "part",
    ),
]


@pytest.mark.parametrize(("name", "state", "field"), UNREADABLE, ids=range(len(UNREADABLE)))
def test_a_row_that_does_not_fit_its_class_is_refused(name: str, state: bytes, field: str) -> None:
    """`Undecodable` names the event, the field, the actor and the version."""
    with pytest.raises(Undecodable) as caught:
        Codec().decode(7, "a/b", 3, name, state)
    error = caught.value
    assert (error.name, error.address, error.version) == (name, "a/b", 3)
    said = f"{error.field} {error.reason}"
    assert field in said


@pytest.mark.parametrize("state", [b"", b"{", b"\xff\xfe", row('{"what":1}')[:-1], b"NaN"])
def test_a_row_that_is_no_json_is_damaged(state: bytes) -> None:
    """`CorruptedRow` with its position: not the fault of a class."""
    with pytest.raises(CorruptedRow) as caught:
        Codec().decode(7, "a/b", 3, "things.noted.v1", state)
    assert (caught.value.position, caught.value.address, caught.value.version) == (7, "a/b", 3)
    with pytest.raises(CorruptedRow):
        Codec().stamp(7, "a/b", 3, "things.noted.v1", state)


def test_an_unknown_name_is_named() -> None:
    """`UnknownEvent` says which; its stamp can be read all the same."""
    with pytest.raises(UnknownEvent) as caught:
        Codec().decode(7, "a/b", 3, "things.forgotten.v1", row("{}"))
    assert caught.value.name == "things.forgotten.v1"
    stamp = Codec().stamp(7, "a/b", 3, "things.forgotten.v1", row("{}", '"by":"b","cause":"c"'))
    assert (stamp.recorded_at, stamp.cause) == (MOMENT, "c")


def test_a_row_that_is_only_spelt_otherwise_is_read() -> None:
    """Spaces, order of keys and defaults written out are no damage."""
    state = (
        b'{ "by": "b", "data": {"what": 1.50}, "why": "", "cause": "", "happened_at": null,'
        b' "recorded_at": "2020-01-01T01:00:00+01:00" }'
    )
    found = Codec().decode(1, "a/b", 1, "things.noted.v1", state)
    assert (found.data, found.by, found.recorded_at) == (Noted(1.5), "b", MOMENT)
