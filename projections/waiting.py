"""Waiting until a view has got somewhere: on a thread, or in an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress


class Waiters:
    """Those who wait for a view; they are told when it has a position, or will never have it."""

    def __init__(self, settled: Callable[[int], bool]) -> None:
        """`settled(position)`: whether there is nothing to wait for any more."""
        self.news = threading.Condition()
        self._settled = settled
        self._awaited: dict[object, tuple[int, Callable[[], None]]] = {}

    def wait(self, position: int, timeout: float | None) -> bool:
        """Wait for a position, at most `timeout` seconds; whether it was settled within them."""
        with self.news:
            return self.news.wait_for(lambda: self._settled(position), timeout)

    async def reached(self, position: int) -> None:
        """The same awaited."""
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(arrived.set)

        with self.news:
            self._awaited[arrived] = (position, tell)
        try:
            self.tell()
            await arrived.wait()
        finally:
            with self.news:
                self._awaited.pop(arrived, None)

    def tell(self) -> None:
        """Tell those whose waiting is over."""
        with self.news:
            self.news.notify_all()
            told = [key for key, (at, _) in self._awaited.items() if self._settled(at)]
            bells = [self._awaited.pop(key)[1] for key in told]
        for ring in bells:
            ring()
