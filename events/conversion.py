"""From one log to another, event by event: as from an inherited database to a file of ours.

Every row is copied in order, with its version, times, author, reason and cause; the source stays as
it is. Positions are given anew, 1, 2, 3 …: where the source has gaps they move, which only the
cursor of reactions minds.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from .journal import Row, StoredRow
from .log import Log
from .log_errors import NotConverted

PIECE = 1_000
"""Rows that are written in one transaction."""

_CURSOR = "reactions/cursor"


def convert(source: Log, target: Log) -> int:
    """Copy to `target` what it lacks of `source`; returns the number of events copied.

    `target` is empty, or was begun by this function before: then it is completed, so a conversion
    that was killed goes on where it was, and one that ran ahead takes only what came since.
    Raises `NotConverted` where the target holds anything else, or where the cursor of reactions
    would come to mean another position; nothing was written then. Raises as `Log.scan` does for a
    row that cannot be read; the rows before it are there then.
    """
    if source.version(_CURSOR) and _has_gaps(source):
        raise NotConverted(target.path, f"{_CURSOR} tells of positions that would move")
    rows = source.rows()
    _check_same(target, rows)
    copied = 0
    while piece := list(islice(rows, PIECE)):
        target.journal.write([_row(source, target, row) for row in piece])
        copied += len(piece)
        target.clock.not_before(source.codec.stamp(*piece[-1]).recorded_at)
    return copied


def _has_gaps(log: Log) -> bool:
    return sum(version for _, version in log.addresses()) != log.last_position()


def _check_same(target: Log, rows: Iterator[StoredRow]) -> None:
    """Move `rows` past what the target already has; raise where the two differ."""
    for there in target.rows():
        here = next(rows, None)
        if here is None or here[1:4] != there[1:4]:
            _, address, version, name, _ = there
            reason = (
                f"it holds a {name} ({address} version {version}) that the source has not there"
            )
            raise NotConverted(target.path, reason)


def _row(source: Log, target: Log, row: StoredRow) -> Row:
    _, address, version, name, state = row
    if not (source.codec.plain and target.codec.plain):
        state = target.codec.packed(source.codec.unpacked(state))
    return address, version, name, state
