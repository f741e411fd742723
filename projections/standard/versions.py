"""The stored view of state versions: every version of every workflow's document, who, when and why.

The table `versions` has one row for each, its `changes` as a JSON Patch (RFC 6902); documents stand
whole in `snapshots` now and then (`documents` says how often).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

from ...events.document import apply, frozen, shown
from ...events.recorded import Recorded
from ...events.workflow import ChannelMerged, StatePersisted
from ..projection import StoredProjection
from ..versions import StateVersion
from .documents import SNAPSHOTS, document_at, keep_whole, next_step
from .in_place import changes_of
from .times import time_of, time_text

_TABLES = """
CREATE TABLE versions (
    position INTEGER PRIMARY KEY, address TEXT NOT NULL, version INTEGER NOT NULL,
    parent INTEGER NOT NULL, log_version INTEGER NOT NULL, author TEXT NOT NULL,
    reason TEXT NOT NULL, recorded_at TEXT NOT NULL, happened_at TEXT NOT NULL,
    checksum TEXT NOT NULL, merged_from TEXT NOT NULL, room INTEGER NOT NULL,
    changes TEXT NOT NULL, UNIQUE (address, version)
);
"""
_ADD = "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FOUND = (
    "SELECT version, parent, log_version, author, reason, recorded_at, happened_at, checksum, "
    "merged_from, changes FROM versions WHERE address = ? AND version > ? "
    "AND (? IS NULL OR version <= ?) ORDER BY version"
)


def _apply(db: sqlite3.Connection, each: Recorded) -> None:
    event = each.event
    if not isinstance(event, StatePersisted | ChannelMerged):
        return
    step = next_step(db, each, event)
    merged_from = event.channel if isinstance(event, ChannelMerged) else ""
    db.execute(_ADD, (
        each.position, each.address, step.version, step.version - 1, each.version, each.by,
        each.why, time_text(each.recorded_at), time_text(each.happened_at), event.checksum,
        merged_from, step.room, step.changes,
    ))  # fmt: skip
    if step.room <= 0:
        keep_whole(db, each, step, event.checksum)


versions = StoredProjection(
    name="versions", tables=_TABLES + SNAPSHOTS, apply=_apply, kinds=("workflow",)
)


def versions_of(
    db: sqlite3.Connection, address: str, after: int = 0, upto: int | None = None
) -> Iterator[StateVersion]:
    """The state versions of a workflow with `after < version <= upto`, oldest first, as
    `state_versions` gives them from the log; times in UTC. Nothing for an address without any.

    `db` is what the view is read by, and stays open while they are read.
    """
    before = frozen(document_at(db, address, after))
    for row in db.execute(_FOUND, (address, after, upto, upto)):
        found = _state_version(before, row)
        yield found
        before = found.document


def version_of(db: sqlite3.Connection, address: str, version: int) -> StateVersion | None:
    """One state version of a workflow, found without reading those before it, or None."""
    return next(versions_of(db, address, version - 1, version), None)


def _state_version(before: Any, row: tuple[Any, ...]) -> StateVersion:
    version, parent, log_version, author, reason, recorded, happened, checksum, channel, text = row
    changes = changes_of(text)
    return StateVersion(
        version, parent, log_version, author, reason, time_of(recorded), time_of(happened),
        checksum, shown(before, changes), apply(before, changes), channel,
    )  # fmt: skip
