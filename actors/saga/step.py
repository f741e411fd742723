"""One step of a saga: what is asked of whom, and what undoes it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import attrs

from ...events.saga import Saga
from ..behaviour import Send
from .replies import Keep

MakeSend: TypeAlias = Callable[[Saga], Send]
"""What a step asks for: pure, from `saga.command` and `saga.replies`."""

LONGEST_SECONDS = 100 * 366 * 86_400
"""The longest that a step may be waited for: a century."""


def is_text(name: Any) -> bool:
    """Whether something may be the name of a step or a kind."""
    return isinstance(name, str) and bool(name)


def check_seconds(seconds: Any, whose: str) -> None:
    """Raise ValueError where no deadline can be counted in so many seconds."""
    known = type(seconds) in (int, float) and 0 < seconds <= LONGEST_SECONDS
    if not (known or seconds is None):
        raise ValueError(
            f"timeout_seconds of {whose} is above 0, at most a century, or None, not {seconds!r}"
        )


@attrs.frozen
class Step:
    """One step: `request` makes its command, `compensate` the one that undoes its effect.

    Both give a `Send` without `taken` and `refused`, which are the saga's. A step without
    `compensate` leaves nothing to undo: its effect stays when the saga goes back. `reply` picks
    what `saga.replies` keeps of the answer under the step's name, as JSON has it.

    `timeout_seconds` counts from the request. Where it is None that of the saga holds, but only for
    a step that can be undone: any other is waited for as long as it takes, since an effect that
    comes late would stay. Raises ValueError for what makes no sense.
    """

    name: str
    request: MakeSend
    compensate: MakeSend | None = None
    reply: Keep | None = None
    timeout_seconds: float | None = None

    def __attrs_post_init__(self) -> None:
        if not is_text(self.name):
            raise ValueError(f"the name of a step is text, not {self.name!r}")
        for field in ("request", "compensate", "reply"):
            given: Any = getattr(self, field)
            if not (callable(given) or (given is None and field != "request")):
                raise ValueError(f"the {field} of step {self.name!r} is a function, not {given!r}")
        check_seconds(self.timeout_seconds, f"step {self.name!r}")
