"""What an aggregate class of an old application is now: a kind of actor, and events of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import attrs

from ..names import wire_name

Old: TypeAlias = Mapping[str, Any]
"""What the library stored of an event: its fields, `timestamp`, `originator_topic`, …"""

Meaning: TypeAlias = type | Callable[[Old], Any]
"""The `@event` class that has the same fields, or what makes an event of the old fields."""


def _nobody(_: Old) -> str:
    return "inherited"


def _no_reason(_: Old) -> str:
    return ""


@attrs.frozen
class OldAggregate:
    """An aggregate class of the old application, and the kind of actor that it is now.

    `topic` is that of the class (`bank:Account`); `events` gives each topic of its events a
    meaning: an `@event` class with fields of the same names, or a function from the old fields to
    an event. A topic of one word names a class inside the aggregate: `Opened` stands for
    `bank:Account.Opened`. Fields are converted to the types of the new ones as far as JSON goes.
    `by` and `why` find author and reason in the old fields, where they are.
    """

    topic: str
    kind: str = attrs.field(kw_only=True)
    events: Mapping[str, Meaning] = attrs.field(kw_only=True)
    by: Callable[[Old], str] = attrs.field(kw_only=True, default=_nobody)
    why: Callable[[Old], str] = attrs.field(kw_only=True, default=_no_reason)

    def __attrs_post_init__(self) -> None:
        """Refuse a class that no event is made of."""
        for topic, meaning in self.events.items():
            if isinstance(meaning, type) and wire_name(meaning) is None:
                raise TypeError(f"{topic}: {meaning.__qualname__} is not made by @event")

    def meanings(self) -> dict[str, Meaning]:
        """What each topic means, by its whole text."""
        return {
            f"{self.topic}.{each}" if each.isidentifier() else each: meaning
            for each, meaning in self.events.items()
        }
