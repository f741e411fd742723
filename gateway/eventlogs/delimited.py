"""The reader of CSV: one row of the table is one event, rows of several cases may interleave.

The first row names the columns. All values are text, as CSV knows no types. A column without a
name is called `column N`. Blank lines are skipped.

Where a row ends is decided by Python's csv module in its lenient mode, which never loses its place
inside a quoted field; whether the row is then believed is decided by its strict mode. So a
malformed row cannot make a part of a quoted text pass as a row of its own, and a quote that is
never closed is reported with all the lines that it took. Nothing is guessed: a file cut off within
the last cell of its last line looks whole, and no reader of CSV could tell.

A row is bad, beside the reasons of `row`: NUL bytes, bytes that are not of the encoding,
malformed quoting, more or fewer cells than the header. A row of more than `LARGEST_ROW`
characters ends the reading. For that bound to be the only one, `csv.field_size_limit`, which
counts for the whole program, is raised to it and never lowered.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
from collections import Counter
from collections.abc import Generator, Iterator

from .row import BadRow, Columns, Json, Row
from .source import LARGEST_ROW, Source


def rows(source: Source, columns: Columns) -> Generator[Row | BadRow, None, None]:
    """Read the rows of a CSV file; raise BadLog for a header that cannot serve."""
    with contextlib.closing(_Records(source, columns)) as records:
        header = _header(records, columns)
        for cells in records:
            if cells:
                yield _judge(records, cells, header, columns)


def _judge(
    records: _Records, cells: list[str], header: list[str], columns: Columns
) -> Row | BadRow:
    fault = records.fault(cells) or _misfit(cells, header)
    if fault is not None:
        return BadRow(records.start, fault, _known_case(cells, header, columns))
    pairs = zip(header, cells, strict=True)
    found: dict[str, Json] = {name: cell for name, cell in pairs if cell}
    return columns.row(records.start, found)


class _Records:
    """The records of the file as lists of cells, with the lines that each was made of."""

    def __init__(self, source: Source, columns: Columns) -> None:
        csv.field_size_limit(max(csv.field_size_limit(), LARGEST_ROW))
        self.source = source
        self.start = 1  # the line where the record starts
        self._last = 0  # the line read last
        self._lines: list[str] = []
        self._columns = columns
        self._text = io.TextIOWrapper(
            source.stream, _decoder(columns.encoding), errors="surrogateescape", newline=""
        )
        self._reader = csv.reader(self._read_lines(), delimiter=columns.delimiter)

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self._lines.clear()
        self.start = self.source.line = self._last + 1
        try:
            return next(self._reader)
        except (csv.Error, UnicodeError) as error:
            raise self.source.bad(f"it cannot be read as CSV: {error}") from error

    def close(self) -> None:
        """Close the text, and the source under it."""
        self._text.close()

    def fault(self, cells: list[str]) -> str | None:
        """Say what is wrong with the text of the record just read, if anything is."""
        text = self._lines[0] if len(self._lines) == 1 else "".join(self._lines)
        if "\0" in text:
            return "it holds a NUL byte"
        if not _clean(text):
            return f"it holds bytes that are not {self._columns.encoding}"
        return self._misquoted() if '"' in text else None

    def _read_lines(self) -> Iterator[str]:
        """Hand line after line to the csv module and keep those of the current record."""
        size = 0
        while line := self._text.readline(LARGEST_ROW):
            size = len(line) + (size if self._lines else 0)
            if size >= LARGEST_ROW:
                reason = f"a row of more than {LARGEST_ROW} characters; is a quote never closed?"
                raise self.source.bad(reason, self.start)
            self._last += 1
            self._lines.append(line)
            yield line

    def _misquoted(self) -> str | None:
        try:
            list(csv.reader(self._lines, delimiter=self._columns.delimiter, strict=True))
        except csv.Error as error:
            return f"malformed quoting in lines {self.start} to {self._last}: {error}"
        return None


def _header(records: _Records, columns: Columns) -> list[str]:
    """Read the names of the columns and see that those that are needed are there, once each."""
    cells = next(records, [])
    if fault := records.fault(cells) if cells else "there is no header row":
        raise records.source.bad(f"the header cannot be used: {fault}")
    header = [name or f"column {place}" for place, name in enumerate(cells, 1)]
    twice = [name for name, count in Counter(header).items() if count > 1]
    if twice:
        raise records.source.bad(f"the header names twice: {', '.join(twice)}")
    missing = [name for name in _needed(columns) if name not in header]
    if missing:
        raise records.source.bad(_missing(missing, header, columns))
    return header


def _needed(columns: Columns) -> list[str]:
    """List the columns that must be there: a resource only if its name was chosen."""
    needed = [columns.case, columns.activity, columns.time]
    chosen = columns.resource != Columns().resource
    return [*needed, columns.resource] if chosen else needed


def _missing(missing: list[str], header: list[str], columns: Columns) -> str:
    there = ", ".join(repr(name) for name in header)
    hint = f" (is {columns.delimiter!r} its delimiter?)" if len(header) == 1 else ""
    return f"it has no column {', '.join(map(repr, missing))}; its columns are: {there}{hint}"


def _misfit(cells: list[str], header: list[str]) -> str | None:
    if len(cells) == len(header):
        return None
    return f"it has {len(cells)} cells, the header has {len(header)}"


def _known_case(cells: list[str], header: list[str], columns: Columns) -> str | None:
    """Tell the case of a bad row where its cells are in place and the name itself is sound."""
    if len(cells) != len(header):
        return None
    case = cells[header.index(columns.case)]
    return case if case.strip() and "\0" not in case and _clean(case) else None


def _clean(text: str) -> bool:
    """Tell whether every byte of a text could be decoded; the others came as surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _decoder(encoding: str) -> str:
    """Name the decoder: that of UTF-8 also takes a byte order mark."""
    return "utf-8-sig" if codecs.lookup(encoding).name == "utf-8" else encoding
