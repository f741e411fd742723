"""A callback that is called for every event that a follower gives, on a thread of its own."""

from __future__ import annotations

import inspect
import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..recorded import Recorded

if TYPE_CHECKING:
    from .follower import Follower

_log = logging.getLogger("retold")


def check_plain(what: str, given: object) -> None:
    """Raise TypeError for what is no function that has done its work when it returns: a coroutine
    function or a generator would only give an object that nobody runs.
    """
    if not callable(given):
        raise TypeError(f"{what} is a function, not {given!r}")
    called = getattr(type(given), "__call__", None)  # noqa: B004 - what an object runs when called
    for each in (given, called):
        kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction)
        if any(is_kind(each) for is_kind in (*kinds, inspect.isasyncgenfunction)):
            raise TypeError(f"{what} is a plain function, called for its effect: {given!r} is not")


class Calling:
    """A callback at work. One that raises ends it: `error` says so, and the log of the process.

    Raises TypeError for what is no plain function: with coroutines use `async for`.
    """

    def __init__(
        self, follower: Follower, callback: Callable[[Recorded], None], name: str = ""
    ) -> None:
        check_plain("a callback", callback)
        self._follower = follower
        self._callback = callback
        self.position = follower.position
        """The last event that the callback returned from."""
        self.error: BaseException | None = None
        self._thread = threading.Thread(
            target=self._work, name=name or "retold-follower", daemon=True
        )
        self._thread.start()

    def _work(self) -> None:
        try:
            for each in self._follower:
                self._callback(each)
                self.position = each.position
        except BaseException as error:  # noqa: BLE001 - a callback is somebody else's code
            self.error = error
            _log.exception("A callback failed after position %d, and is ended", self.position)

    @property
    def alive(self) -> bool:
        """Whether it still follows."""
        return self._thread.is_alive()

    def close(self, timeout: float | None = 10.0) -> None:
        """End it after the event at work, waiting for it up to `timeout` seconds."""
        self._follower.close()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout)
