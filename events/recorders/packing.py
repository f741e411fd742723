"""Rows on their way into SQLite and out of it.

This is the hot path of every command. Columns are handled whole, by functions written in C, and a
batch goes in as one statement that is its own transaction and looks at the lease itself. Each step
of a statement lets go of Python's lock and must win it back from every busy thread: a transaction
of a dozen steps waits a dozen times, this one once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias
from zlib import crc32

from ..journal import Row, StoredRow

Fetched: TypeAlias = tuple[int, str, int, str, bytes, int]
"""What SELECTED yields: a stored row and its checksum."""

FetchedOfOne: TypeAlias = tuple[int, int, str, bytes, int]
"""What SELECTED_OF_ONE yields: the same without the address."""

SELECTED = "position, originator_id, originator_version, topic, CAST(state AS BLOB), checksum"
SELECTED_OF_ONE = "position, originator_version, topic, CAST(state AS BLOB), checksum"
LARGEST = 4096
"""The most rows that one statement takes. Statements are made for powers of two, so that only a few
have to stay prepared; a batch is padded to the next one with rows that are left out."""

_COLUMNS = "originator_id, originator_version, topic, state, checksum"
_WIDTH = 5


def insert_statements(table: str) -> dict[int, str]:
    """For each power of two up to LARGEST the statement that stores so many rows or fewer.

    It takes the rows' parameters and the fence, and stores nothing where that is not the lease's.
    """
    return {
        1 << power: f'INSERT INTO "{table}" ({_COLUMNS}) '
        f"SELECT * FROM (VALUES {','.join(['(?,?,?,?,?)'] * (1 << power))}) "
        "WHERE column1 <> '' AND (SELECT fence FROM lease) = ?"
        for power in range(LARGEST.bit_length())
    }


def insert(
    connection: sqlite3.Connection, statements: dict[int, str], values: list[Any], fence: int
) -> range:
    """Store packed rows, LARGEST at most, by one statement; return their positions.

    SQLite counts the positions up one by one, and nobody else writes meanwhile. Gives an empty
    range where the fence does not hold.
    """
    count = len(values) // _WIDTH
    size = 1 << (count - 1).bit_length()
    filled = [*values, *[""] * (_WIDTH * (size - count)), fence]
    cursor = connection.execute(statements[size], filled)
    if cursor.rowcount != count:
        return range(0)
    last = cursor.lastrowid or 0
    return range(last - count + 1, last + 1)


def portions(values: list[Any]) -> Iterator[list[Any]]:
    """Packed rows in pieces of LARGEST rows."""
    step = _WIDTH * LARGEST
    for start in range(0, len(values), step):
        yield values[start : start + step]


def packed(rows: Sequence[Row]) -> list[Any]:
    """The rows as one flat list of parameters, with their checksums.

    Raises TypeError or ValueError for anything that is no row.
    """
    addresses, versions, names, states = columns(rows)
    values: list[Any] = [None] * (_WIDTH * len(rows))
    values[0::_WIDTH] = addresses
    values[1::_WIDTH] = versions
    values[2::_WIDTH] = names
    values[3::_WIDTH] = readable(states)
    values[4::_WIDTH] = map(crc32, states, versions)
    return values


def columns(rows: Sequence[Row]) -> tuple[Any, Any, Any, Any]:
    """The four columns of some rows, each of the type it must be."""
    addresses, versions, names, states = zip(*rows, strict=True)
    for column, wanted in ((addresses, str), (versions, int), (names, str), (states, bytes)):
        if set(map(type, column)) != {wanted}:
            _refuse(column, wanted)
    return addresses, versions, names, states


def _refuse(column: Sequence[object], wanted: type) -> None:
    for value in column:
        if type(value) is not wanted:
            raise TypeError(f"a row holds {value!r} where {wanted.__name__} is stored")


def readable(states: Sequence[bytes]) -> list[str | bytes]:
    """Text where the bytes are UTF-8, so that any SQLite shell can read the JSON in them."""
    try:
        return list(map(bytes.decode, states))
    except UnicodeDecodeError:
        return [_text_or_blob(state) for state in states]


def _text_or_blob(state: bytes) -> str | bytes:
    try:
        return state.decode()
    except UnicodeDecodeError:
        return state


def checked(fetched: Sequence[Fetched]) -> list[StoredRow]:
    """The rows whose checksum holds. Raises TypeError where a state is no bytes at all."""
    return [(p, a, v, t, s) for p, a, v, t, s, c in fetched if crc32(s, v) == c]


def checked_of_one(address: str, fetched: Sequence[FetchedOfOne]) -> list[StoredRow]:
    """The same for rows of one address, which are not asked for what is known."""
    return [(p, address, v, t, s) for p, v, t, s, c in fetched if crc32(s, v) == c]


def flaw(row: Sequence[object]) -> str:
    """What is wrong with a row, empty if nothing is."""
    state, version, checksum = row[4], row[2], row[5]
    if not isinstance(state, bytes) or not isinstance(version, int):
        return "a column is of another type than was stored"
    found = crc32(state, version)
    return "" if found == checksum else f"its checksum is {found:#x}, {checksum!r} was stored"
