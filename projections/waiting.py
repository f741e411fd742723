"""Waiting until a view has got somewhere: on a thread, or in an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import TypeAlias

from ..events.bells import LoopBell, ThreadBell
from ..events.journal import Bell

Arrived: TypeAlias = Callable[[], bool]


class Waiters:
    """Those who wait for something of a view; whoever changes that tells them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[Bell, Arrived] = {}

    def wait(self, arrived: Arrived, timeout: float | None = None) -> bool:
        """Wait until it has, at most `timeout` seconds; whether it had within them."""
        bell = ThreadBell()
        with self._told(bell, arrived):
            return bell.wait(timeout)

    async def reached(self, arrived: Arrived) -> None:
        """The same awaited, for as long as it takes."""
        event = asyncio.Event()
        with self._told(LoopBell(event), arrived):
            await event.wait()

    @contextmanager
    def _told(self, bell: Bell, arrived: Arrived) -> Iterator[None]:
        with self._lock:
            self._waiting[bell] = arrived
        try:
            self.tell()
            yield
        finally:
            with self._lock:
                del self._waiting[bell]

    def tell(self) -> None:
        """Tell those whose waiting is over."""
        with self._lock:
            for bell, arrived in self._waiting.items():
                if arrived():
                    bell.set()
