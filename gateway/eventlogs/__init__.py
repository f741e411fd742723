"""The readers of event logs that others wrote: CSV and XES, plain or gzipped.

`read` turns a file into rows, one at a time and in the order of the file, whatever its size. It is
pure reading: nothing here knows of actors or of a store. A row that cannot be believed comes out as
a `BadRow` with its line and the reason, so that nothing is lost silently; a file that cannot be
read on raises `BadLog`, after all rows before the trouble have come out.
"""

from __future__ import annotations

from .errors import BadColumns, BadLog
from .instant import instant
from .reading import Reading, read
from .row import BadRow, Columns, Json, Row

__all__ = [
    "BadColumns",
    "BadLog",
    "BadRow",
    "Columns",
    "Json",
    "Reading",
    "Row",
    "instant",
    "read",
]
