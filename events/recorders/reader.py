"""Reading one table of events in short pieces.

Every piece is a query of its own that starts after the last row of the one before, so a reader
never holds a read transaction between two rows, and the WAL can be folded in under it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from ..journal import StoredRow
from ..log_errors import CorruptedRow
from . import packing
from .connections import Connections

PIECE = 1000
PIECE_BYTES = 4 * 1024 * 1024
"""A piece ends at so many rows, or soon after so many bytes of states."""

_HANDFUL = 50
_MOST = 2**63 - 1

_BY_VERSION = (
    "originator_id = ? AND originator_version > ? AND originator_version <= ? "
    f"ORDER BY originator_version LIMIT {PIECE}"
)
_BY_POSITION = f"position > ? AND position <= ? ORDER BY position LIMIT {PIECE}"
_WAITING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_NOMEM)


class Piece(NamedTuple):
    """Rows that were read in one go, the row after them if it is damaged, or whether any follow."""

    rows: list[StoredRow]
    flaw: CorruptedRow | None = None
    more: bool = False


def _all(cursor: sqlite3.Cursor) -> tuple[list[Any], bool]:
    return cursor.fetchall(), False


def _a_piece(cursor: sqlite3.Cursor) -> tuple[list[Any], bool]:
    """As many rows as are read in one go, and whether there may be more."""
    fetched: list[Any] = []
    size = 0
    while handful := cursor.fetchmany(_HANDFUL):
        fetched += handful
        size += sum([len(row[-2]) for row in handful])
        if size > PIECE_BYTES:
            return fetched, True
    return fetched, len(fetched) == PIECE


class TableReader:
    """The rows of one table, as whoever reads them wants them."""

    def __init__(self, connections: Connections, table: str) -> None:
        self.connections = connections
        self._table = f'"{table}"'
        self._select = f"SELECT {packing.SELECTED} FROM {self._table} WHERE "
        self._select_one = f"SELECT {packing.SELECTED_OF_ONE} FROM {self._table} WHERE "

    def rows(self, address: str, after: int, upto: int | None) -> Iterator[StoredRow]:
        """The rows of one address with `after < version <= upto`, by version."""

        def check(fetched: list[Any]) -> list[StoredRow]:
            return packing.checked_of_one(address, fetched)

        last = _MOST if upto is None else upto
        while True:
            values = (address, after, last)
            piece = self._piece(self._select_one, _BY_VERSION, values, check)
            yield from piece.rows
            if piece.flaw is not None:
                raise piece.flaw
            if not piece.more:
                return
            after = piece.rows[-1][2]

    def scan(self, after: int, upto: int | None) -> Iterator[StoredRow]:
        """The rows with `after < position <= upto`, by position."""
        last = _MOST if upto is None else upto
        while True:
            piece = self._piece(self._select, _BY_POSITION, (after, last))
            yield from piece.rows
            if piece.flaw is not None:
                raise piece.flaw
            if not piece.more:
                return
            after = piece.rows[-1][0]

    def page(
        self,
        address: str,
        after: int | None = None,
        upto: int | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[StoredRow]:
        """At most `limit` rows of one address with `after < version <= upto`, from either end."""
        where = "originator_id = ?"
        values: list[Any] = [address]
        if after is not None:
            where += " AND originator_version > ?"
            values.append(after)
        if upto is not None:
            where += " AND originator_version <= ?"
            values.append(upto)
        where += " ORDER BY originator_version" + (" DESC" if descending else "")
        return self._select_all(f"{where} LIMIT ?", [*values, -1 if limit is None else limit])

    def notices(
        self, after: int, upto: int | None, names: Sequence[str], limit: int
    ) -> list[StoredRow]:
        """At most `limit` rows with `after < position <= upto`, of these wire names if any."""
        where = "position > ? AND position <= ?"
        if names:
            where += f" AND topic IN ({','.join('?' * len(names))})"
        last = _MOST if upto is None else upto
        return self._select_all(f"{where} ORDER BY position LIMIT ?", [after, last, *names, limit])

    def last_position(self) -> int:
        """The highest position stored, 0 for none."""
        return int(self._one(f"SELECT max(position) FROM {self._table}", ()) or 0)

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        statement = f"SELECT max(originator_version) FROM {self._table} WHERE originator_id = ?"
        return int(self._one(statement, (address,)) or 0)

    def addresses(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        # No byte of UTF-8 is 0xFF: this text comes right after all that start with the prefix.
        end = prefix.encode() + b"\xff"
        after, compare = prefix, ">="
        while True:
            statement = (
                f"SELECT originator_id, max(originator_version) FROM {self._table} "
                f"WHERE originator_id {compare} ? AND originator_id < CAST(? AS TEXT) "
                f"GROUP BY originator_id LIMIT {PIECE}"
            )
            with self.connections.reading() as connection:
                piece = connection.execute(statement, (after, end)).fetchall()
            yield from piece
            if len(piece) < PIECE:
                return
            after, compare = piece[-1][0], ">"

    def _select_all(self, where: str, values: Sequence[Any]) -> list[StoredRow]:
        piece = self._piece(self._select, where, values, fetch=_all)
        if piece.flaw is not None:
            raise piece.flaw
        return piece.rows

    def _one(self, statement: str, values: Sequence[Any]) -> Any:
        with self.connections.reading() as connection:
            row = connection.execute(statement, values).fetchone()
        return None if row is None else row[0]

    def _piece(
        self,
        select: str,
        where: str,
        values: Sequence[Any],
        check: Callable[[list[Any]], list[StoredRow]] = packing.checked,
        fetch: Callable[[sqlite3.Cursor], tuple[list[Any], bool]] = _a_piece,
    ) -> Piece:
        try:
            with (
                self.connections.reading() as connection,
                closing(connection.execute(select + where, values)) as cursor,
            ):
                fetched, more = fetch(cursor)
            good = check(fetched)
            if len(good) == len(fetched):
                return Piece(good, None, more)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in _WAITING:
                raise
        except TypeError:
            pass  # a state that is no bytes: found again below, and named
        return self._salvage(self._select + where, values)

    def _salvage(self, statement: str, values: Sequence[Any]) -> Piece:
        """The same piece row by row: what can be read up to the first that cannot."""
        good: list[StoredRow] = []
        with self.connections.reading() as connection:
            try:
                with closing(connection.execute(statement, values)) as cursor:
                    for row in cursor:
                        wrong = packing.flaw(row)
                        if wrong:
                            return Piece(good, CorruptedRow(row[0], row[1], row[2], wrong))
                        good.append(row[:5])
            except sqlite3.Error as error:
                return Piece(good, _behind(good, values, str(error)))
        return Piece(good, None, len(good) == PIECE)


def _behind(good: list[StoredRow], values: Sequence[Any], reason: str) -> CorruptedRow:
    """The row that cannot be read at all, named by the question and the last row that could be."""
    asked, last = values[0], good[-1] if good else None
    if isinstance(asked, str):
        return CorruptedRow(0, asked, (last[2] if last else int(values[1])) + 1, reason)
    return CorruptedRow((last[0] if last else int(asked)) + 1, "unknown", 0, reason)
