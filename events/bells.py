"""Bells: what is rung by whoever has news, and heard by a thread or in an event loop."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from threading import Lock


class ThreadBell:
    """A bell that one thread waits for: `threading.Event`, made of a lock alone.

    That one is written in Python: a Ctrl-C between two of its steps would keep its lock, and
    whoever rings it next, for ever.
    """

    def __init__(self) -> None:
        self._silence = Lock()
        self._silence.acquire()

    def set(self) -> None:
        """Ring, until it is cleared."""
        if self._silence.locked():
            with suppress(RuntimeError):  # another rang it at the same moment
                self._silence.release()

    def clear(self) -> None:
        """Let it be silent."""
        self._silence.acquire(blocking=False)

    def is_set(self) -> bool:
        """Whether it rings."""
        return not self._silence.locked()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it rings, up to `timeout` seconds; whether it does."""
        rang = self._silence.acquire(timeout=-1 if timeout is None else max(timeout, 0))
        if rang:
            self.set()
        return rang


class LoopBell:
    """A bell that rings in an event loop, from any thread."""

    def __init__(self, event: asyncio.Event) -> None:
        """For an `event` of the loop that runs."""
        self._loop = asyncio.get_running_loop()
        self._event = event

    def set(self) -> None:
        """Ring; nothing where the loop was closed, for nobody waits any more."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._event.set)
