"""Wire names and the three decorators that make plain classes into events, commands and states.

All three give frozen attrs classes with slots. An event's wire name is the storage format: it is
explicit, versioned (`noun.verb_past.v1`), unique in the process, and never the import path of a
class, so that classes may move and be renamed. A command may carry one
(`@command("account.deposit")`) for the day it arrives as a message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar, dataclass_transform, overload

import attrs

from .errors import NameTaken

T = TypeVar("T")

EVENT_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*")
"""The form of every wire name of an event."""
_classes: dict[str, type] = {}
EVENT_CLASSES: Mapping[str, type] = MappingProxyType(_classes)
"""The event class that is registered under each wire name."""
_current: dict[str, type] = {}
CURRENT_CLASSES: Mapping[str, type] = MappingProxyType(_current)
"""The same without the wire names that have an upcaster: those of a newer version are read."""
_superseded: set[str] = set()
_names: dict[type, str] = {}
_command_names: dict[type, str] = {}
_command_classes: dict[str, type] = {}
COMMAND_CLASSES: Mapping[str, type] = MappingProxyType(_command_classes)
"""The command class of each name."""


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def event(wire_name: str, /, **options: Any) -> Callable[[type[T]], type[T]]:
    """Make a class an event under an explicit, versioned wire name.

    `options` go to `attrs.frozen`. The same class defined again (a reloaded module, a notebook
    cell) takes the place of the old one. Raises `NameTaken` where another class holds the name or
    the name is not of the form `noun.verb_past.v1`.
    """
    bare: object = wire_name
    if isinstance(bare, type):
        raise NameTaken(bare.__qualname__, 'say it: @event("noun.verb_past.v1")')
    if not EVENT_NAME.fullmatch(str(wire_name)):
        raise NameTaken(str(wire_name), "it is not of the form noun.verb_past.v1")

    def decorate(cls: type[T]) -> type[T]:
        made = _freeze(cls, options)
        holder = _classes.get(wire_name)
        if holder is not None and _identity(holder) != _identity(made):
            raise NameTaken(wire_name, f"{'.'.join(_identity(holder))} holds it already")
        _classes[wire_name] = made
        if wire_name not in _superseded:
            _current[wire_name] = made
        _names[made] = wire_name
        return made

    return decorate


@overload
def command(wire_name: str, /) -> Callable[[type[T]], type[T]]: ...
@overload
def command(cls: type[T], /) -> type[T]: ...
@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def command(of: Any, /) -> Any:
    """Make a class a command: what `ask` and `tell` carry. Used bare or with a wire name."""
    if isinstance(of, str):
        return lambda cls: _command(cls, of)
    return _command(of, f"{imported_as(of.__module__)}:{of.__qualname__}")


@dataclass_transform(frozen_default=True, field_specifiers=(attrs.field,))
def state(cls: type[T], /) -> type[T]:
    """Make a class a state: what events add up to, by its `evolve(self, event)`."""
    return _freeze(cls, {})


def _command(cls: type[T], name: str) -> type[T]:
    made = _freeze(cls, {})
    holder = _command_classes.get(name)
    if holder is not None and _identity(holder) != _identity(made):
        raise NameTaken(name, f"{'.'.join(_identity(holder))} holds it already")
    _command_classes[name] = made
    _command_names[made] = name
    return made


def imported_as(module: str) -> str:
    """The name by which a module is imported: also that of the program that runs, which to itself
    is `__main__`, so that what it stored is known to whoever imports it later."""
    if module not in ("__main__", "__mp_main__"):
        return module
    main = sys.modules["__main__"]
    if main.__spec__ is not None:
        return main.__spec__.name
    file = getattr(main, "__file__", None)
    return Path(file).stem if file else module


def command_name(cls: type) -> str:
    """The wire name of a command class: the one given, else its import path."""
    return _command_names[cls]


def is_command(message: object) -> bool:
    """Whether the class of `message` was made by `@command`."""
    return type(message) in _command_names


def wire_name(cls: type) -> str | None:
    """The wire name of an event class, None for any other."""
    return _names.get(cls)


def supersede(name: str) -> None:
    """Read events of this wire name as a newer version from now on."""
    _superseded.add(name)
    _current.pop(name, None)


def registered() -> dict[str, type]:
    """Every wire name and its class, by name."""
    return dict(sorted(_classes.items()))


def _freeze(cls: type[T], options: dict[str, Any]) -> type[T]:
    made: type[T] = attrs.frozen(slots=True, weakref_slot=False, **options)(cls)
    return made


def _identity(cls: type) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__
