"""The door to the readers: a path goes in, rows come out, and how far one has come can be seen.

The format is told by the name (`.csv`, `.xes`, each also with `.gz`, in any case of letters);
whether the file is zipped is told by its bytes. All that can go wrong with opening is said by
`read` itself, all that can go wrong later by the iteration.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

from ...events.closing import Closing
from . import delimited, xes
from .errors import BadLog
from .row import BadRow, Columns, Row
from .source import Source

_Rows: TypeAlias = Generator[Row | BadRow, None, None]
_Format: TypeAlias = Callable[[Source, Columns], _Rows]

_FORMATS: dict[str, _Format] = {".csv": delimited.rows, ".xes": xes.rows}


class Reading(Iterator[Row | BadRow], Closing):
    """The rows of one file, in the order of the file; read once, from front to end.

    `consumed` of `total` bytes of the file have been read (of the zipped bytes, if it is zipped).
    Memory does not grow with the file. It closes the file at its end, at an error, and as a context
    manager when left early. One thread at a time.
    """

    def __init__(self, source: Source, rows: _Rows) -> None:
        self.path = source.path
        self.total = source.total
        self._source = source
        self._rows = rows

    @property
    def consumed(self) -> int:
        """How many of the `total` bytes of the file have been read."""
        return self._source.consumed

    def __next__(self) -> Row | BadRow:
        """Give the next row; raise BadLog where the file cannot be read on."""
        try:
            return next(self._rows)
        except (StopIteration, BadLog):
            self.close()
            raise
        except (EOFError, OSError, zlib.error) as error:
            self.close()
            raise self._source.bad(_unreadable(error)) from error

    def close(self) -> None:
        """Close the file and hand out nothing more; closing twice is no fault."""
        self._rows.close()
        self._source.close()


def read(path: str | os.PathLike[str], columns: Columns | None = None) -> Reading:
    """Open an event log and read it row by row: rows to believe and rows not to.

    Without `columns` the names of XES are taken. Raises BadLog at once for no file, a directory,
    an empty file or an unknown suffix, and while iterating for what lies deeper.
    """
    name = os.fspath(path)
    source = Source(name)
    rows = _format(name)
    if rows is None:
        source.close()
        raise source.bad("its suffix is unknown; known are .csv and .xes, each also with .gz")
    return Reading(source, rows(source, columns or Columns()))


def _format(name: str) -> _Format | None:
    _, suffix = os.path.splitext(name.lower().removesuffix(".gz"))
    return _FORMATS.get(suffix)


def _unreadable(error: Exception) -> str:
    if isinstance(error, EOFError):
        return "the gzip data ends too early; the file was cut off"
    if isinstance(error, (gzip.BadGzipFile, zlib.error)):
        return f"the gzip data is damaged: {error}"
    return f"it cannot be read: {error}"
