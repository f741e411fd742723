"""The fingerprint of a fold: another one whenever its events might add up to something else.

A hash over the state before the first event and all that is reached from it, step by step: classes
with their fields, types and defaults, the code of `evolve` and of the methods beside it, and what
that code names (functions, classes, constants). An event class that it does not name counts where
something is written in it under a name that the code uses: what `event.apply(self)` may mean. The
instructions of code count, not its place in a file. Code of the standard library and of installed
packages is not followed: its name and the package's version count instead. What code finds by text
(`getattr`, an import inside a function) is not seen. Nor are the fields and operators of an event
whose class it does not name: fields change with a new version only, and all upcasters count,
whichever events they are for: they make what a fold is given as an event.

Equal in every process that runs the same code, the same upcasters too, on the same Python. The same
fold may get two fingerprints, which costs a cached state and nothing else; in doubt they differ.
"""

from __future__ import annotations

import copyreg
import datetime
import decimal
import enum
import fractions
import functools
import hashlib
import typing
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from pickle import PickleError
from types import (
    BuiltinFunctionType,
    CodeType,
    FunctionType,
    MethodType,
    ModuleType,
    UnionType,
)
from typing import Any

import attrs

from ..errors import Unstorable
from ..names import CURRENT_CLASSES, wire_name
from ..upcast import UPCASTERS
from .code import answers, content, entries, hints, name, names, order, shape
from .packages import PYTHON, Packages

MOST = 5_000
"""At most this many classes, functions and objects are followed."""

_PLAIN: tuple[type, ...] = (
    type(None), type(...), bool, int, float, complex, str, bytes, range, decimal.Decimal,
    fractions.Fraction, uuid.UUID, datetime.datetime, datetime.date, datetime.time,
    datetime.timedelta, datetime.timezone,
)  # fmt: skip
_WRAPPED: dict[type, Callable[[Any], tuple[Any, ...]]] = {
    classmethod: lambda value: (value.__func__,),
    staticmethod: lambda value: (value.__func__,),
    property: lambda value: (value.fget, value.fset),
    functools.cached_property: lambda value: (value.func,),
    functools.partial: lambda value: (value.func, value.args, value.keywords),
    MethodType: lambda value: (value.__func__, value.__self__),
    typing.NewType: lambda value: (value.__supertype__,),
    type(functools.cache(len)): lambda value: (value.__wrapped__,),
    BuiltinFunctionType: lambda value: (name(value), getattr(value, "__self__", None)),
    ModuleType: lambda value: (value.__name__,),
}
"""What stands for something else, and what that is."""


@attrs.frozen
class Fingerprint:
    """`text` is 32 hexadecimal digits, `states` the state classes that were met."""

    text: str
    states: tuple[type, ...]


def fingerprint(initial: Any) -> Fingerprint:
    """The fingerprint of all folds that begin with this state.

    Raises `Unstorable` where too much is reached.
    """
    return _Walk(initial).result()


