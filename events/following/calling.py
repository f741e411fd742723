"""A callback that is called for every event that a follower gives, on a thread of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..recorded import Recorded

if TYPE_CHECKING:
    from .follower import Follower

_log = logging.getLogger("retold")


class Calling:
    """A callback at work. One that raises ends it: `error` says so, and the log of the process."""

    def __init__(
        self, follower: Follower, callback: Callable[[Recorded], None], name: str = ""
    ) -> None:
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
