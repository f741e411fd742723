"""How one event class is written and read: the shape of its stored form.

Two kinds of shape, one meaning. Where msgspec can read the class as it is (its decoder checks every
field by its type, in C), that is used. Where it cannot (a union of attrs classes, a set, whose
order must not depend on the process) the house's cattrs converter stands in between. Neither reads
more into a row than was written: `Codec` holds that by encoding again what was decoded.
"""

from __future__ import annotations

import datetime
import decimal
import math
import typing
import uuid
from collections.abc import Callable
from types import UnionType
from typing import Any, Protocol

import attrs
import msgspec
import msgspec.inspect
from cattrs import BaseValidationError, Converter
from cattrs.preconf.msgspec import make_converter

from .errors import Unstorable
from .recorded import Envelope, Tail

FAULTS = (
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    BaseValidationError,
)
"""What msgspec, cattrs and comparisons raise on what does not fit a shape."""

_LEAVES = (
    bool, int, float, str, bytes, uuid.UUID, decimal.Decimal,
    datetime.datetime, datetime.date, datetime.time, datetime.timedelta,
)  # fmt: skip
_encode = msgspec.json.Encoder().encode


class Shape(Protocol):
    """Writes and reads the envelopes of one event class."""

    def exact(self, event: Any, /) -> bool:
        """Whether an event comes back as it is for certain, and holds nothing that can change."""
        ...

    def write(self, envelope: Tail[Any] | Envelope[Any], /) -> bytes:
        """The JSON of an envelope."""
        ...

    def read_tail(self, data: bytes, /) -> Tail[Any]:
        """An envelope without its stamp; raises ValueError naming the field."""
        ...

    def read(self, data: bytes, /) -> Envelope[Any]:
        """A whole envelope; raises ValueError naming the field."""
        ...


def shape_of(cls: type, name: str) -> Shape:
    """The shape of an event class; `Unstorable` where a field's type has no stored form."""
    try:
        for field in attrs.fields(cls):
            if field.name.startswith("_") or not field.init:
                raise Unstorable(name, field.name, "a field must be public and set by __init__")
        hints = typing.get_type_hints(cls)
        plain = all(_msgspec_reads(hint, name, field) for field, hint in hints.items())
    except NameError as error:
        raise Unstorable(name, "", f"its annotations do not resolve: {error}") from error
    return typing.cast("Shape", _Plain(cls, hints)) if plain else _Converted(cls, name)


class _Plain:
    """msgspec reads and writes the class by itself."""

    __slots__ = ("exact", "read", "read_tail", "write")

    def __init__(self, cls: type, hints: dict[str, Any]) -> None:
        self.exact = _exact(hints)
        self.write = _encode
        tail: Any = Tail[cls]  # type: ignore[valid-type]  # a class at run time
        envelope: Any = Envelope[cls]  # type: ignore[valid-type]  # a class at run time
        self.read_tail = msgspec.json.Decoder(tail).decode
        self.read = msgspec.json.Decoder(envelope).decode


class _Converted:
    """The converter turns the class into plain values and back; msgspec does the JSON."""

    __slots__ = ("_decode", "_decode_tail", "_structure", "_unstructure")

    def __init__(self, cls: type, name: str) -> None:
        try:
            self._unstructure = _converter.get_unstructure_hook(cls)
            hook = _converter.get_structure_hook(cls)
        except Exception as error:
            raise Unstorable(name, "", f"no stored form for one of its types: {error}") from error
        self._structure: Callable[[Any], Any] = lambda data: hook(data, cls)
        self._decode = msgspec.json.Decoder(Envelope[Any]).decode
        self._decode_tail = msgspec.json.Decoder(Tail[Any]).decode

    def exact(self, _: Any, /) -> bool:
        return False

    def write(self, envelope: Tail[Any] | Envelope[Any]) -> bytes:
        plain = self._unstructure(envelope.data)
        return _encode(msgspec.structs.replace(envelope, data=plain))

    def read_tail(self, data: bytes) -> Tail[Any]:
        tail = self._decode_tail(data)
        return msgspec.structs.replace(tail, data=self._structure(tail.data))

    def read(self, data: bytes) -> Envelope[Any]:
        envelope = self._decode(data)
        return msgspec.structs.replace(envelope, data=self._structure(envelope.data))


_EXACT = {str: "", int: "", bool: "", bytes: "", float: " and isfinite({0})",
          decimal.Decimal: " and {0}.is_finite()"}  # fmt: skip


def _exact(hints: dict[str, Any]) -> Callable[[Any], bool]:
    """A test that every field has exactly its type, for classes of plain values only."""
    if not all(hint in _EXACT for hint in hints.values()):
        return lambda _: False
    tests = ["True"]
    for number, (field, hint) in enumerate(hints.items()):
        value = f"event.{field}"
        tests.append(f"type({value}) is t{number}" + _EXACT[hint].format(value))
    names = {f"t{number}": hint for number, hint in enumerate(hints.values())}
    code = f"lambda event: {' and '.join(tests)}"
    test: Callable[[Any], bool] = eval(code, {"isfinite": math.isfinite, **names})
    return test


