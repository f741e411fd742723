"""Snapshots: the state of an actor as its events add up to it, kept so that it need not be folded.

A cache and nothing else: dropping every snapshot changes nothing but time. So a state is kept only
if it comes back as it is (each value of its own type, documents frozen again), and what was kept
is used only under the same fingerprint of its fold, whole, and where the log still has its event.

The stored form is one JSON object: `{"by":"bank:Account","data":{...},"frozen":{...}}`. `by` is the
class, for whoever looks at the table; `frozen` says which parts of the data are documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any
from zlib import crc32

import attrs
import msgspec

from ..codec import Codec
from ..document import FrozenList, FrozenObject, frozen
from ..errors import Unstorable
from ..journal import SnapshotRow
from ..recorded import Tail
from ..shape import FAULTS, Shape, shape_of
from .code import name
from .fingerprint import fingerprint


@attrs.frozen
class Snapshot:
    """Where an actor stood: its state after `version` events, the last of them at `position`."""

    address: str
    version: int
    position: int
    state: Any


class Kept(Tail[Any], frozen=True, omit_defaults=True):
    """What is written of a state."""

    frozen: Any = None


class _Frozen(msgspec.Struct):
    frozen: Any = None


_frozen_parts = msgspec.json.Decoder(_Frozen).decode


class SnapshotCodec:
    """Between the states of one kind of actor and the rows of the table of snapshots."""

    def __init__(self, kind: str, initial: Any, codec: Codec) -> None:
        """Raises `Unstorable` where the fold has no fingerprint."""
        found = fingerprint(initial)
        self._codec = codec
        self._prints = {
            cls: hashlib.blake2b(
                f"{found.text} {kind} {name(cls)}".encode(), digest_size=16
            ).hexdigest()
            for cls in found.states
        }
        self._classes = {text: cls for cls, text in self._prints.items()}
        self._shapes: dict[type, Shape] = {}

    def encode(self, snapshot: Snapshot) -> SnapshotRow:
        """The row of a snapshot. Raises `Unstorable` where its state would come back as another."""
        state, cls = snapshot.state, type(snapshot.state)
        if cls not in self._prints:
            raise Unstorable(name(cls), "", "no evolve that leads to it names this class")
        try:
            shape = self._shape(cls)
            data = shape.write(Kept(name(cls), state, frozen=_documents(state)))
            back = same(state, _read(shape, data))
        except Unstorable:
            raise
        except FAULTS as error:
            raise Unstorable(name(cls), "", str(error)) from error
        if not back:
            raise Unstorable(name(cls), "", "it would be read back as another state")
        where = snapshot.address, snapshot.version, snapshot.position, self._prints[cls]
        data = self._codec.packed(data)
        return (*where, data, _checksum(*where, data))

    def fits(self, row: SnapshotRow) -> bool:
        """Whether a row is of this fold, by its fingerprint alone."""
        return row[3] in self._classes

    def decode(self, row: SnapshotRow) -> Snapshot | None:
        """The snapshot of a row, None for one that is damaged, of another fold or unreadable."""
        address, version, position, text, data, checksum = row
        cls = self._classes.get(text)
        if cls is None or type(data) is not bytes:
            return None
        if _checksum(address, version, position, text, data) != checksum:
            return None
        try:
            state = _read(self._shape(cls), self._codec.unpacked(data))
        except FAULTS:
            return None
        return Snapshot(address, version, position, state)

    def _shape(self, cls: type) -> Shape:
        shape = self._shapes.get(cls)
        if shape is None:
            shape = self._shapes[cls] = shape_of(cls, name(cls))
        return shape


def intact(row: SnapshotRow) -> bool:
    """Whether a row is what was kept, whether or not anybody can still use it."""
    address, version, position, text, data, checksum = row
    return type(data) is bytes and _checksum(address, version, position, text, data) == checksum


def _checksum(address: str, version: int, position: int, text: str, data: bytes) -> int:
    return crc32(data, crc32(f"{address} {version} {position} {text}".encode()))


def _read(shape: Shape, data: bytes) -> Any:
    state, documents = shape.read_tail(data).data, _frozen_parts(data).frozen
    return state if documents is None else _refrozen(state, documents)


def _documents(value: Any) -> Any:
    """Which parts of a value are frozen documents: true for all of it, else its parts by name."""
    if isinstance(value, FrozenObject | FrozenList):
        return True
    found = {key: inner for key, part in _parts(value) if (inner := _documents(part))}
    return found or None


def _refrozen(value: Any, documents: Any) -> Any:
    if documents is True:
        return frozen(value)
    parts = dict(_parts(value))
    changed = {key: _refrozen(parts[key], inner) for key, inner in documents.items()}
    if attrs.has(type(value)):
        return attrs.evolve(value, **changed)
    parts |= changed
    if isinstance(value, dict):
        return dict(zip(value, parts.values(), strict=True))
    return type(value)(parts.values())


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """What a value holds, by field or by place."""
    if attrs.has(type(value)):
        for field in attrs.fields(type(value)):
            yield field.name, getattr(value, field.name)
    elif isinstance(value, dict | list | tuple):
        items = value.values() if isinstance(value, dict) else value
        yield from ((str(place), part) for place, part in enumerate(items))


def same(given: Any, back: Any) -> bool:
    """Whether two values are equal through and through: in their types, orders and spellings."""
    if type(given) is not type(back):
        return False
    if isinstance(given, dict) and not same([*given], [*back]):
        return False
    if attrs.has(type(given)) or isinstance(given, dict | list | tuple):
        pairs = zip(_parts(given), _parts(back), strict=False)
        return _length(given) == _length(back) and all(same(x[1], y[1]) for x, y in pairs)
    if isinstance(given, set | frozenset):
        return given == back and {*map(type, given)} == {*map(type, back)}
    return bool(given == back) and repr(given) == repr(back)


def _length(value: Any) -> int:
    return 0 if attrs.has(type(value)) else len(value)
