"""Which parts of classes and code count in a fingerprint: names, types, and what a class body says.

Texts made here are the same in every process, whatever the order of its imports and its hashes.
"""

from __future__ import annotations

import typing
from collections.abc import Callable, Collection, Iterator
from types import CellType, CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType
from typing import Any

from ..names import imported_as


def name(thing: Any) -> str:
    """Where a class or function says that it comes from."""
    module = imported_as(getattr(thing, "__module__", ""))
    return f"{module}:{getattr(thing, '__qualname__', repr(thing))}"


def order(value: Any) -> str:
    """A text to sort by."""
    return name(value) if isinstance(value, type | FunctionType) else f"{type(value)} {value!r}"


def names(code: CodeType) -> Iterator[str]:
    """The names that a piece of code uses, including those of the functions inside it."""
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, CodeType):
            yield from names(each)


def shape(code: CodeType) -> str:
    """Everything about a piece of code but its constants, its name and where it stands."""
    parts = (
        code.co_code, code.co_exceptiontable, code.co_names, code.co_varnames, code.co_freevars,
        code.co_cellvars, code.co_flags, code.co_argcount, code.co_posonlyargcount,
        code.co_kwonlyargcount,
    )  # fmt: skip
    return repr(parts)


def hints(cls: type) -> dict[str, Any]:
    """The types of a class's fields; as they are spelled, where they do not resolve."""
    try:
        return typing.get_type_hints(cls, include_extras=True)
    except (NameError, TypeError, AttributeError):
        spelled: dict[str, Any] = vars(cls).get("__annotations__", {})
        return spelled


def entries(cls: type) -> list[tuple[str, Any]]:
    """What a class body says about what the class does, by name."""
    return sorted((key, value) for key, value in vars(cls).items() if _written(key, value))


def answers(cls: type, said: Collection[str], ours: Callable[[type], bool]) -> bool:
    """Whether code that says these names may run, or look at, what was written in a class.

    That is: under one of the names it has something that is no field, or a field of a class of
    ours that does.
    """
    for base in cls.__mro__[:-1]:
        if any(key in said for key, _ in entries(base)):
            return True
    told = (hint for field, hint in hints(cls).items() if field in said)
    parts = {part for hint in told for part in _classes(hint) if part is not cls and ours(part)}
    return any(answers(part, said, lambda each: each is not cls and ours(each)) for part in parts)


def _classes(hint: Any) -> Iterator[type]:
    """The classes of which values of this type may be."""
    if isinstance(hint, type):
        yield hint
    for part in typing.get_args(hint):
        yield from _classes(part)


def _written(key: str, value: Any) -> bool:
    if isinstance(value, FunctionType):
        generated = value.__code__.co_filename.startswith("<attrs generated")
        return not generated and not str(value.__globals__.get("__name__")).startswith("attr.")
    slot = isinstance(value, MemberDescriptorType | GetSetDescriptorType)
    return not (slot or key.startswith("__") or key == "_abc_impl")


def content(cell: CellType) -> Any:
    """What a function's cell holds."""
    try:
        return cell.cell_contents
    except ValueError:
        return "an empty cell"
