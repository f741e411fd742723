"""The stored view of snapshots: the points of each workflow's past that can be jumped to.

The table `snapshots` has the document of a workflow whole now and then (`documents` says how
often), with its checksum; a workflow whose changes are few as yet has none, for its beginning is as
near. `versions` has only the changes after the last snapshot of each: the log has the others.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import attrs

from ...events.document import Document
from ...events.log import Log
from ...events.recorded import Recorded
from ...events.workflow import ChannelMerged, StatePersisted
from ..projection import StoredProjection
from .documents import SNAPSHOTS, keep_whole, next_step
from .in_place import change_in_place, document_of
from .times import time_of

_TABLES = """
CREATE TABLE versions (
    position INTEGER PRIMARY KEY, address TEXT NOT NULL, version INTEGER NOT NULL,
    log_version INTEGER NOT NULL, room INTEGER NOT NULL, changes TEXT NOT NULL,
    UNIQUE (address, version)
);
"""
_ADD = "INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM versions WHERE address = ? AND version < ?"
_LIST = (
    "SELECT address, version, log_version, position, recorded_at, checksum, length(document) "
    "FROM snapshots WHERE ? IN ('', address) ORDER BY position"
)
_NEAREST = (
    "SELECT version, log_version, document FROM snapshots "
    "WHERE address = ? AND version <= ? ORDER BY version DESC LIMIT 1"
)
_EXACT = "SELECT document FROM snapshots WHERE address = ? AND version = ?"


@attrs.frozen
class Snapshot:
    """A point to jump to: the document of `address` at its state version `version`, which the
    workflow's event `log_version` made. `size` is that of the document's JSON in characters."""

    address: str
    version: int
    log_version: int
    position: int
    recorded_at: datetime
    checksum: str
    size: int


def _apply(db: sqlite3.Connection, each: Recorded) -> None:
    event = each.event
    if not isinstance(event, StatePersisted | ChannelMerged):
        return
    step = next_step(db, each, event)
    row = (each.position, each.address, step.version, each.version, step.room, step.changes)
    db.execute(_ADD, row)
    if step.room <= 0:
        keep_whole(db, each, step, event.checksum)
        db.execute(_FORGET, (each.address, step.version))


snapshots = StoredProjection(
    name="snapshots", tables=_TABLES + SNAPSHOTS, apply=_apply, kinds=("workflow",)
)


def snapshots_of(db: sqlite3.Connection, address: str = "") -> Iterator[Snapshot]:
    """The snapshots of a workflow, or of all of them, in the order of the log."""
    for address_, version, log_version, position, recorded_at, checksum, size in db.execute(
        _LIST, (address,)
    ):
        moment = time_of(recorded_at)
        yield Snapshot(address_, version, log_version, position, moment, checksum, size)


def snapshot_document(db: sqlite3.Connection, address: str, version: int) -> Document | None:
    """The document that was kept whole at exactly this version; None if none was."""
    row = db.execute(_EXACT, (address, version)).fetchone()
    return None if row is None else document_of(row[0])


def document_from(db: sqlite3.Connection, log: Log, address: str, version: int) -> Document:
    """A workflow's document after its state version `version`: from the snapshot at or before it,
    and the log's changes since. The last version, where there are not so many."""
    nearest: Any = db.execute(_NEAREST, (address, version)).fetchone()
    reached, log_version, text = nearest or (0, 0, "{}")
    document = document_of(text)
    for event in log.events(address, after=log_version) if reached < version else ():
        if isinstance(event, StatePersisted | ChannelMerged):
            document = change_in_place(document, event.changes)
            reached += 1
            if reached == version:
                break
    return document
