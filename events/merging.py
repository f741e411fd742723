"""Merging one document into another by a named strategy, with what it decided on record.

| strategy | what the target becomes |
|---|---|
| `source_wins` | both, key by key at the top; the source's value where both have one |
| `target_wins` | both, key by key at the top; the target's value where both have one |
| `combine` | both, objects merged all the way down; the source's value at a leaf; lists replaced |
| `custom` | what a function of (source, target) gives |

A conflict is a path at which both have a value and the values differ. It does not stop a merge: the
strategy names the winner, and the conflict is kept in the event. The result depends on the two
documents and the strategy alone, never on names or order of arrival.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Literal, TypeAlias, get_args

import attrs

from .document import Document, canonical

Strategy: TypeAlias = Literal["source_wins", "target_wins", "combine", "custom"]
STRATEGIES: tuple[str, ...] = get_args(Strategy)

CustomMerge: TypeAlias = Callable[[Document, Document], Document]
"""`merge(source, target) -> document`: pure."""


@attrs.frozen
class Conflict:
    """Two values for one path, and which of them stands after the merge."""

    path: str
    source: Any
    target: Any
    winner: Literal["source", "target", "neither"]


def merge(
    strategy: Strategy, source: Document, target: Document, custom: CustomMerge | None = None
) -> Document:
    """The target after the merge. `custom` is called for the strategy of that name."""
    match strategy:
        case "source_wins":
            return {**target, **source}
        case "target_wins":
            return {**source, **target}
        case "combine":
            return _combined(source, target)
        case "custom" if custom is not None:
            return custom(source, target)
    raise ValueError(f"no strategy {strategy!r}; there are {', '.join(STRATEGIES)}")


def _combined(source: Document, target: Document) -> Document:
    merged = dict(target)
    for key, value in source.items():
        before = merged.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            merged[key] = _combined(value, before)
        else:
            merged[key] = value
    return merged


def conflicts(source: Document, target: Document, merged: Document) -> tuple[Conflict, ...]:
    """Where source and target disagreed, and whose value stands in `merged`."""
    return tuple(_conflicts(source, target, merged, ""))


def _conflicts(source: Any, target: Any, merged: Any, path: str) -> Iterator[Conflict]:
    if isinstance(source, dict) and isinstance(target, dict):
        for key in source:
            if key in target:
                below = merged.get(key) if isinstance(merged, dict) else None
                here = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
                yield from _conflicts(source[key], target[key], below, here)
    elif (mine := canonical(source)) != (theirs := canonical(target)):
        stands = canonical(merged)
        winner: Literal["source", "target", "neither"] = (
            "source" if stands == mine else "target" if stands == theirs else "neither"
        )
        yield Conflict(path, source, target, winner)
