"""Snapshots of states: they come back as they were through and through, or they are refused."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from eventsourcing.cipher import AESCipher
from hypothesis import given
from hypothesis import strategies as st

from retold import state
from retold.events import Log
from retold.events.channel import Channel, EntryAppended, Opened, Patched
from retold.events.codec import Codec
from retold.events.document import FrozenList, FrozenObject, diff, frozen
from retold.events.errors import Unstorable
from retold.events.fold import fold
from retold.events.snapshots import Snapshot, SnapshotCodec
from retold.events.workflow import ChannelOpened, StatePersisted, Workflow

from .folds import Colour, Done, Line, Moved, Nested, Plain, Running, Waiting, elsewhere


def codec(initial: Any) -> SnapshotCodec:
    """The codec of a kind that begins so."""
    return SnapshotCodec("thing", initial, Codec())


WRITERS: dict[type, SnapshotCodec] = {
    cls: codec(cls()) for cls in (Plain, Nested, Waiting, Workflow, Channel)
}
READERS: dict[type, SnapshotCodec] = {
    cls: codec(cls()) for cls in (Plain, Nested, Waiting, Workflow, Channel)
}


def there_and_back(first: type, state: Any) -> Any:
    """A state of a fold that begins with some class, kept by one codec and found by another."""
    row = WRITERS[first].encode(Snapshot("thing/a", 7, 21, state))
    found = READERS[first].decode(row)
    assert found is not None
    assert (found.address, found.version, found.position) == ("thing/a", 7, 21)
    return found.state


def spelled(value: Any) -> Any:
    """A value with the type of each part beside it, whatever it finds itself equal to."""
    if attrs.has(type(value)):
        return type(value), [
            (f.name, spelled(getattr(value, f.name))) for f in attrs.fields(type(value))
        ]
    if isinstance(value, dict):
        return type(value), [(spelled(key), spelled(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [spelled(part) for part in value]
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, value))
    return type(value), repr(value)


LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
DOCUMENTS = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        LEAVES | st.floats(allow_nan=False, allow_infinity=False),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=8,
    ),
    max_size=4,
)
LINES = st.builds(Line, st.text(max_size=3), DOCUMENTS.map(frozen))
PLAIN = st.builds(
    Plain,
    st.text(max_size=9),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False),
    st.binary(max_size=9),
    st.uuids(),
    st.none() | st.datetimes(timezones=st.just(dt.UTC)).map(lambda at: at.replace(fold=0)),
    st.sampled_from(Colour),
)
NESTED = st.builds(
    Nested,
    st.lists(LINES, max_size=3).map(tuple),
    st.dictionaries(st.text(max_size=3), LINES, max_size=3),
    st.frozensets(st.text(max_size=3), max_size=4),
    DOCUMENTS,
    st.dictionaries(
        st.integers(-9, 9), st.lists(st.integers(0, 9), max_size=2).map(tuple), max_size=3
    ),
    st.sampled_from(["open", "shut"]),
)


@given(PLAIN)
def test_every_leaf_comes_back_as_it_was(state: Plain) -> None:
    """Values and their types: -0.0, 1.50 and the zone of a time too."""
    assert spelled(there_and_back(Plain, state)) == spelled(state)


@given(NESTED)
def test_every_part_comes_back_as_it_was(state: Nested) -> None:
    """Containers of their own types, in their order; frozen documents frozen, loose ones loose."""
    assert spelled(there_and_back(Nested, state)) == spelled(state)


@given(DOCUMENTS, DOCUMENTS)
def test_a_document_comes_back_frozen(first: dict[str, Any], second: dict[str, Any]) -> None:
    """A workflow and a channel: equal, and as little to be changed as before."""
    changed = StatePersisted(diff({}, first), ""), StatePersisted(diff(first, second), "")
    workflow = fold(Workflow(), [*changed, ChannelOpened("legal")])
    again = there_and_back(Workflow, workflow)
    assert spelled(again) == spelled(workflow)
    assert (again.document, again.version, again.channels) == (second, 2, {"legal": "open"})
    entry = EntryAppended(1, "bob", b"\xff", sender_sequence=3)
    channel = fold(Channel(), [Opened(first), Patched(diff(first, second)), entry])
    again = there_and_back(Channel, channel)
    assert spelled(again) == spelled(channel)
    with pytest.raises(TypeError, match="cannot be changed"):
        again.document["new"] = 1
    assert {type(part) for part in again.document.values()} <= {
        FrozenObject, FrozenList, type(None), bool, int, float, str,
    }  # fmt: skip


def test_a_state_of_any_phase_comes_back() -> None:
    """A union of classes, of which the first names the next: each is found again by its name."""
    walked = [Moved(1), Moved(2), Moved(3), Moved(4), Moved(9)]
    states: list[Any] = [fold(Waiting(), walked[:count]) for count in range(6)]
    assert [type(each) for each in states] == [Waiting] * 3 + [Running] * 2 + [Done]
    assert isinstance(states[4].document["was"], FrozenObject)
    for each in states:
        assert spelled(there_and_back(Waiting, each)) == spelled(each)


def endless(depth: int) -> list[Any]:
    """A list in a list in a list."""
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


BERLIN = dt.datetime(2024, 7, 1, 12, tzinfo=ZoneInfo("Europe/Berlin"))
NO_TEXT: Any = 1
REFUSED: dict[str, Any] = {
    "not a number": Plain(ratio=float("nan")),
    "a number of another type": Plain(count=NO_TEXT / 1),
    "a zone that would become an offset": Plain(at=BERLIN),
    "a set among loose values": Nested(loose={"a": {1}}),
    "a tuple among loose values": Nested(loose={"a": (1,)}),
    "keys that are no text": Nested(loose={NO_TEXT: 2}),
    "a mapping of another class": Nested(by_name=OrderedDict(a=Line("a"))),
    "an object of no stored form": Nested(loose={"a": object()}),
    "half a document": Nested(loose=FrozenObject({"a": {"b": 1}})),
    "an hour that comes twice": Plain(at=dt.datetime(2024, 10, 27, 2, fold=1, tzinfo=dt.UTC)),
    "lists within lists without end": Nested(loose={"a": endless(5_000)}),
}


@pytest.mark.parametrize("state", REFUSED.values(), ids=REFUSED)
def test_what_would_come_back_as_another_state_is_refused(state: Any) -> None:
    """With the name of its class; nothing is kept of it."""
    with pytest.raises(Unstorable, match=type(state).__name__):
        WRITERS[type(state)].encode(Snapshot("thing/a", 1, 1, state))


def test_a_class_that_no_evolve_names_is_refused() -> None:
    """Nobody could say which class to make of it again."""
    stranger = elsewhere()
    with pytest.raises(Unstorable, match="no evolve"):
        codec(Plain()).encode(Snapshot("thing/a", 1, 1, stranger()))
    assert len(codec(stranger()).encode(Snapshot("thing/a", 1, 1, stranger(3)))) > 1


def test_private_fields_are_refused() -> None:
    """As with events: what `__init__` does not take under its own name is not stored."""

    @state
    class Secretive:
        _count: int = 0

        def evolve(self, event: Any) -> Any:
            return self

    with pytest.raises(Unstorable, match="public"):
        codec(Secretive()).encode(Snapshot("thing/a", 1, 1, Secretive()))


@pytest.mark.parametrize("place", range(6))
def test_a_row_with_anything_changed_is_none(place: int) -> None:
    """Address, version, position, fingerprint, state or checksum: each is told by the checksum."""
    made = WRITERS[Plain]
    row: list[Any] = list(made.encode(Snapshot("thing/a", 7, 21, Plain("text"))))
    assert made.decode(tuple(row)) is not None
    value = row[place]
    row[place] = value + type(value)(1) if isinstance(value, int) else value[:-1] + value[:1]
    assert made.decode(tuple(row)) is None


@given(st.data())
def test_no_bit_of_a_state_can_change_unseen(data: st.DataObject) -> None:
    """Flip any: there is no snapshot any more."""
    made = WRITERS[Plain]
    row = made.encode(Snapshot("thing/a", 7, 21, Plain("text", 5)))
    bits = bytearray(row[4])
    place = data.draw(st.integers(0, 8 * len(bits) - 1))
    bits[place // 8] ^= 1 << place % 8
    assert made.decode((*row[:4], bytes(bits), row[5])) is None


@pytest.mark.parametrize("state", [None, "text", 5])
def test_a_state_of_another_type_is_none(state: Any) -> None:
    """A column that somebody wrote by hand."""
    made = WRITERS[Plain]
    row = made.encode(Snapshot("thing/a", 7, 21, Plain("text")))
    assert made.decode((*row[:4], state, row[5])) is None


def test_another_kind_or_state_finds_nothing() -> None:
    """The fingerprint is that of the kind, the fold and the class."""
    row = codec(Plain()).encode(Snapshot("thing/a", 7, 21, Plain("text")))
    assert SnapshotCodec("other", Plain(), Codec()).decode(row) is None
    assert codec(Plain("begins otherwise")).decode(row) is None
    assert codec(Nested()).decode(row) is None
    running = codec(Waiting()).encode(Snapshot("thing/a", 3, 3, Running(frozen({}))))
    waiting = codec(Waiting()).encode(Snapshot("thing/a", 3, 3, Waiting()))
    assert running[3] != waiting[3]


def test_a_log_that_is_encrypted_has_encrypted_snapshots(tmp_path: Path) -> None:
    """Nothing of a state can be read in the file; it is found with the key, and with no other."""
    secret, path = "the secret of the third floor", tmp_path / "log.db"
    right, wrong = (AESCipher.create_key(num_bytes=16) for _ in range(2))
    with encrypted(path, right) as log:
        made = SnapshotCodec("thing", Plain(), log.codec)
        log.save_snapshots([made.encode(Snapshot("thing/a", 1, 1, Plain(secret)))])
    assert secret.encode() not in path.read_bytes()
    for key in (right, wrong):
        with encrypted(path, key) as log:
            row = log.snapshot("thing/a")
            assert row is not None
            found = SnapshotCodec("thing", Plain(), log.codec).decode(row)
            assert (None if found is None else found.state.text) == (
                secret if key == right else None
            )


def encrypted(path: Path, key: str) -> Log:
    """A log whose states nobody reads without the key."""
    settings = {"CIPHER_TOPIC": "eventsourcing.cipher:AESCipher", "CIPHER_KEY": key}
    return Log.open(f"sqlite:///{path}", settings=settings)
