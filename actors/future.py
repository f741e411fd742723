"""The future of an answer: a `pykka.Future` without a lock until somebody waits, and awaitable.

pykka's own takes a `threading.Condition` a message, a third of what a command costs, and blocks the
event loop where it is awaited. Here a waiter is a callback; under the interpreter's lock, storing
the result before reading the waiters and adding a waiter before reading the result misses none.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator
from operator import call
from types import TracebackType
from typing import Any, Protocol, TypeAlias, TypeVar

import pykka

from ..events.errors import AskInsideDecide

T = TypeVar("T")


class AtWork(Protocol):
    """A turn that may still be at work."""

    @property
    def at_work(self) -> bool:
        """Whether it is; false once it has handed its batch over or was broken off."""
        ...

    @property
    def deciding(self) -> str:
        """The address of the actor whose command it decides."""
        ...

    @property
    def carrying_out(self) -> str:
        """The name and id of the command that it decides."""
        ...


class Inside(threading.local):
    """Where a thread is: nothing may wait on a thread of a pool, or inside a turn at work."""

    pool = False
    turn: AtWork | None = None


inside = Inside()
ExcInfo: TypeAlias = "tuple[type[BaseException] | None, BaseException | None, TracebackType | None]"


def may_not_wait() -> bool:
    """Whether this thread is inside a turn or belongs to a pool."""
    return inside.pool or (inside.turn is not None and inside.turn.at_work)


def may_wait(what: str) -> None:
    """Raise `AskInsideDecide` on a thread that is inside a turn."""
    if may_not_wait():
        raise ask_inside_decide(what)


def unanswered(address: str, message: object, reason: object) -> pykka.Timeout:
    """The error for whoever asked an actor and waits no longer."""
    return pykka.Timeout(
        f"{address} was asked {type(message).__qualname__}: {reason}. It may still be carried out;"
        " asked again with the same id it has its effect once."
    )


def ask_inside_decide(asked: str) -> AskInsideDecide:
    """The error for whoever waits for `asked` on this thread, with the asks that led there."""
    turn = inside.turn
    return AskInsideDecide(asked, turn.deciding if turn is not None and turn.at_work else "")


class Future(pykka.Future[T]):
    """A handle to an answer that is given once. Safe to wait for from many threads and loops."""

    _get_hook: Callable[[float | None], Any] | None = None
    outcome: tuple[Any, BaseException | None] | None = None
    _waiters: list[Callable[[], None]] | None = None

    def __init__(self) -> None:
        """Nothing to set: a future that nobody waits for costs nothing but its outcome."""

    def get(self, *, timeout: float | None = None) -> T:
        """The answer, waiting up to `timeout` seconds for it.

        Raises the answer if it is an exception, `pykka.Timeout` when the time is up.
        """
        if self._get_hook is not None:
            return self._hooked(timeout)  # type: ignore[no-any-return]  # as the hook was told
        outcome = self.outcome
        if outcome is None:
            self._wait(timeout)
            outcome = self.outcome
            if outcome is None:
                raise pykka.Timeout(f"no answer within {timeout} seconds")
        value, error = outcome
        if error is not None:
            raise error
        return value  # type: ignore[no-any-return]  # as whoever answered was told

    def _hooked(self, timeout: float | None) -> Any:
        if self.outcome is None:
            self.outcome = (self._get_hook(timeout), None)  # type: ignore[misc]  # there is one
        return self.outcome[0]

    def _wait(self, timeout: float | None) -> None:
        may_wait("a future")
        gate = threading.Lock()
        gate.acquire()
        self.when_done(gate.release)
        gate.acquire(timeout=-1 if timeout is None else max(timeout, 0))

    def when_done(self, callback: Callable[[], None]) -> None:
        """Call back once there is an answer, on the thread that gives it or at once on this one.

        The callback must be short and raise nothing.
        """
        waiters = self.__dict__.setdefault("_waiters", [])  # atomic: two first waiters share it
        waiters.append(callback)
        self.wake()

    @property
    def done(self) -> bool:
        """Whether there is an answer."""
        return self.outcome is not None

    def set(self, value: Any = None) -> None:
        """Give the answer; a second one raises `queue.Full`, as pykka's futures do."""
        if self.outcome is not None or self._get_hook is not None:
            raise queue.Full
        self.outcome = (value, None)
        if self._waiters is not None:
            self.wake()

    def set_exception(self, exc_info: ExcInfo | None = None) -> None:
        """Give an exception as the answer: of `exc_info`, else the one being handled."""
        kind, error, trace = exc_info or sys.exc_info()
        if error is None:
            error = kind() if kind is not None else RuntimeError("no exception is being handled")
        self.fail(error if trace is None else error.with_traceback(trace))

    def fail(self, error: BaseException) -> None:
        """Give this exception as the answer."""
        if self.outcome is not None or self._get_hook is not None:
            raise queue.Full
        self.outcome = (None, error)
        if self._waiters is not None:
            self.wake()

    def set_get_hook(self, func: Callable[[float | None], Any]) -> None:
        """Let `get` compute the answer; refused with `queue.Full` once there is one."""
        if self.outcome is not None:
            raise queue.Full
        self._get_hook = func

    def wake(self) -> bool:
        """Call back those who still wait, if there is an answer; whether there is.

        One step for all who wait on threads: a Ctrl-C between two would leave one waiting.
        """
        if self.outcome is None:
            return False
        if self._waiters:
            with contextlib.suppress(IndexError):  # that is how their list says that it is empty
                deque(map(call, iter(self._waiters.pop, None)), maxlen=0)
        return True

    def __await__(self) -> Generator[Any, None, T]:
        """Wait without blocking the running event loop."""
        if self.outcome is not None:
            return self.get()
        may_wait("a future")
        loop = asyncio.get_running_loop()
        if self._get_hook is not None:
            return (yield from loop.run_in_executor(None, self.get))
        arrived = loop.create_future()

        def tell() -> None:
            if not arrived.done():
                arrived.set_result(None)

        def tell_loop() -> None:
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(tell)

        self.when_done(tell_loop)
        yield from arrived
        return self.get()

    __iter__ = __await__
