"""Whether what the other tables of a log hold makes sense beside its events.

What due times and snapshots say is checked against the actors elsewhere; here only their form is,
and that they speak of events that are there.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

from ..address import check
from ..errors import BadAddress
from ..recorders import schema
from .structure import UNREADABLE

Found = tuple[str, str]
"""An address (empty for the log as a whole) and what is wrong."""

_LEASE = "SELECT id, typeof(fence), fence, typeof(holder), typeof(since) FROM lease"
_TRACKING = "SELECT application_name, typeof(notification_id), notification_id FROM tracking"
_DUE = "SELECT address, typeof(moment), moment FROM due"
_SNAPSHOTS = (
    "SELECT address, version, position, EXISTS (SELECT 1 FROM stored_events e WHERE "
    "e.position = s.position AND e.originator_id = s.address AND "
    "e.originator_version = s.version) FROM snapshots s"
)
_COUNT = (
    "SELECT (SELECT max(position) FROM stored_events), "
    "(SELECT count(*) FROM sqlite_sequence WHERE name = 'stored_events'), "
    "(SELECT seq FROM sqlite_sequence WHERE name = 'stored_events')"
)
"""In one statement, because a writer may be at work."""
_LONGEST_FENCE = 2**31
_LAST_MOMENT = 253_402_300_799_999_999


def odd_rows(path: str) -> Iterator[Found]:
    """Everything in the tables of a log that cannot be as it was written."""
    with closing(sqlite3.connect(schema.uri(path, "mode=ro"), uri=True)) as connection:
        connection.text_factory = _text
        for look in (_lease, _positions, _tracking, _due, _snapshots):
            try:
                yield from look(connection)
            except UNREADABLE as error:
                yield "", f"its table of {look.__name__.strip('_')} cannot be read: {error}"


def _lease(connection: sqlite3.Connection) -> Iterator[Found]:
    rows = connection.execute(_LEASE).fetchall()
    if len(rows) > 1:
        yield "", f"its table of the lease has {len(rows)} rows"
    for row in rows:
        right = row[0] == 1 and row[1] == "integer" and row[3:] == ("text", "text")
        if not right or not 0 < row[2] < _LONGEST_FENCE:
            yield "", f"its lease says what no writer writes: {row}"


def _positions(connection: sqlite3.Connection) -> Iterator[Found]:
    last, counts, count = connection.execute(_COUNT).fetchone()
    if counts > 1 or (last or 0) != (count or 0):
        reason = f"positions are counted from {count}, and the last row is at {last}"
        yield "", f"{reason}: rows are missing at the end, or that is not the count"


def _tracking(connection: sqlite3.Connection) -> Iterator[Found]:
    for name, kind, position in connection.execute(_TRACKING):
        if kind != "integer" or position < 0:
            yield "", f"its tracking of {name!r} stands at {position!r}"


def _due(connection: sqlite3.Connection) -> Iterator[Found]:
    if not _exists(connection, "due"):
        return
    for address, kind, moment in connection.execute(_DUE):
        if kind != "integer":
            yield str(address), f"its due time is {kind}, no number"
        elif abs(moment) > _LAST_MOMENT:
            yield str(address), f"its due time is {moment}, beyond the year 9999"
        if "/" in str(address):
            yield from _bad_address(str(address), "a due time")


def _snapshots(connection: sqlite3.Connection) -> Iterator[Found]:
    if not _exists(connection, "snapshots"):
        return
    for address, version, position, known in connection.execute(_SNAPSHOTS):
        if not known:
            where = f"version {version} at position {position}"
            yield str(address), f"it has a snapshot of {where}, where the log has no such event"


def _bad_address(address: str, what: str) -> Iterator[Found]:
    try:
        check(address)
    except BadAddress as error:
        yield address, f"{what} stands under it: {error}"


def _exists(connection: sqlite3.Connection, table: str) -> bool:
    """Whether a table is there: early logs do not have all of them."""
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,))
    return found.fetchone() is not None


def _text(data: bytes) -> str:
    return data.decode(errors="backslashreplace")
