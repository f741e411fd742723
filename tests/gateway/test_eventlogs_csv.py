"""Tables that are event logs: what is read is what a CSV writer wrote, fault by fault."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from retold.gateway.eventlogs import BadColumns, BadRow, Columns, Row, read

Write = Callable[[str, str | bytes], Path]

HEADER = "case:concept:name,concept:name,time:timestamp,org:resource,note\n"
GOOD = "c1,start,2020-01-01T00:00:00Z,ann,fine\n"

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
NAMES = CELLS.filter(str.strip)
TIMES = st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)
TABLES = st.lists(st.tuples(NAMES, NAMES, TIMES, CELLS, CELLS), max_size=8)


def rows(path: Path, **columns: Any) -> list[Row | BadRow]:
    """Read a whole file."""
    return list(read(path, Columns(**columns)))


@given(TABLES, st.sampled_from(",;\t|é"), st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
@example([("c", "a", "2020-01-01", 'say "hi"', "two\nlines")], ",", "\n", True)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_writer_wrote_is_read(
    tmp_path: Path, table: list[tuple[str, ...]], delimiter: str, ending: str, mark: bool
) -> None:
    """Whatever rows a CSV writer writes, the same come back, with the lines they start on."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=ending, quoting=csv.QUOTE_ALL)
    header = HEADER.strip().split(",")
    writer.writerow(header)
    lines = []
    for record in table:
        lines.append(len(io.StringIO(text.getvalue(), newline=None).readlines()) + 1)
        writer.writerow(record)
    path = tmp_path / "log.csv"
    path.write_bytes(b"\xef\xbb\xbf" * mark + text.getvalue().encode())
    found = rows(path, delimiter=delimiter)
    assert [row.line for row in found] == lines
    for row, record in zip(found, table, strict=True):
        assert isinstance(row, Row)
        assert (row.case, row.activity, row.resource or "") == (record[0], record[1], record[3])
        assert row.happened_at == datetime.fromisoformat(record[2]).replace(tzinfo=UTC)
        expected = {k: v for k, v in zip(header, record, strict=True) if v}
        assert row.attributes == expected


@pytest.mark.parametrize(
    ("line", "reason", "case"),
    [
        (",start,2020-01-01,ann,\n", "no case", None),
        (" ,start,2020-01-01,ann,\n", "no case", None),
        ("c1, ,2020-01-01,ann,\n", "no activity", "c1"),
        ("c1,start,,ann,\n", "no time", "c1"),
        ("c1,start,soon,ann,\n", "no time: 'soon'", "c1"),
        ("c1,start,2020-01-01,ann\n", "4 cells, the header has 5", None),
        ("c1,start,2020-01-01,ann,,\n", "6 cells, the header has 5", None),
        ("c1,start,2020-01-01,ann,\0\n", "NUL", "c1"),
        ("c\0,start,2020-01-01,ann,x\n", "NUL", None),
        (b"c1,start,2020-01-01,ann,\xff\xfe\n", "not utf-8", "c1"),
        (b"c\xe9,start,2020-01-01,ann,x\n", "not utf-8", None),
        ('c1,"start"ed,2020-01-01,ann,x\n', "malformed quoting", "c1"),
    ],
)
def test_a_bad_row_spoils_only_itself(
    written: Write, line: str | bytes, reason: str, case: str | None
) -> None:
    """A bad row is told with its line, its reason and its case; those around it are read."""
    middle = line if isinstance(line, bytes) else line.encode()
    before, bad, after = rows(
        written("log.csv", HEADER.encode() + GOOD.encode() + middle + GOOD.encode())
    )
    assert isinstance(before, Row)
    assert isinstance(after, Row)
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.case) == (3, case)
    assert reason in bad.reason
    assert after.line == 4


def test_a_quote_that_never_closes_is_told_with_what_it_took(written: Write) -> None:
    """A quote open to the end is one bad row that names its lines, not rows lost silently."""
    found = rows(written("log.csv", HEADER + GOOD + 'c1,x,2020-01-01,ann,"oops\n' + GOOD * 3))
    assert isinstance(found[0], Row)
    assert isinstance(found[1], BadRow)
    assert "lines 3 to 6" in found[1].reason
    assert len(found) == 2


def test_a_quoted_text_never_passes_as_rows(written: Write) -> None:
    """A row inside a quoted text stays inside, even when the row around it is malformed."""
    forged = 'c1,"start"ed,2020-01-01,ann,"text\n' + GOOD + 'end"\n'
    found = rows(written("log.csv", HEADER + forged + GOOD))
    assert [(type(row), row.line) for row in found] == [(BadRow, 2), (Row, 5)]


def test_a_large_field_is_read_whole(written: Write) -> None:
    """A field beyond the usual limit of the csv module is read as it is."""
    (row,) = rows(written("log.csv", f"{HEADER}c1,start,2020-01-01,ann,{'x' * 1_000_000}\n"))
    assert isinstance(row, Row)
    assert row.attributes["note"] == "x" * 1_000_000


def test_blank_lines_and_interleaved_cases_are_no_fault(written: Write) -> None:
    """Blank lines are skipped, and cases may take turns; rows keep the order of the file."""
    second = GOOD.replace("c1", "c2")
    found = rows(written("log.csv", HEADER + GOOD + "\n" + second + "\n" + GOOD + "\n\n"))
    assert [(row.case, row.line) for row in found] == [("c1", 2), ("c2", 4), ("c1", 6)]


def test_other_names_and_encodings_are_taken(written: Write) -> None:
    """The columns may have any names and the file another encoding, as the asker says."""
    content = "who;what;when;by;\nJosé;añadir;2020-01-01;Zoë;y\n".encode("latin-1")
    columns = Columns("who", "what", "when", "by", delimiter=";", encoding="latin-1")
    (row,) = list(read(written("log.CSV", content), columns))
    assert isinstance(row, Row)
    assert (row.case, row.activity, row.resource) == ("José", "añadir", "Zoë")
    assert row.attributes["column 5"] == "y"


def test_a_log_without_resources_has_none(written: Write) -> None:
    """The usual column of resources may be absent."""
    header = "case:concept:name,concept:name,time:timestamp\n"
    (row,) = rows(written("log.csv", f"{header}c,a,2020-01-01\n"))
    assert isinstance(row, Row)
    assert row.resource is None


@pytest.mark.parametrize(
    "arguments",
    [
        {"case": ""},
        {"delimiter": "--"},
        {"delimiter": '"'},
        {"encoding": "no-such"},
        {"encoding": "hex"},
    ],
)
def test_columns_that_cannot_be_used_are_refused(arguments: dict[str, Any]) -> None:
    """A nameless column, an impossible delimiter or encoding is refused before any reading."""
    with pytest.raises(BadColumns) as caught:
        Columns(**arguments)
    assert caught.value.field == next(iter(arguments))
