"""One row of an event log, the row that could not be believed, and the columns that matter.

A log of any format is brought to the same shape: a row is a flat map from column name to value,
of which four columns have a meaning (`Columns`). The names are those of XES flattened to a
table: attributes of the case carry the prefix `case:`.

A row is bad when it has no case, no activity, or no time that can be read. Each format adds its
own reasons, before it asks here.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

import attrs

from .errors import BadColumns
from .instant import instant

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json]"


@attrs.frozen
class Row:
    """One event of one case.

    `attributes` holds every non-empty column of the row, the four known ones among them, under
    the names that the file gives. `happened_at` is aware. `line` is where the row starts,
    counted from 1; in XES the line of its `<event>`.
    """

    case: str
    activity: str
    resource: str | None
    happened_at: datetime
    attributes: dict[str, Json]
    line: int


@attrs.frozen
class BadRow:
    """A row that was not believed: where it starts, why, and of which case if that is known."""

    line: int
    reason: str
    case: str | None = None


def _named(_: object, field: attrs.Attribute[str], value: str) -> None:
    if not value:
        raise BadColumns(field.name, value, "a column needs a name")


def _one_character(_: object, field: attrs.Attribute[str], value: str) -> None:
    if len(value) != 1 or value in '\r\n"\0':
        raise BadColumns(field.name, value, "it must be one character, no quote and no line end")


def _an_encoding(_: object, field: attrs.Attribute[str], value: str) -> None:
    try:
        "".encode(value)
    except (LookupError, ValueError):
        raise BadColumns(field.name, value, "no such text encoding is known") from None


@attrs.frozen
class Columns:
    """Where case, activity, time and resource stand; the defaults are the names of XES.

    `delimiter` and `encoding` are for CSV; an XES file declares its own encoding. A byte order
    mark is accepted. Raises BadColumns for what cannot be used.
    """

    case: str = attrs.field(default="case:concept:name", validator=_named)
    activity: str = attrs.field(default="concept:name", validator=_named)
    time: str = attrs.field(default="time:timestamp", validator=_named)
    resource: str = attrs.field(default="org:resource", validator=_named)
    delimiter: str = attrs.field(default=",", validator=_one_character, kw_only=True)
    encoding: str = attrs.field(default="utf-8", validator=_an_encoding, kw_only=True)

    def row(self, line: int, attributes: dict[str, Json]) -> Row | BadRow:
        """Judge the non-empty attributes of one row: a Row, or why it is none."""
        case = self.case_of(attributes)
        if case is None:
            return BadRow(line, f"no case: {self.case!r} is missing or blank")
        activity = plain(attributes.get(self.activity))
        if not activity.strip():
            return BadRow(line, f"no activity: {self.activity!r} is missing or blank", case)
        time = plain(attributes.get(self.time))
        if not time.strip():
            return BadRow(line, f"no time: {self.time!r} is missing or blank", case)
        try:
            happened_at = instant(time)
        except ValueError as error:
            return BadRow(line, f"no time: {error}", case)
        resource = plain(attributes.get(self.resource)) or None
        return Row(case, activity, resource, happened_at, attributes, line)

    def case_of(self, attributes: dict[str, Json]) -> str | None:
        """Name the case of a row, if it has one that can be told."""
        case = plain(attributes.get(self.case))
        return case if case.strip() else None


def plain(value: Json | None) -> str:
    """Give the text of a single value; a list, a container or nothing has none.

    A value that has attributes of its own, as XES allows, counts by its value.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return plain(value.get("value"))
    return "" if value is None or isinstance(value, list) else str(value)
