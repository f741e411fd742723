"""Waking whoever waits for new rows, inside this process."""

from __future__ import annotations

from ..journal import Bell


class Listeners:
    """The bells to ring after every commit."""

    def __init__(self) -> None:
        self._bells: set[Bell] = set()

    def listen(self, bell: Bell) -> None:
        """Ring `bell` after every commit from now on."""
        self._bells.add(bell)

    def unlisten(self, bell: Bell) -> None:
        """Leave `bell` alone from now on; a second call does nothing."""
        self._bells.discard(bell)

    def notify(self) -> None:
        """Say that something was stored, or that the store was closed."""
        if self._bells:
            # A copy: listeners come and go while we call.
            for bell in tuple(self._bells):
                bell.set()
