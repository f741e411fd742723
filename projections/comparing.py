"""Two databases of one projection, compared table by table and row by row."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import zip_longest

_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' "
    "AND name NOT LIKE 'sqlite_%' AND name <> 'retold_view' ORDER BY name"
)


def tables(db: sqlite3.Connection) -> list[str]:
    """The tables that a projection made, by name."""
    return [name for (name,) in db.execute(_TABLES)]


def differences(one: sqlite3.Connection, other: sqlite3.Connection) -> Iterator[str]:
    """What is not the same, in words: the first row that differs of each table."""
    names, others = tables(one), tables(other)
    for name in sorted({*names} ^ {*others}):
        yield f"the table {name} is in one of them only"
    for name in sorted({*names} & {*others}):
        for row, wanted in zip_longest(_rows(one, name), _rows(other, name)):
            if row != wanted:
                yield f"in the table {name}: {_shown(row)} stands where {_shown(wanted)} should"
                break


def _rows(db: sqlite3.Connection, table: str) -> Iterator[tuple[object, ...]]:
    """The rows of a table in an order that does not depend on how they came to be there."""
    columns = [name for _, name, *_ in db.execute(f'PRAGMA table_info("{table}")')]
    order = ", ".join(f'"{name}"' for name in columns)
    return iter(db.execute(f'SELECT {order} FROM "{table}" ORDER BY {order}'))


def _shown(row: tuple[object, ...] | None) -> str:
    return "no row" if row is None else repr(row)
