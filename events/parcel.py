"""Commands as text: a wire name and JSON, for the day somebody has to carry one out again."""

from __future__ import annotations

from typing import Any

import msgspec

from .errors import UnknownCommand, Unstorable
from .names import COMMAND_CLASSES, command_name
from .recorded import Tail
from .shape import shape_of


def pack(command: Any) -> tuple[str, str]:
    """The name of a command and its JSON; the JSON is empty where it has no stored form."""
    name = command_name(type(command))
    try:
        tail = shape_of(type(command), name).write(Tail("", command))
    except (Unstorable, ValueError, TypeError, AttributeError):
        return name, ""
    return name, msgspec.json.encode(msgspec.json.decode(tail)["data"]).decode()


def unpack(name: str, body: str) -> Any:
    """The command again. Raises `UnknownCommand` where it has no class or nothing was kept."""
    cls = COMMAND_CLASSES.get(name)
    if cls is None or not body:
        raise UnknownCommand(name, "no such @command is known" if cls is None else "no JSON of it")
    tail = b'{"by":"","data":' + body.encode() + b"}"
    return shape_of(cls, name).read_tail(tail).data
