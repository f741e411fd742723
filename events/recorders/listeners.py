"""Waking whoever waits for new rows, inside this process."""

from __future__ import annotations

from threading import Event


class Listeners:
    """The events to set after every commit."""

    def __init__(self) -> None:
        self._events: set[Event] = set()

    def listen(self, event: Event) -> None:
        """Set `event` after every commit from now on."""
        self._events.add(event)

    def unlisten(self, event: Event) -> None:
        """Leave `event` alone from now on; a second call does nothing."""
        self._events.discard(event)

    def notify(self) -> None:
        """Say that something was stored, or that the store was closed."""
        if self._events:
            # A copy: listeners come and go while we call.
            for event in tuple(self._events):
                event.set()
