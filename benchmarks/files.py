"""Looking at a file with plain sqlite3: what is in it, whoever wrote it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path


def rows(path: Path, but: str = "") -> int:
    """How many events a file holds, `but` those of one address."""
    with closing(sqlite3.connect(path)) as connection:
        count_rows = "SELECT count(*) FROM stored_events"
        if but:
            count_rows += " WHERE originator_id != ?"
        (count,) = connection.execute(count_rows, (but,) if but else ()).fetchone()
    return int(count)


def checkpointed_bytes(path: Path) -> int:
    """How large a file is once its WAL is folded in and gone."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return os.stat(path).st_size
