"""How a saga is defined: its kind, the command that begins it, its steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ...events.names import COMMAND_CLASSES
from ...events.saga import Saga
from ..behaviour import Behaviour
from .course import Course
from .replies import reactions
from .step import Step, check_seconds, is_text


def saga(
    kind: str, begins: type, /, *steps: Step, timeout_seconds: float | None = None
) -> Behaviour:
    """The behaviour of sagas of this kind, begun by a command of the class `begins`.

    Their state is a `Saga`. To begin one again with an equal command changes nothing and answers
    how it stands; with another one it is `Rejected`. What the first step's `request` raises goes to
    whoever begins, and `Unstorable` for a command that has no stored form. `timeout_seconds` is how
    long each step that can be undone is waited for (see `Step`), None for ever.

    Raises ValueError for a definition that makes no sense.
    """
    _check(kind, begins, steps)
    check_seconds(timeout_seconds, f"the saga {kind!r}")
    course = Course(kind, begins, {step.name: step for step in steps}, timeout_seconds)
    return Behaviour(
        kind,
        Saga(),
        course.decide,
        due=lambda saga: saga.deadline,
        expire=course.expire,
        react=reactions({step.name: step.reply for step in steps}),
    )


def _check(kind: Any, begins: Any, steps: Sequence[Any]) -> None:
    if not is_text(kind):
        raise ValueError(f"the kind of a saga is text, not {kind!r}")
    if begins not in COMMAND_CLASSES.values():
        raise ValueError(f"the saga {kind!r} begins with a class made by @command, not {begins!r}")
    if not steps:
        raise ValueError(f"the saga {kind!r} has no steps")
    if strange := [each for each in steps if not isinstance(each, Step)]:
        raise ValueError(f"the saga {kind!r} is made of steps, and {strange[0]!r} is none")
    for name, count in Counter(step.name for step in steps).items():
        if count > 1:
            raise ValueError(f"the saga {kind!r} has {count} steps of the name {name!r}")
