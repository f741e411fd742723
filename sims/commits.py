"""What was decided and is not yet in the log: whose batch is committed next is drawn as well.

On a pool of threads a family that decided first may well commit last. Here a decided batch waits
until the world draws a commit, which takes all that wait, in the order of their decisions, or one
alone. So whatever relies on more than the commit itself meets the order that breaks it.
"""

from __future__ import annotations

from collections.abc import Callable

from ..events.commit import Batch, Committer
from ..events.log import Log


class DrawnCommitter(Committer):
    """A committer whose batches wait until `commit` is called; `wake` is called for each."""

    def __init__(
        self,
        log: Log,
        run: Callable[[Callable[[], None]], None],
        decided: list[Batch],
        wake: Callable[[], None],
    ) -> None:
        super().__init__(log, run)
        self._decided = decided
        self._wake = wake

    def submit(self, batch: Batch, *, guest: bool = False, hold: bool = False) -> None:
        """Let a batch wait for a commit."""
        self._decided.append(batch)
        self._wake()

    def has(self, batch: Batch) -> bool:
        """Whether a batch waits or is being written."""
        return batch in self._decided or super().has(batch)

    def lead(self, *, guest: bool = False) -> None:
        """Commit all that waits."""
        while self._decided:
            self.commit(None)
        super().lead()

    def commit(self, only: int | None) -> None:
        """Commit the one batch of that number, or all of them."""
        decided = self._decided
        if only is None:
            batches = decided[:]
            decided.clear()
        else:
            batches = [decided.pop(only)]
        for batch in batches:
            super().submit(batch, hold=True)
        super().lead()
