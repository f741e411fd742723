"""What can be wrong with somebody else's event log as a whole, and with the way it is asked for.

A fault of a single row is no error: it is a `BadRow`, and the reading goes on after it.
"""

from __future__ import annotations

from ...events.errors import RetoldError


class BadLog(RetoldError):
    """A file cannot be read as an event log, or not beyond `line`; the fault is the file's.

    `line` counts from 1; it is None where the trouble has no line, as with a missing file.
    Every row that stood before the trouble has been handed out already.
    """

    def __init__(self, path: str, line: int | None, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        where = path if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {reason}.")


class BadColumns(RetoldError, ValueError):
    """The names, delimiter or encoding that a log was to be read with cannot be used.

    The fault is the asker's: `field` is the name of the argument, `value` what was given.
    """

    def __init__(self, field: str, value: object, reason: str) -> None:
        self.field = field
        self.value = value
        self.reason = reason
        super().__init__(f"{field}={value!r} cannot be used: {reason}.")
