"""Commands as text: a wire name and JSON, so that one can be carried out again later."""

from __future__ import annotations

from typing import Any

import attrs
import msgspec

from .document import Document
from .errors import UnknownCommand
from .explain import alike, difference, refusal
from .names import COMMAND_CLASSES, command_name
from .recorded import Tail
from .shape import FAULTS, Shape, shape_of

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode
_shapes: dict[str, tuple[type, Shape]] = {}


@attrs.frozen
class Parcel:
    """A command as a value that may stand in an event: its wire name and its fields as JSON."""

    name: str
    data: Document


def seal(command: Any) -> Parcel:
    """The parcel of a command, of which `unseal` makes an equal one.

    Raises `Unstorable`, naming command and field, where it would not come back equal.
    """
    cls, name = type(command), command_name(type(command))
    shape = _shape(cls, name)
    try:
        tail = shape.write(Tail("", command))
        back = command if shape.exact(command) else shape.read_tail(tail).data
        same = back == command or alike(command, back)
    except FAULTS as error:
        raise refusal(name, command, error) from error
    if not same:
        raise difference(name, command, back)
    return Parcel(name, _decode(tail)["data"])


def unseal(parcel: Parcel) -> Any:
    """The command again. Raises `UnknownCommand` where its class is gone or has other fields."""
    cls = COMMAND_CLASSES.get(parcel.name)
    if cls is None:
        raise UnknownCommand(parcel.name, "no such @command is known")
    if gone := parcel.data.keys() - {field.name for field in attrs.fields(cls)}:
        raise UnknownCommand(parcel.name, f"{cls.__qualname__} has no field {min(gone)!r} now")
    shape = _shape(cls, parcel.name)
    try:
        return shape.read_tail(_encode({"by": "", "data": parcel.data})).data
    except FAULTS as error:
        raise UnknownCommand(
            parcel.name, f"{cls.__qualname__} has other fields: {error}"
        ) from error


def _shape(cls: type, name: str) -> Shape:
    """The shape of a command class, made only once: making it takes as long as thirty commands."""
    known = _shapes.get(name)
    if known is None or known[0] is not cls:
        known = _shapes[name] = cls, shape_of(cls, name)
    return known[1]
