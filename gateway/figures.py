"""The figures of a log: how many of what, by whom, from when to when, on how many bytes."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import attrs

from ..events import past
from ..events.address import kind
from ..events.journal import StoredRow
from ..events.log import Log
from ..events.log_errors import UnknownEvent
from ..events.point import Point
from ..events.recorders import SqliteRecorder
from ..projections.standard.metrics import Count


@attrs.frozen
class Figures:
    """What a log holds. Counts are by falling number; `bytes` and what follows are of a file only,
    as it is now.

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


def figures(
    log: Log, tick: Callable[[int], None] = lambda events: None, at: Point | None = None
) -> Figures:
    """Count what was there at a point, in one pass; `tick` is called with 1 for each event.

    Raises `CorruptedRow` and `Undecodable` where a row is not what was written.
    """
    count = Count()
    for row in past.cut_rows(log, at):
        _add(count, log, row)
        tick(1)
    found = count.metrics()
    now = Counter(kind(address) for address, _ in log.addresses()) if at is None else None
    size, wal, mode = _file(log) if at is None else (None, None, None)
    return Figures(
        log.path, found.events, found.position,
        found.actors if now is None else dict(now.most_common()), found.names, found.authors,
        found.unknown, found.first_happened, found.last_happened, found.first_recorded,
        found.last_recorded, size, wal,
        None if size is None or not found.events else round(size / found.events), mode,
    )  # fmt: skip


def _add(count: Count, log: Log, row: StoredRow) -> None:
    try:
        count.add(log.codec.recorded(*row))
    except UnknownEvent:
        position, address, version, name, _ = row
        recorded_at = log.codec.stamp(*row).recorded_at
        count.add_unknown(position, address, version, name, recorded_at)


def _file(log: Log) -> tuple[int | None, int | None, str | None]:
    """Bytes of the file, of its write-ahead log, and its journal mode."""
    if not isinstance(log.journal, SqliteRecorder):
        return None, None, None
    wal = f"{log.path}-wal"
    size = os.stat(log.path).st_size
    waiting = os.stat(wal).st_size if os.path.exists(wal) else 0
    return size, waiting, log.journal.pragmas()["journal_mode"]
