"""What SQLite itself finds wrong with a file: pages, indexes, free pages, and what tables hold.

A row's position, address and version stand in the table and in its index, and a flipped byte makes
the two differ.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from ..recorders import schema

UNREADABLE = (sqlite3.Error, UnicodeDecodeError)
"""What reading a damaged file may raise: SQLite's words may quote bytes that are no text."""

DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
"""The codes by which SQLite says that a file is not what it wrote."""

MOST = 100
"""At most this many complaints of SQLite are passed on."""


def faults(path: str, query: str = "mode=ro") -> Iterator[str]:
    """Each complaint of SQLite about a file, in its words; nothing where all is well."""
    try:
        with closing(sqlite3.connect(schema.uri(path, query), uri=True)) as connection:
            rows = connection.execute(f"PRAGMA integrity_check({MOST})").fetchall()
    except UNREADABLE as error:
        yield str(error)
        return
    for (text,) in rows:
        if text != "ok":
            yield from (line for line in str(text).splitlines() if line.strip())


def first_fault(path: str) -> str:
    """The first complaint about a file that nobody else knows; empty where there is none."""
    return next(faults(path, "mode=ro&immutable=1"), "")
