"""A transcoder for applications of the `eventsourcing` library: values to JSON and back, by type.

Our own events do not go this way (`codec` does it by the types of their fields). This is for
applications of that library which stand on our recorders: an `Application` gives it from
`construct_transcoder`. The stored form is the library's, `{"_type_":…,"_data_":…}`, so that what
its `JSONTranscoder` wrote is read; the difference is that nothing comes back as something else.

| value | library's own | here |
|---|---|---|
| NaN, infinite floats | `NaN`, which is no JSON | refused |
| keys that are no text | become text | come back as they were |
| an object of the two keys `_type_` and `_data_` | misread, or an error | comes back |
| subclasses of dict, list, text and numbers | become the plain type | registered, or refused |
| tuple, bytes, frozenset | list, error, error | come back |
"""

from __future__ import annotations

import json
import math
from base64 import b64decode, b64encode
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from eventsourcing.persistence import (
    DatetimeAsISO,
    DecimalAsStr,
    Transcoder,
    Transcoding,
    TranscodingNotRegisteredError,
    UUIDAsHex,
)

from .errors import Unstorable

_TYPE, _DATA = "_type_", "_data_"
_ITEMS = "dict_items"
"""The name of an object that JSON cannot hold as it is: by its keys and values, in their order."""


class StrictTranscoder(Transcoder):
    """Encodes plain JSON values and what transcodings are registered for; all else is refused.

    >>> strict = StrictTranscoder()
    >>> strict.encode({"when": (1, 2)})
    b'{"when":{"_type_":"tuple_as_list","_data_":[1,2]}}'
    >>> strict.decode(strict.encode({1: b"x"}))
    {1: b'x'}
    """

    def __init__(self) -> None:
        self._by_type: dict[type, Transcoding] = {}
        self._by_name: dict[str, Transcoding] = {}
        own: list[Transcoding] = [TupleAsList(), BytesAsText(), FrozensetAsList(self.encode)]
        for each in [*own, UUIDAsHex(), NumberAsText(), DatetimeAsISO()]:
            self.register(each)

    def register(self, transcoding: Transcoding) -> None:
        """Encode values of exactly `transcoding.type` by it, and decode what carries its name."""
        self._by_type[transcoding.type] = transcoding
        self._by_name[transcoding.name] = transcoding

    def encode(self, obj: Any) -> bytes:
        """The JSON of a value.

        Raises the library's `TranscodingNotRegisteredError` (a TypeError) for a type that nobody
        registered, `Unstorable` with the path for a value that would not come back.
        """
        try:
            plain = self._plain(obj, "$")
            return json.dumps(plain, separators=(",", ":"), ensure_ascii=False).encode()
        except RecursionError:
            raise Unstorable("a value", "", "it is nested too deeply") from None
        except UnicodeEncodeError as error:
            raise Unstorable("a value", "", f"a text of it has no UTF-8: {error}") from None

    def decode(self, data: bytes) -> Any:
        """The value of which `encode` made the JSON; ValueError for anything else."""
        return json.loads(data, object_hook=self._value, parse_constant=_no_number)

    def _plain(self, value: Any, path: str) -> Any:
        kind = type(value)
        if value is None or kind in (str, int, bool):
            return value
        if kind is float:
            return _finite(value, path)
        if kind is list:
            return [self._plain(part, f"{path}[{at}]") for at, part in enumerate(value)]
        if kind is dict:
            return self._object(value, path)
        if (known := self._by_type.get(kind)) is not None:
            return {_TYPE: known.name, _DATA: self._plain(known.encode(value), path)}
        raise TranscodingNotRegisteredError(
            f"Object of type {kind} is not serializable. Please define and register"
            " a custom transcoding for this type."
        )

    def _object(self, value: dict[Any, Any], path: str) -> dict[str, Any]:
        if all(type(key) is str for key in value) and value.keys() != {_TYPE, _DATA}:
            return {key: self._plain(part, f"{path}.{key}") for key, part in value.items()}
        items = [
            [self._plain(key, path), self._plain(part, f"{path}[{key!r}]")]
            for key, part in value.items()
        ]
        return {_TYPE: _ITEMS, _DATA: items}

    def _value(self, read: dict[str, Any]) -> Any:
        if read.keys() != {_TYPE, _DATA}:
            return read
        name, data = read[_TYPE], read[_DATA]
        if name == _ITEMS:
            return dict(data)
        if (known := self._by_name.get(name)) is not None:
            return known.decode(data)
        raise TranscodingNotRegisteredError(
            f"Data serialized with name '{name}' is not deserializable."
            " Please register a custom transcoding for this type."
        )


class TupleAsList(Transcoding):
    """A tuple, by its items."""

    type = tuple
    name = "tuple_as_list"

    def encode(self, obj: tuple[Any, ...]) -> list[Any]:
        """Its items."""
        return list(obj)

    def decode(self, data: list[Any]) -> tuple[Any, ...]:
        """The tuple of them."""
        return tuple(data)


class BytesAsText(Transcoding):
    """Bytes, in base 64."""

    type = bytes
    name = "bytes_base64"

    def encode(self, obj: bytes) -> str:
        """Their base 64."""
        return b64encode(obj).decode()

    def decode(self, data: str) -> bytes:
        """The bytes of it; ValueError where it is none."""
        return b64decode(data, validate=True)


class NumberAsText(DecimalAsStr):
    """A decimal number as text, as the library has it; one that equals nothing is refused."""

    def encode(self, obj: Decimal) -> str:
        """Its digits."""
        if obj.is_nan():
            raise Unstorable("a value", "", "it is not a number")
        return str(obj)


class FrozensetAsList(Transcoding):
    """A frozen set, by its members, ordered by their JSON: the same in every process."""

    type = frozenset
    name = "frozenset_as_list"

    def __init__(self, order: Callable[[Any], bytes]) -> None:
        self._order = order

    def encode(self, obj: frozenset[Any]) -> list[Any]:
        """Its members in order."""
        return sorted(obj, key=self._order)

    def decode(self, data: list[Any]) -> frozenset[Any]:
        """The set of them."""
        return frozenset(data)


def _finite(value: float, path: str) -> float:
    if math.isfinite(value):
        return value
    raise Unstorable("a value", path, f"{value!r} is not a finite number")


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")