def _msgspec_reads(hint: Any, name: str, field: str) -> bool:
    """Whether msgspec reads values of this type by itself and writes them in one order."""
    try:
        kinds = list(_kinds(msgspec.inspect.type_info(hint)))
    except TypeError:
        return False
    for kind in kinds:
        if isinstance(kind, msgspec.inspect.CustomType):
            raise Unstorable(name, field, f"its type {kind.cls!r} has no stored form")
    return not any(isinstance(kind, _UNORDERED) for kind in kinds)


_UNORDERED = (msgspec.inspect.SetType, msgspec.inspect.FrozenSetType)


def _kinds(info: Any, seen: frozenset[type] = frozenset()) -> typing.Iterator[Any]:
    yield info
    cls = getattr(info, "cls", None)
    if cls is not None and cls in seen:
        return
    within = seen | {cls} if cls is not None else seen
    for attribute in ("item_type", "key_type", "value_type"):
        if (part := getattr(info, attribute, None)) is not None:
            yield from _kinds(part, within)
    for attribute in ("item_types", "types"):
        for part in getattr(info, attribute, ()):
            yield from _kinds(part, within)
    for field in getattr(info, "fields", ()):
        yield from _kinds(field.type, within)


def _build_converter() -> Converter:
    """The one converter: strict about types and keys, sets in sorted order, unions tagged."""
    converter = make_converter(forbid_extra_keys=True)
    for leaf in _LEAVES:
        converter.register_structure_hook(leaf, msgspec.convert)
        converter.register_unstructure_hook(leaf, lambda value: value)
    converter.register_structure_hook_factory(_union_of_attrs, _read_union(converter))
    converter.register_unstructure_hook_factory(_union_of_attrs, _write_union(converter))
    converter.register_structure_hook_factory(_is_dict, _read_dict(converter))
    converter.register_unstructure_hook_factory(_is_set, _sorted_set(converter))
    return converter


def _union_of_attrs(hint: Any) -> bool:
    members = _members(hint)
    return len([member for member in members if attrs.has(member)]) > 1


def _members(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, UnionType) else ()


def _write_union(converter: Converter) -> Callable[[Any], Callable[[Any], Any]]:
    """A member that is an attrs class is written with its class name under `$type`."""

    def factory(hint: Any) -> Callable[[Any], Any]:
        writers = {
            member: converter.get_unstructure_hook(member)
            for member in _members(hint)
            if attrs.has(member)
        }

        def write(value: Any) -> Any:
            if (writer := writers.get(type(value))) is None:
                return value
            return {"$type": type(value).__name__, **writer(value)}

        return write

    return factory


def _read_union(converter: Converter) -> Callable[[Any], Callable[[Any, Any], Any]]:
    def factory(hint: Any) -> Callable[[Any, Any], Any]:
        readers = {
            member.__name__: (member, converter.get_structure_hook(member))
            for member in _members(hint)
            if attrs.has(member)
        }
        others = tuple(member for member in _members(hint) if not attrs.has(member))
        plain = typing.Union[others] if others else typing.NoReturn  # noqa: UP007 - at run time

        def read(value: Any, _: Any) -> Any:
            if not isinstance(value, dict) or value.get("$type") not in readers:
                if others:
                    return msgspec.convert(value, plain)
                raise ValueError(f"expected one of {', '.join(readers)}, got {value!r}")
            member, reader = readers[value["$type"]]
            return reader({key: part for key, part in value.items() if key != "$type"}, member)

        return read

    return factory


def _is_dict(hint: Any) -> bool:
    return typing.get_origin(hint) is dict


def _read_dict(converter: Converter) -> Callable[[Any], Callable[[Any, Any], Any]]:
    """JSON knows only text as keys: they are read by the type of the key."""

    def factory(hint: Any) -> Callable[[Any, Any], Any]:
        key_type, value_type = typing.get_args(hint)
        reader = converter.get_structure_hook(value_type)

        def read(value: Any, _: Any) -> Any:
            blank = dict.fromkeys(value)
            keyed: Any = dict[key_type, None]  # type: ignore[valid-type]  # a type at run time
            keys = msgspec.convert(blank, keyed, str_keys=True)
            return {
                key: reader(part, value_type)
                for key, part in zip(keys, value.values(), strict=True)
            }

        return read

    return factory


def _is_set(hint: Any) -> bool:
    return typing.get_origin(hint) in (set, frozenset) or hint in (set, frozenset)


def _sorted_set(converter: Converter) -> Callable[[Any], Callable[[Any], list[Any]]]:
    def factory(hint: Any) -> Callable[[Any], list[Any]]:
        (item,) = typing.get_args(hint) or (Any,)
        unstructure = converter.get_unstructure_hook(item)
        return lambda values: sorted((unstructure(value) for value in values), key=_encode)

    return factory


_converter = _build_converter()
