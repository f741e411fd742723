"""The figures of a log: how many of what, by whom, from when to when, on how many bytes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import attrs

from ..events import past
from ..events.address import kind
from ..events.log import Log
from ..events.log_errors import UnknownEvent
from ..events.point import Point
from ..events.recorders import SqliteRecorder


@attrs.frozen
class Figures:
    """What a log holds. Counts are by falling number; `bytes` and what follows only of a file, as
    it is now.

    `unknown` counts the events whose class no known module defines: they are in all counts but
    those of authors and of times in the world.
    """

    path: str
    events: int
    last_position: int
    actors: dict[str, int]
    names: dict[str, int]
    authors: dict[str, int]
    unknown: int
    first_happened: datetime | None
    last_happened: datetime | None
    first_recorded: datetime | None
    last_recorded: datetime | None
    bytes: int | None
    bytes_of_wal: int | None
    bytes_per_event: int | None
    journal_mode: str | None


class _Count:
    """The running counts over the rows of a log."""

    def __init__(self) -> None:
        self.events = self.unknown = self.last_position = 0
        self.actors: Counter[str] = Counter()
        self.names: Counter[str] = Counter()
        self.authors: Counter[str] = Counter()
        self.happened: list[datetime] = []
        self.recorded: list[datetime] = []

    def row(self, log: Log, row: tuple[int, str, int, str, bytes]) -> None:
        self.events += 1
        self.last_position = row[0]
        if row[2] == 1:
            self.actors[kind(row[1])] += 1
        self.names[row[3]] += 1
        try:
            each = log.codec.recorded(*row)
        except UnknownEvent:
            self.unknown += 1
            self.recorded = _widened(self.recorded, log.codec.stamp(*row).recorded_at)
            return
        self.authors[each.by] += 1
        self.happened = _widened(self.happened, each.happened_at)
        self.recorded = _widened(self.recorded, each.recorded_at)


def figures(
    log: Log, tick: Callable[[int], None] = lambda events: None, at: Point | None = None
) -> Figures:
    """Count what was there at a point, in one pass; `tick` is called with 1 for each event.

    Raises `CorruptedRow` and `Undecodable` where a row is not what was written.
    """
    count = _Count()
    for row in past.cut_rows(log, at):
        count.row(log, row)
        tick(1)
    now = Counter(kind(address) for address, _ in log.addresses()) if at is None else None
    size, wal, mode = _file(log) if at is None else (None, None, None)
    first_happened, last_happened = count.happened or (None, None)
    first_recorded, last_recorded = count.recorded or (None, None)
    return Figures(
        log.path, count.events, count.last_position,
        dict((count.actors if now is None else now).most_common()),
        dict(count.names.most_common()), dict(count.authors.most_common()), count.unknown,
        first_happened, last_happened, first_recorded, last_recorded, size, wal,
        None if size is None or not count.events else round(size / count.events), mode,
    )  # fmt: skip


def _widened(period: list[datetime], moment: datetime) -> list[datetime]:
    return [min([*period[:1], moment]), max([*period[1:], moment])]


def _file(log: Log) -> tuple[int | None, int | None, str | None]:
    """Bytes of the file, of its write-ahead log, and its journal mode."""
    if not isinstance(log.journal, SqliteRecorder):
        return None, None, None
    wal = f"{log.path}-wal"
    size = os.stat(log.path).st_size
    waiting = os.stat(wal).st_size if os.path.exists(wal) else 0
    return size, waiting, log.journal.pragmas()["journal_mode"]
