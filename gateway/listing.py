"""Rows under headings, aligned, however many there are.

The widths are those of the first `PIECE` rows, so that a long listing starts at once and costs no
memory. In a pipe a row is one line, uncut. On a terminal no line exceeds its width: what goes
`under` moves to a second line where one is too short, and what still does not fit is cut.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import TypeAlias

import attrs
from rich.text import Text

from .screen import on_terminal, one_line, say, terminal, width

PIECE = 200
GAP = 2
NARROW = 8
"""No column is made narrower than this, unless its content is."""

ENOUGH = 40
"""How many cells the last column must get to stay on the same line."""


@attrs.frozen
class Column:
    """A column of a listing.

    The `rest` is what is cut first, at its `front` if so asked; `under` goes to a second line.
    """

    name: str
    style: str = ""
    right: bool = False
    rest: bool = False
    under: bool = False
    front: bool = False


Line: TypeAlias = "list[tuple[int, Column, int]]"
"""What stands on one line of a row: the place in the row, the column, the cells it gets."""


def show(columns: Sequence[Column], rows: Iterable[Sequence[str]], indent: int = 0) -> None:
    """Write rows under their headings."""
    clean: Iterator[Sequence[str]] = (tuple(one_line(cell) for cell in row) for row in rows)
    first = list(islice(clean, PIECE))
    whole: Line = [
        (place, column, max([width(column.name), *(width(row[place]) for row in first)]))
        for place, column in enumerate(columns)
    ]
    heading = [column.name for column in columns]
    if on_terminal():
        lines = _lines(whole, indent)
        _write(lines, heading, bold=True)
        for row in chain(first, clean):
            _write(lines, row)
    else:
        for row in chain([heading], first, clean):
            say(_aligned(whole, row, indent))


def _aligned(line: Line, row: Sequence[str], indent: int) -> str:
    cells = []
    for place, column, space in line:
        blank = " " * (space - width(row[place]))
        cells.append(blank + row[place] if column.right else row[place] + blank)
    return (" " * indent + (" " * GAP).join(cells)).rstrip()


def _lines(whole: Line, indent: int) -> list[tuple[int, Line]]:
    """One line for a row, or two, each with its indent and fitted to the terminal."""
    space = terminal().width
    above = [each for each in whole if not each[1].under]
    under = [each for each in whole if each[1].under]
    natural = _length([(*each[:2], min(each[2], ENOUGH)) for each in whole[-1:]] + whole[:-1])
    if not under or natural + indent <= space:
        return [(indent, _fitted(whole, space - indent))]
    deeper = indent + whole[0][2] + GAP
    return [(indent, _fitted(above, space - indent)), (deeper, _fitted(under, space - deeper))]


def _length(line: Line) -> int:
    return sum(cells for _, _, cells in line) + GAP * (len(line) - 1)


def _fitted(line: Line, space: int) -> Line:
    """The widths cut down to the space: of the rest first, then of whichever is widest."""
    cells = [each[2] for each in line]
    excess = _length(line) - space
    for index, (_, column, _) in enumerate(line):
        if column.rest:
            spare = min(max(excess, 0), max(cells[index] - 2 * NARROW, 0))
            cells[index] -= spare
            excess -= spare
    while excess > 0 and max(cells) > NARROW:
        cells[cells.index(max(cells))] -= 1
        excess -= 1
    return [(place, column, cells[index]) for index, (place, column, _) in enumerate(line)]


def _write(lines: list[tuple[int, Line]], row: Sequence[str], *, bold: bool = False) -> None:
    for indent, line in lines:
        text = Text(" " * indent)
        for place, column, space in line:
            text.append_text(_cell(row[place], column, space, "bold" if bold else column.style))
            text.append(" " * GAP)
        text.rstrip()
        terminal().print(text)


def _cell(value: str, column: Column, space: int, style: str) -> Text:
    cell = Text(_cut(value, space, front=column.front), style=style)
    blank = " " * (space - cell.cell_len)
    return Text(blank) + cell if column.right else cell + Text(blank)


def _cut(value: str, space: int, *, front: bool) -> str:
    """As much of a text as fits, with an ellipsis where it was cut."""
    if width(value) <= space:
        return value
    while width(value) > space - 1:
        value = value[1:] if front else value[:-1]
    return f"…{value}" if front else f"{value}…"
