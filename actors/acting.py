"""Who acts, and why: the author and reason of commands that do not say so themselves.

    with acting(by="alice", why="audit of May"):
        account.ask(Deposit(Decimal(10)))

It holds for the thread or the asyncio task that entered it, and for what is started from there with
its context (`asyncio.create_task`, `asyncio.to_thread`, `contextvars.copy_context`). What a command
says itself wins. What the system sends (reactions, sagas, timers) has the author of the event that
it came from, and is not touched.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import NamedTuple


class Acting(NamedTuple):
    """What `acting` gives: to be entered, as often as one likes, by any thread or task."""

    by: str | None
    why: str | None

    def __enter__(self) -> None:
        _acting.set(_Who(*author_and_reason(self.by, self.why), self, _acting.get()))

    def __exit__(self, *_: object) -> None:
        now = _acting.get()
        if now.entered is self:  # else a generator ends in the context of somebody else
            _acting.set(now.before or _NOBODY)


class _Who(NamedTuple):
    by: str
    why: str
    entered: Acting | None
    before: _Who | None


_NOBODY = _Who("system", "", None, None)
_acting: ContextVar[_Who] = ContextVar("retold_acting", default=_NOBODY)


def acting(*, by: str | None = None, why: str | None = None) -> Acting:
    """Let commands sent inside the `with` block be by this author and for this reason.

    What is not given stays as it was outside. Raises `TypeError` for what is not text.

    >>> with acting(by="alice", why="audit of May"), acting(why="audit of June"):
    ...     author_and_reason(None, None)
    ('alice', 'audit of June')
    """
    for each in (by, why):
        if not isinstance(each, str | None):
            raise TypeError(f"an author and a reason are text, not {each!r}")
    return Acting(by, why)


def author_and_reason(by: str | None, why: str | None) -> tuple[str, str]:
    """The author and reason that a command gives; else those that act, else `system` and none."""
    found = _acting.get()
    return found.by if by is None else by, found.why if why is None else why
