"""What a log looks like on disk, and how to tell one before touching it.

A log is an SQLite file whose header says so: `application_id` is "RTLD", `user_version` the
format. Tables: `stored_events` (one row an event; `state` is JSON as text, or a blob where it is
compressed or encrypted), `tracking` (as in the eventsourcing library), `lease` (one row), `due`
(when actors want to be woken), `snapshots` (a cache: whoever does not know it may leave it alone).

A file is looked at through SQLite itself, immutable and read-only: no lock is taken, no sidecar
made, no byte changed. Reading the header with `open()` would be simpler and wrong: POSIX drops
all locks that a process has on a file when it closes any handle of it, so a look at a log that is
open elsewhere in this process would let another process delete its WAL.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ..lease import LEASE_TABLE
from ..log_errors import NewerLog, NotALog

APPLICATION_ID = 0x52544C44
FORMAT = 1
EVENTS = "stored_events"

_TRACKING_TABLE = (
    "CREATE TABLE IF NOT EXISTS tracking ("
    "application_name TEXT, "
    "notification_id INTEGER, "
    "PRIMARY KEY (application_name)) "
    "WITHOUT ROWID"
)

DUE_TABLE = (
    "CREATE TABLE IF NOT EXISTS due (address TEXT PRIMARY KEY, moment INTEGER NOT NULL) "
    "WITHOUT ROWID"
)
"""When actors want to be woken: microseconds since 1970-01-01 UTC."""

SNAPSHOTS_TABLE = (
    "CREATE TABLE IF NOT EXISTS snapshots ("
    "address TEXT PRIMARY KEY, "
    "version INTEGER NOT NULL, "
    "position INTEGER NOT NULL, "
    "fingerprint TEXT NOT NULL, "
    "state NOT NULL, "
    "checksum INTEGER NOT NULL)"
)
"""The last snapshot of each address. A state may be large, so the rows have ids."""


def uri(path: str, query: str) -> str:
    """The SQLite URI of a file, whatever characters its name holds."""
    return f"{Path(path).absolute().as_uri()}?{query}"


def events_table(table: str) -> str:
    """The statement that creates a table of events.

    AUTOINCREMENT, so that a position is never given twice; a checksum, because SQLite has none.
    """
    return (
        f'CREATE TABLE IF NOT EXISTS "{table}" ('
        "position INTEGER PRIMARY KEY AUTOINCREMENT, "
        "originator_id TEXT NOT NULL, "
        "originator_version INTEGER NOT NULL, "
        "topic TEXT NOT NULL, "
        "state NOT NULL, "
        "checksum INTEGER NOT NULL, "
        "UNIQUE (originator_id, originator_version))"
    )


def create(connection: sqlite3.Connection) -> None:
    """Make an empty file a log, in one transaction.

    To be called in rollback-journal mode: in WAL mode the header would sit in the WAL, and a main
    file without its ids would be nobody's.
    """
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    for statement in (events_table(EVENTS), _TRACKING_TABLE, LEASE_TABLE):
        connection.execute(statement)
    complete(connection)
    connection.execute("COMMIT")


def complete(connection: sqlite3.Connection) -> None:
    """Make those tables that early logs of this format did not have, where they are missing."""
    for statement in (DUE_TABLE, SNAPSHOTS_TABLE):
        connection.execute(statement)


def look(path: str) -> bool:
    """Whether a log stands at `path`: False where there is nothing, or a file of no bytes.

    Raises NotALog or NewerLog for anything else, which is left untouched.
    """
    if not _has_bytes(path):
        return False
    try:
        _check_ids(path)
        if not has_wal(path) and not _size(f"{path}-journal"):
            _check_tables(path)
    except (sqlite3.Error, UnicodeDecodeError) as error:  # its words may quote a damaged schema
        raise NotALog(path, str(error)) from error
    return True


def has_wal(path: str) -> bool:
    """Whether there is a write-ahead log with something in it."""
    return _size(f"{path}-wal") > 0


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


def _has_bytes(path: str) -> bool:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise NotALog(path, f"it cannot be reached ({error.strerror})") from error
    if stat.S_ISDIR(found.st_mode):
        raise NotALog(path, "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise NotALog(path, "it is no regular file")
    if found.st_size and not os.access(path, os.R_OK):
        raise NotALog(path, "this user may not read it")
    return found.st_size > 0


def check_database(path: str) -> None:
    """Raise NotALog for what is no SQLite database at all, without changing anything."""
    try:
        with _first_page(path) as connection:
            connection.execute("PRAGMA schema_version").fetchone()
    except sqlite3.Error as error:
        raise NotALog(path, str(error)) from error


@contextmanager
def _first_page(path: str) -> Iterator[sqlite3.Connection]:
    with closing(_immutable(path)) as connection:
        # Else a file whose tail is still in its WAL would be called malformed.
        connection.execute("PRAGMA writable_schema = ON")
        yield connection


def _check_ids(path: str) -> None:
    with _first_page(path) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (form,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise NotALog(path, f"it is an SQLite file of another program (id {application:#x})")
    if form > FORMAT:
        raise NewerLog(path, form, FORMAT)
    if form < 1:
        raise NotALog(path, f"there is no format {form}")


def _check_tables(path: str) -> None:
    with closing(_immutable(path)) as connection:
        (page,) = connection.execute("PRAGMA page_size").fetchone()
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        missing = {EVENTS, "tracking", "lease"}.difference(name for (name,) in rows)
    if _size(path) % page:
        raise NotALog(path, "it is cut off in the middle of a page")
    if missing:
        raise NotALog(path, f"it has no table {' and no table '.join(sorted(missing))}")


def _immutable(path: str) -> sqlite3.Connection:
    return sqlite3.connect(uri(path, "mode=ro&immutable=1"), uri=True)
