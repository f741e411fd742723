"""The stored merged view: what the channels of every family heard, in the order of the log."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from ...events.address import family, name
from ...events.channel import EntryAppended
from ...events.recorded import Recorded
from ..merged import MergedEntry
from ..projection import StoredProjection
from .times import time_of, time_text

_TABLES = """
CREATE TABLE entries (
    position INTEGER PRIMARY KEY, root TEXT NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL,
    sequence INTEGER NOT NULL, sender TEXT NOT NULL, sender_sequence INTEGER NOT NULL,
    type TEXT NOT NULL, in_reply_to INTEGER NOT NULL, recorded_at TEXT NOT NULL,
    happened_at TEXT NOT NULL, payload BLOB NOT NULL
);
CREATE INDEX entries_by_root ON entries (root);
"""
_ADD = "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_FOUND = (
    "SELECT position, channel, address, sequence, sender, payload, type, in_reply_to, recorded_at, "
    "happened_at FROM entries WHERE root = ? AND position > ? ORDER BY position LIMIT ?"
)


def _apply(db: sqlite3.Connection, each: Recorded) -> None:
    entry = each.event
    if isinstance(entry, EntryAppended):
        db.execute(_ADD, (
            each.position, family(each.address), name(each.address), each.address, entry.sequence,
            entry.sender, entry.sender_sequence, entry.type, entry.in_reply_to,
            time_text(each.recorded_at), time_text(each.happened_at), entry.payload,
        ))  # fmt: skip


merged = StoredProjection(name="merged", tables=_TABLES, apply=_apply, kinds=("channel",))


def entries_of(
    db: sqlite3.Connection, root: str, after: int = 0, limit: int | None = None
) -> Iterator[MergedEntry]:
    """The entries of all channels of the family of `root` after a position, in the order of the log
    and at most `limit` of them, as `merged` gives them from the log; times in UTC.

    `db` is what the view is read by, and stays open while they are read.
    """
    rows = db.execute(_FOUND, (root, after, -1 if limit is None else limit))
    for position, channel, address, sequence, sender, payload, kind, answered, *times in rows:
        recorded_at, happened_at = map(time_of, times)
        yield MergedEntry(
            position, channel, address, sequence, sender, payload, kind, answered, recorded_at,
            happened_at,
        )  # fmt: skip
