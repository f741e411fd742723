"""What a log holds, and what its digest must be, by plain sqlite3, json and hashlib."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, TypeAlias

Rows: TypeAlias = list[tuple[Any, ...]]

TABLES = ("due", "tracking", "snapshots")


def rows_of(path: Path, upto: int | None = None) -> Rows:
    """Every column of every row of the events up to a position, by position."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM stored_events ORDER BY position").fetchall()
    return [row for row in rows if upto is None or row[0] <= upto]


def beside(path: Path) -> dict[str, Rows]:
    """Every row of the tables beside the events."""
    with closing(sqlite3.connect(path)) as connection:
        return {
            name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in TABLES
        }


def digest_of(rows: Rows) -> str:
    """The digest of some rows, by its definition."""
    total = hashlib.sha256()
    for position, address, version, name, state, _ in rows:
        stored = state.encode() if isinstance(state, str) else state
        head = [position, address, version, name, len(stored)]
        total.update(json.dumps(head, separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
        total.update(stored + b"\n")
    return total.hexdigest()


def cut(path: Path, copy: Path, upto: int) -> Path:
    """A copy of a log, which nobody has open, that ends at a position."""
    shutil.copyfile(path, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("DELETE FROM stored_events WHERE position > ?", (upto,))
    return copy
