"""Signals: a process that is told to end does so in good order.

SIGTERM ends a Python process where it stands: the log is safe, but answers in flight are lost.
Inside `orderly_exit` it raises `Interrupted` in the main thread instead, so every `with` block on
the way out closes what it holds, and the process ends with the status that shells expect.

| signal | sent by | exit status |
|---|---|---|
| SIGHUP | a terminal that is closed | 129 |
| SIGINT | Ctrl-C | 130 |
| SIGTERM | `kill`, a service manager, a container that is stopped | 143 |

A signal that comes while another is on its way out, or a system or a log is being closed, does not
break that off. One that the process ignores (as SIGHUP under `nohup`) stays ignored.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

from ..events.log import Log
from .system import ActorSystem

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""The signals that are answered so, where the operating system has them."""

_CLOSING: frozenset[CodeType] = frozenset(
    function.__code__ for of in (ActorSystem, Log) for function in (of.close, of.__exit__)
)


class Interrupted(KeyboardInterrupt, SystemExit):
    """The process was told to end by a signal.

    A `KeyboardInterrupt`, for which the library is safe between any two of its steps; and a
    `SystemExit`, so that nothing is printed and the exit status is 128 and the signal's number.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        SystemExit.__init__(self, 128 + number)

    def __str__(self) -> str:
        return f"ended by {signal.Signals(self.number).name}"


class Watch:
    """Answers signals: raises `Interrupted`, but not while one is on its way or something closed.

    `number` is the first signal that came, None as long as none did.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self.over = False
        self.late = False
        self._answering = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """A signal came. One that comes while another is being answered is answered with it."""
        if self._answering:
            return
        self._answering = True
        try:
            self._answer(number, frame)
        finally:
            self._answering = False

    def _answer(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            self.number = number
        if self.over or _is_leaving() or _is_closing(frame):
            self.late = True
        else:
            raise Interrupted(number)


@contextmanager
def orderly_exit() -> Iterator[Watch]:
    """Answer signals that end the process by an orderly way out: the outermost `with` of a program.

    >>> with orderly_exit(), ActorSystem.open("memory:") as system:
    ...     pass

    What was accepted is answered and the log closed before the process ends, which takes as long as
    `ActorSystem.close` does. The handlers that were there before are put back at the end. A signal
    that came while something was being closed is raised at the end, if nothing else is.

    Raises `ValueError` on any thread but the main one: Python delivers signals to that alone.
    """
    if threading.current_thread() is not threading.main_thread():
        name = threading.current_thread().name
        raise ValueError(
            f"orderly_exit was entered on thread {name!r}, and Python tells signals to the main"
            " thread alone: enter it there, around what starts the other threads."
        )
    watch = Watch()
    before = {number: signal.getsignal(number) for number in _numbers()}
    try:
        for number, handler in before.items():
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, watch)
        yield watch
    finally:
        watch.over = True
        for number, handler in before.items():
            if handler is not None:
                signal.signal(number, handler)
    if watch.late and watch.number is not None:
        raise Interrupted(watch.number)


def _numbers() -> list[signal.Signals]:
    return [getattr(signal, name) for name in NAMES if hasattr(signal, name)]


def _is_leaving() -> bool:
    """Whether an interrupt is on its way up, and somebody is cleaning up after it."""
    error = sys.exception()
    while error is not None:
        if isinstance(error, Interrupted):
            return True
        error = error.__context__
    return False


def _is_closing(frame: FrameType | None) -> bool:
    """Whether a system or a log is being closed further up the stack."""
    while frame is not None:
        if frame.f_code in _CLOSING:
            return True
        frame = frame.f_back
    return False
