"""Batches that remember what they were told, and journals that fail when they are told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any

from retold import Log
from retold.events.clock import ManualClock
from retold.events.codec import Codec
from retold.events.journal import Due, Row, StoredRow
from retold.events.log import TailRow
from retold.events.recorders import MemoryRecorder

from .things import Noted


class Told:
    """A batch of one family that writes down what became of it."""

    def __init__(
        self, log: Log, address: str, *versions: int, on: Callable[[], None] | None = None
    ):
        self.rows: list[TailRow] = []
        for version in versions:
            name, tail, _ = log.codec.encode(Noted([address, version]), "by", "", f"c-{address}")
            self.rows.append((address, version, name, tail))
        self.size = sum(len(row[3]) for row in self.rows)
        self.due: list[Due] = []
        self.told = False
        self.command_ids = [f"c-{address}"]
        self.said: list[Any] = []
        self._on = on

    def committed(self, positions: Sequence[int], recorded_at: datetime) -> None:
        """Its rows are there."""
        self._hear(("committed", list(positions)))

    def conflicted(self) -> None:
        """Somebody else was first."""
        self._hear("conflicted")

    def failed(self, error: Exception) -> None:
        """Nothing of it is there."""
        self._hear(error)

    def _hear(self, what: Any) -> None:
        self.told = True
        self.said.append(what)
        if self._on is not None:
            self._on()


class Faulty(MemoryRecorder):
    """A journal whose writes and reads go by `writes` and `reads`, one word each.

    "lose" stores and then raises, "break" raises before it stores, an exception is raised; what is
    not in the list works.
    """

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[Any] = []
        self.reads: list[Any] = []
        self.sizes: list[int] = []

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> range:
        """As the next word says."""
        word = self.writes.pop(0) if self.writes else None
        if isinstance(word, Exception):
            raise word
        if word == "break":
            raise OSError("it broke")
        stored = super().write(rows, due)
        self.sizes.append(len(rows))
        if word == "lose":
            raise OSError("the answer was lost")
        return stored

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """As the next word says."""
        word = self.reads.pop(0) if self.reads else None
        if isinstance(word, Exception):
            raise word
        return super().rows(address, after, upto)


def faulty_log() -> tuple[Log, Faulty]:
    """A log over such a journal, and the journal."""
    journal = Faulty()
    return Log(journal, Codec(), ManualClock()), journal
