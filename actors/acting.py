"""Who acts, and why: the author and reason of commands that do not say so themselves.

    with acting(by="alice", why="audit of May"):
        account.ask(Deposit(Decimal(10)))

It holds for the thread or the asyncio task that entered it, and for what is started from there with
its context (`asyncio.create_task`, `asyncio.to_thread`, `contextvars.copy_context`). What a command
says itself wins. What the system sends (reactions, sagas, timers) has the author of the event that
it came from, and is not touched.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_acting: ContextVar[tuple[str, str]] = ContextVar("retold_acting", default=("system", ""))


@contextmanager
def acting(*, by: str | None = None, why: str | None = None) -> Iterator[None]:
    """Let commands sent inside the `with` block be by this author and for this reason.

    What is not given stays as it was outside. Raises `TypeError` for what is not text.

    >>> with acting(by="alice", why="audit of May"), acting(why="audit of June"):
    ...     author_and_reason(None, None)
    ('alice', 'audit of June')
    """
    for each in (by, why):
        if not isinstance(each, str | None):
            raise TypeError(f"an author and a reason are text, not {each!r}")
    token = _acting.set(author_and_reason(by, why))
    try:
        yield
    finally:
        _acting.reset(token)


def author_and_reason(by: str | None, why: str | None) -> tuple[str, str]:
    """The author and reason that a command gives; else those that act, else `system` and none."""
    found = _acting.get()
    return found[0] if by is None else by, found[1] if why is None else why
