"""How a reader learns that there may be new rows: the `Changes` of journals.

Inside the process that writes, it is told at once. Elsewhere it looks: SQLite counts the commits of
others in `data_version`, which takes microseconds to read and no lasting transaction.
"""

from __future__ import annotations

from collections.abc import Callable

from .listeners import Listeners

OFTEN = 0.001
SELDOM = 0.02
"""Seconds between two looks: soon after a change, and after a long quiet."""


class Told:
    """Where all writes go through this process."""

    def __init__(self, listeners: Listeners) -> None:
        self.listen = listeners.listen
        self.unlisten = listeners.unlisten

    def pause(self) -> None:
        """It is told of everything."""

    def look(self) -> bool:
        """Nothing to look at."""
        return False


class Looked(Told):
    """Where others write: `stamp()` gives another value once they have."""

    def __init__(self, listeners: Listeners, stamp: Callable[[], object]) -> None:
        super().__init__(listeners)
        self._stamp = stamp
        self._seen: object = None
        self._quiet = 0.0

    def pause(self) -> float:  # type: ignore[override]  # what is told of nothing must look
        """The longer the quiet the longer the pause, between `OFTEN` and `SELDOM`."""
        pause = min(max(self._quiet / 20, OFTEN), SELDOM)
        self._quiet += pause
        return pause

    def look(self) -> bool:
        """Whether the stamp is another than at the last look."""
        found = self._stamp()
        changed = found != self._seen
        if changed:
            self._seen, self._quiet = found, 0.0
        return changed
