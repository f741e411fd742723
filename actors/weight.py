"""How many bytes a value holds in memory: what passivation by memory goes by."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

_SHARED = (type, ModuleType, FunctionType, BuiltinFunctionType)


def weight(values: Iterable[Any], shared: Iterable[Any] = ()) -> int:
    """The bytes of all that these values refer to, each object once, without what is `shared`.

    Classes, functions and modules count for nothing. What a value shares with others (a short text,
    an empty tuple) is counted for each: the sum over many values is an upper bound.
    """
    seen = set(map(id, shared))
    total, waiting = 0, list(values)
    while waiting:
        value = waiting.pop()
        if id(value) in seen or isinstance(value, _SHARED):
            continue
        seen.add(id(value))
        total += sys.getsizeof(value, 0)
        waiting.extend(gc.get_referents(value))
    return total
