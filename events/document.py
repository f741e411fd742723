"""Documents: JSON objects that change by deltas, so that a log of them grows with what changes.

A delta is a tuple of `Change`s in the terms of JSON Patch (RFC 6902: `add`, `replace`, `remove`,
paths as JSON Pointers, `/-` for the end of a list). `apply(old, diff(old, new)) == new` for all
documents, types included: 1, 1.0 and true are three values. Values that went into a document are
never changed in place; what a change does not touch is shared between the old and the new.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Literal, TypeAlias

import attrs
import msgspec

from .errors import Unstorable

Document: TypeAlias = dict[str, Any]
"""A JSON object: text keys; null, booleans, numbers, text, lists and objects as values."""


def _refuse(*_: Any, **__: Any) -> Any:
    raise TypeError("a state's document cannot be changed; copy.deepcopy gives one that can")


class FrozenObject(dict[str, Any]):
    """A JSON object that cannot be changed, equal to a dict; a deep copy of it can."""

    __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __deepcopy__(self, memo: Any) -> Document:
        return {key: copy.deepcopy(value, memo) for key, value in self.items()}

    def __reduce__(self) -> Any:
        return FrozenObject, (dict(self),)


class FrozenList(list[Any]):
    """A JSON array that cannot be changed, equal to a list; a deep copy of it can."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __deepcopy__(self, memo: Any) -> list[Any]:
        return [copy.deepcopy(value, memo) for value in self]

    def __reduce__(self) -> Any:
        return FrozenList, (list(self),)


def frozen(value: Any) -> Any:
    """The same JSON value, in containers of its own that cannot be changed."""
    if isinstance(value, dict):
        return FrozenObject({key: frozen(part) for key, part in value.items()})
    if isinstance(value, list):
        return FrozenList([frozen(part) for part in value])
    return value


_canonical = msgspec.json.Encoder(order="sorted").encode


@attrs.frozen
class Change:
    """One operation of a delta: what to do at a path. `value` is unused by `remove`."""

    op: Literal["add", "replace", "remove"]
    path: str
    value: Any = None


@attrs.frozen
class Difference:
    """What a reader is shown of a change: the value at a path before and after, or `MISSING`."""

    path: str
    old: Any
    new: Any


class Missing:
    """The value of what is not there; it is not null."""

    def __repr__(self) -> str:
        return "(none)"


MISSING = Missing()


def checksum(document: Any) -> str:
    """Sixteen hexadecimal digits over the document's canonical JSON (sorted keys, no spaces)."""
    return hashlib.blake2b(canonical(document), digest_size=8).hexdigest()


def canonical(value: Any) -> bytes:
    """The one JSON spelling of a value: sorted keys, no spaces, UTF-8.

    Raises `Unstorable` for what is no JSON value.
    """
    try:
        return _canonical(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise Unstorable("a document", "", str(error)) from error


def diff(old: Any, new: Any) -> tuple[Change, ...]:
    """The delta that makes `new` of `old`; `()` if they are the same.

    >>> diff({"a": 1, "log": ["x"]}, {"a": 2, "log": ["x", "y"]})
    (Change(op='replace', path='/a', value=2), Change(op='add', path='/log/-', value='y'))
    """
    return tuple(_diff(old, new, ""))


def _diff(old: Any, new: Any, path: str) -> Iterator[Change]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _diff_objects(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _diff_lists(old, new, path)
    elif type(old) is not type(new) or old != new or repr(old) != repr(new):
        yield Change("replace", path, new)  # repr tells 0.0 from -0.0


def _diff_objects(old: Document, new: Document, path: str) -> Iterator[Change]:
    for key in old:
        if key not in new:
            yield Change("remove", f"{path}/{_escape(key)}")
    for key, value in new.items():
        here = f"{path}/{_escape(key)}"
        if key in old:
            yield from _diff(old[key], value, here)
        else:
            yield Change("add", here, value)


def _diff_lists(old: list[Any], new: list[Any], path: str) -> Iterator[Change]:
    for index, (left, right) in enumerate(zip(old, new, strict=False)):
        yield from _diff(left, right, f"{path}/{index}")
    for index in range(len(old) - 1, len(new) - 1, -1):
        yield Change("remove", f"{path}/{index}")
    for value in new[len(old) :]:
        yield Change("add", f"{path}/-", value)


def apply(document: Any, changes: Iterable[Change]) -> Any:
    """The document after a delta, frozen; the one given is left as it is.

    Raises LookupError or ValueError where a path does not lead anywhere.
    """
    for change in changes:
        document = _changed(document, change, pointer(change.path))
    return document


def _changed(node: Any, change: Change, path: list[str]) -> Any:
    if not path:
        return frozen(change.value)
    key, *rest = path
    if isinstance(node, dict):
        return _changed_object(node, change, key, rest)
    if isinstance(node, list):
        return _changed_list(node, change, _index(key, len(node)), rest)
    raise LookupError(f"{change.path!r} leads into {node!r}")


def _changed_object(node: Document, change: Change, key: str, rest: list[str]) -> FrozenObject:
    made = FrozenObject(node)
    if rest:
        dict.__setitem__(made, key, _changed(node[key], change, rest))
    elif change.op == "remove":
        dict.__delitem__(made, key)
    else:
        dict.__setitem__(made, key, frozen(change.value))
    return made


def _changed_list(node: list[Any], change: Change, index: int, rest: list[str]) -> FrozenList:
    made = FrozenList(node)
    if rest:
        list.__setitem__(made, index, _changed(node[index], change, rest))
    elif change.op == "remove":
        list.__delitem__(made, index)
    elif change.op == "add":
        list.insert(made, index, frozen(change.value))
    else:
        list.__setitem__(made, index, frozen(change.value))
    return made


def _index(key: str, length: int) -> int:
    if key == "-":
        return length
    if not key.isdecimal():
        raise ValueError(f"{key!r} is no place in a list")
    if int(key) > length:
        raise LookupError(f"a list of {length} has no place {key}")
    return int(key)


def differences(old: Any, new: Any) -> tuple[Difference, ...]:
    """What changed between two documents, path by path, with the values before and after."""
    return shown(old, diff(old, new))


def shown(old: Any, changes: Iterable[Change]) -> tuple[Difference, ...]:
    """A delta of `old` as a reader is shown it, with the values before and after."""
    return tuple(_shown(old, changes))


def _shown(old: Any, changes: Iterable[Change]) -> Iterator[Difference]:
    for change in changes:
        before = MISSING if change.op == "add" else _value_at(old, pointer(change.path))
        yield Difference(change.path, before, MISSING if change.op == "remove" else change.value)


def _value_at(node: Any, path: list[str]) -> Any:
    for key in path:
        node = node[int(key)] if isinstance(node, list) else node[key]
    return node


def merge_patch(document: Any, patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396): objects merge key by key, null removes, all else replaces.

    >>> merge_patch({"a": 1, "b": {"c": 2}}, {"a": None, "b": {"d": 3}})
    {'b': {'c': 2, 'd': 3}}
    """
    if not isinstance(patch, dict):
        return patch
    merged = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def pointer(path: str) -> list[str]:
    """The keys of a JSON Pointer (RFC 6901)."""
    if not path:
        return []
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is no JSON Pointer: it does not begin with '/'")
    return [part.replace("~1", "/").replace("~0", "~") for part in path[1:].split("/")]


def _escape(key: Any) -> str:
    if not isinstance(key, str):
        raise Unstorable("a document", repr(key), "the keys of a JSON object are text")
    return key.replace("~", "~0").replace("/", "~1")
