"""The documents of workflows within a view: change by change, and now and then one whole.

A document is kept whole once the changes since the last whole one have grown as large as that one
was, and to at least `LEAST` bytes. So whole documents take at most twice the room of the changes, a
view is made in time that grows with the changes alone, and any version is one document and about as
much again in changes away, whether documents are small and change often or are large and change
little.
"""

from __future__ import annotations

import sqlite3
from typing import TypeAlias

import attrs

from ...events.document import Document
from ...events.recorded import Recorded
from ...events.workflow import ChannelMerged, StatePersisted
from .in_place import change_in_place, changes_of, document_of, encode
from .times import time_text

LEAST = 4096
"""The fewest bytes of changes between two whole documents."""

ROW = 64
"""Bytes that a version counts for beside its changes, so that empty ones add up as well."""

SNAPSHOTS = """
CREATE TABLE snapshots (
    position INTEGER PRIMARY KEY, address TEXT NOT NULL, version INTEGER NOT NULL,
    log_version INTEGER NOT NULL, recorded_at TEXT NOT NULL, checksum TEXT NOT NULL,
    document TEXT NOT NULL, UNIQUE (address, version)
);
"""
"""The whole documents. Beside it a view has a table `versions` with `address`, `version`,
`log_version`, `changes` as JSON, and `room`: bytes left until a document is kept whole again."""

Persisted: TypeAlias = StatePersisted | ChannelMerged
"""What makes a state version."""

_LAST = (
    "SELECT version, log_version, room FROM versions "
    "WHERE address = ? ORDER BY version DESC LIMIT 1"
)
_BASE = (
    "SELECT version, document FROM snapshots "
    "WHERE address = ? AND version <= ? ORDER BY version DESC LIMIT 1"
)
_CHANGES = (
    "SELECT changes FROM versions WHERE address = ? AND version > ? AND version <= ? "
    "ORDER BY version"
)
_KEEP = "INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?)"
_ROOM = "UPDATE versions SET room = ? WHERE position = ?"


@attrs.frozen
class Step:
    """The next version of a workflow: its number, its changes as JSON, and the room after it."""

    version: int
    changes: str
    room: int


def next_step(db: sqlite3.Connection, each: Recorded, event: Persisted) -> Step:
    """The version that an event makes. Raises ValueError for an event that was told before."""
    version, log_version, room = db.execute(_LAST, (each.address,)).fetchone() or (0, 0, LEAST)
    if each.version <= log_version:
        raise ValueError(f"it was told before: the view stands at version {log_version}")
    changes = encode(event.changes).decode()
    return Step(version + 1, changes, room - len(changes) - ROW)


def keep_whole(db: sqlite3.Connection, each: Recorded, step: Step, checksum: str) -> None:
    """Keep the document whole as it stands after this version, which is in `versions` already."""
    document = encode(document_at(db, each.address, step.version)).decode()
    stood = (each.version, time_text(each.recorded_at), checksum, document)
    db.execute(_KEEP, (each.position, each.address, step.version, *stood))
    db.execute(_ROOM, (max(len(document), LEAST), each.position))


def document_at(db: sqlite3.Connection, address: str, version: int) -> Document:
    """A workflow's document after its state version `version`, as far as the view has changes; the
    caller's own to change."""
    base, text = db.execute(_BASE, (address, version)).fetchone() or (0, "{}")
    document = document_of(text)
    for (changes,) in db.execute(_CHANGES, (address, base, version)):
        document = change_in_place(document, changes_of(changes))
    return document