class _Walk:
    """Everything that is reached from one state, each thing once, in the order of meeting it."""

    def __init__(self, initial: Any) -> None:
        self._packages = Packages((type(initial).__module__, __name__))
        self._numbers: dict[int, int] = {}
        self._met: list[Any] = []
        self._said: set[str] = set()
        """The names that were met in code."""
        self._initial = initial

    def result(self) -> Fingerprint:
        """Follow what was met until nothing new is."""
        told = hashlib.blake2b(f"{PYTHON}\n{self._text(self._initial)}".encode(), digest_size=16)
        told.update("".join(self._upcasters()).encode(errors="surrogatepass"))
        for thing in self._things():
            if len(self._met) > MOST:
                reason = f"evolve and upcasters reach more than {MOST} functions and classes"
                raise Unstorable(type(self._initial).__qualname__, "", reason)
            told.update(f"\n{self._told(thing)}".encode(errors="surrogatepass"))
        return Fingerprint(told.hexdigest(), tuple(filter(_is_state, self._met)))

    def _things(self) -> Iterator[Any]:
        """What was met, which grows meanwhile; then the events that its code may have to do with,
        and what is met by them, until nothing new is."""
        place = 0
        while place < len(self._met) or self._meet_events():
            yield self._met[place]
            place += 1

    def _meet_events(self) -> bool:
        """Whether there are any that were not met before."""
        before = len(self._met)
        for _, cls in sorted(CURRENT_CLASSES.items()):
            if answers(cls, self._said, lambda part: self._packages.followed(part.__module__)):
                self._number(cls)
        return len(self._met) > before

    def _upcasters(self) -> Iterator[str]:
        for source in sorted(UPCASTERS):
            each = UPCASTERS[source]
            yield f"\n{source} {each.target} {self._text(each.function)}"

    def _number(self, thing: Any) -> str:
        number = self._numbers.setdefault(id(thing), len(self._met))
        if number == len(self._met):
            self._met.append(thing)
        return f"#{number}"

    # Values.

    def _text(self, value: Any) -> str:
        """A value in one line; things that have code or fields by their number."""
        if type(value) in _PLAIN:
            return f"{type(value).__name__} {value!r}"
        if isinstance(value, enum.Enum):
            return f"{self._number(type(value))}.{value.name}"
        if isinstance(value, type | FunctionType) and typing.get_origin(value) is None:
            return self._number(value)
        if isinstance(value, tuple | list):
            return f"{type(value).__name__} {self._texts(value)}"
        if isinstance(value, Mapping):
            return f"{type(value).__name__} {self._texts(value.items())}"
        if isinstance(value, set | frozenset):
            return f"{type(value).__name__} {self._texts(sorted(value, key=order))}"
        if type(value) in _WRAPPED:
            return f"{type(value).__name__} {self._texts(_WRAPPED[type(value)](value))}"
        return self._hint(value) or self._number(value)

    def _texts(self, values: Iterable[Any]) -> str:
        return f"({', '.join([self._text(each) for each in values])})"

    def _hint(self, value: Any) -> str:
        """A type that is no class: its origin and arguments, of a union in any order."""
        origin = typing.get_origin(value)
        if origin is not None:
            arguments = typing.get_args(value)
            if origin in (typing.Union, UnionType, typing.Literal):
                arguments = tuple(sorted(arguments, key=order))
            return f"{name(origin)}{self._texts(arguments)}"
        return repr(value) if type(value).__module__ == "typing" else ""

    # Things.

    def _told(self, thing: Any) -> str:
        """A class, function or object in full, or by its name where it is not followed."""
        if isinstance(thing, FunctionType):
            home = str(thing.__globals__.get("__name__"))
            code = self._function(thing) if self._packages.followed(home) else self._named(thing)
            held = [content(cell) for cell in thing.__closure__ or ()]
            return f"{code} {self._text([held, thing.__defaults__, thing.__kwdefaults__])}"
        if not isinstance(thing, type):
            return self._object(thing)
        followed = self._packages.followed(thing.__module__)
        return self._class(thing) if followed else self._named(thing)

    def _named(self, thing: Any) -> str:
        return f"{name(thing)} {self._packages.version(str(thing.__module__))}"

    def _object(self, thing: Any) -> str:
        """An object as it would be copied; one that cannot be, by its class."""
        reducer = copyreg.dispatch_table.get(type(thing))
        try:
            parts = reducer(thing) if reducer else thing.__reduce_ex__(2)
        except (TypeError, AttributeError, PickleError):
            return self._text(type(thing))
        if isinstance(parts, str):
            return f"{name(type(thing))} {parts}"
        return self._text([list(each) if isinstance(each, Iterator) else each for each in parts])

    def _class(self, cls: type) -> str:
        parts: list[Any] = [name(cls), wire_name(cls), *cls.__bases__, hints(cls), entries(cls)]
        if attrs.has(cls):
            parts += [
                [field.name, field.default, field.converter, field.validator]
                for field in attrs.fields(cls)
            ]
        if issubclass(cls, enum.Enum):
            parts.append([[each.name, each.value] for each in cls])
        return self._text(parts)

    def _function(self, function: FunctionType) -> str:
        space, wanted = function.__globals__, sorted(set(names(function.__code__)))
        self._said.update(wanted)
        used: list[Any] = []
        for each in wanted:
            if isinstance(value := space.get(each), ModuleType):
                used += self._of_module(value, wanted, set())
            elif each in space:
                used.append([each, value])
        return f"{self._code(function.__code__)} {self._text(used)}"

    def _of_module(self, module: ModuleType, wanted: list[str], seen: set[str]) -> Iterator[Any]:
        """What code may use of a module: everything in it that has one of the names in the code."""
        seen.add(module.__name__)
        yield [module.__name__, self._packages.version(module.__name__)]
        if self._packages.followed(module.__name__):
            for each in [each for each in wanted if each in vars(module)]:
                value = vars(module)[each]
                if not isinstance(value, ModuleType):
                    yield [each, value]
                elif value.__name__ not in seen:
                    yield from self._of_module(value, wanted, seen)

    def _code(self, code: CodeType) -> str:
        constants = [
            self._code(each) if isinstance(each, CodeType) else self._text(each)
            for each in code.co_consts
        ]
        return f"{shape(code)} ({', '.join(constants)})"


def _is_state(thing: Any) -> bool:
    return isinstance(thing, type) and attrs.has(thing) and hasattr(thing, "evolve")
