"""Equality that Python's own passes over: 1, 1.0 and True are three values, 0.0 and -0.0
are two.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import attrs


def typed(value: Any) -> Any:
    """A value with every type written out, in containers that compare by all they hold.

    A dict and a list of a state are no plain ones, but mean the same.
    """
    if isinstance(value, dict):
        return "object", [(typed(key), typed(part)) for key, part in value.items()]
    if isinstance(value, list):
        return "list", [typed(part) for part in value]
    if isinstance(value, tuple):
        return tuple, [typed(part) for part in value]
    if isinstance(value, set | frozenset):
        return type(value), sorted(repr(typed(part)) for part in value)
    if isinstance(value, datetime) and value.tzinfo:
        return datetime, value.astimezone(UTC)
    if attrs.has(type(value)):
        fields = attrs.asdict(value, recurse=False)
        return type(value), [(name, typed(part)) for name, part in fields.items()]
    return type(value), repr(value) if isinstance(value, float | Decimal) else value


def unordered(value: Any) -> Any:
    """As `typed`, for JSON: the order of an object's keys does not count."""
    if isinstance(value, dict):
        return "object", {key: unordered(part) for key, part in value.items()}
    if isinstance(value, list):
        return "list", [unordered(part) for part in value]
    return typed(value)
