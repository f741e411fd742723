"""Documents as a test understands them: patched, merged and compared by a few plain lines."""

from __future__ import annotations

import copy
import hashlib
import json
import random
from typing import Any

import attrs

LONG = "long " * 300


def spelt(document: Any) -> str:
    """One spelling for one value; 1, 1.0 and true are three."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def digits(document: Any) -> str:
    """The checksum by its definition."""
    return hashlib.blake2b(spelt(document).encode(), digest_size=8).hexdigest()


def patched(document: Any, patch: Any) -> Any:
    """RFC 7396, word by word."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    made = dict(document) if isinstance(document, dict) else {}
    for key, value in patch.items():
        if value is None:
            made.pop(key, None)
        else:
            made[key] = patched(made.get(key), value)
    return made


@attrs.frozen
class Merging:
    """A document after a merge, and how many values differed."""

    document: Any
    conflicts: int


def put_together(strategy: str, source: Any, target: Any) -> Merging:
    """What three of the strategies make of two objects."""
    made = copy.deepcopy(target)
    for key, value in source.items():
        if key not in target or strategy == "source_wins":
            made[key] = copy.deepcopy(value)
        elif strategy == "combine":
            both = isinstance(value, dict) and isinstance(target[key], dict)
            made[key] = (
                put_together("combine", value, target[key]).document
                if both
                else copy.deepcopy(value)
            )
    return Merging(made, _differing(source, target))


def _differing(source: Any, target: Any) -> int:
    if isinstance(source, dict) and isinstance(target, dict):
        return sum(_differing(source[key], target[key]) for key in source if key in target)
    return int(spelt(source) != spelt(target))


def some_document(rng: random.Random, *, nulls: bool = False) -> dict[str, Any]:
    """A small one whose keys meet those of others; now and then with a long text."""
    keys = rng.sample(["a", "b", "c/d", "e~"], rng.randrange(4))
    return {key: _some_value(rng, nulls=nulls) for key in keys}


def _some_value(rng: random.Random, *, nulls: bool) -> Any:
    values: list[Any] = [
        rng.randrange(3), 1.0, True, "text", LONG, [], list(range(rng.randrange(4))),
        {"x": rng.randrange(3), "y": [rng.randrange(2)]}, {"x": {"deep": rng.randrange(2)}},
    ]  # fmt: skip
    return rng.choice([*values, None, None] if nulls else values)
