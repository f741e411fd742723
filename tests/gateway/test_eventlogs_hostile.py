"""Files that are no event logs, or only half of one, or made to do harm."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from retold.gateway.eventlogs import BadLog, BadRow, Columns, Row, read
from retold.gateway.eventlogs.source import LARGEST_ROW

Write = Callable[[str, str | bytes], Path]

HEADER = "case:concept:name,concept:name,time:timestamp\n"
LINE = "c1,start,2020-01-01\n"
EVENT = (
    '<event><string key="concept:name" value="a"/>'
    '<date key="time:timestamp" value="2020-01-01T00:00:00Z"/></event>\n'
)
TRACE = f'<trace><string key="concept:name" value="c1"/>\n{EVENT * 3}</trace>\n'
XES = f"<log>\n{TRACE * 2}</log>\n"


def read_until_trouble(
    path: Path, columns: Columns | None = None
) -> tuple[list[Row | BadRow], BadLog]:
    """Read what can be read, and give the error that ended it."""
    rows: list[Row | BadRow] = []
    try:
        for row in read(path, columns):
            rows += [row]
    except BadLog as error:
        return rows, error
    pytest.fail(f"{path} was read to its end")


@pytest.mark.parametrize("suffix", ["csv", "xes", "csv.gz", "xes.gz"])
def test_a_missing_file_is_told_at_once(tmp_path: Path, suffix: str) -> None:
    """A file that is not there is told by `read` itself."""
    with pytest.raises(BadLog, match="no such file") as caught:
        read(tmp_path / f"log.{suffix}")
    assert (caught.value.path, caught.value.line) == (str(tmp_path / f"log.{suffix}"), None)


def test_what_is_no_file_is_told_at_once(tmp_path: Path, written: Write) -> None:
    """A directory, a pipe, an empty file and an unknown suffix are told by `read` itself."""
    (tmp_path / "dir.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    written("empty.xes", "")
    written("log.txt", HEADER)
    expected = {"dir.csv": "directory", "pipe.csv": "regular", "empty.xes": "empty"}
    for name, reason in {**expected, "log.txt": "suffix"}.items():
        with pytest.raises(BadLog, match=reason):
            read(tmp_path / name)


def test_a_header_without_the_columns_lists_those_it_has(written: Write) -> None:
    """A table without a needed column is refused with the names of the columns it has."""
    _, error = read_until_trouble(written("log.csv", "case,concept:name,when\n" + LINE))
    assert error.line == 1
    assert "'case:concept:name', 'time:timestamp'" in error.reason
    assert "'case', 'concept:name', 'when'" in error.reason
    _, error = read_until_trouble(written("log.csv", HEADER.replace(",", ";")))
    assert "delimiter" in error.reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (HEADER.strip() + ",concept:name\n", "names twice: concept:name"),
        (b"\xff\xfec\0a\0s\0e\0", "NUL|not utf-8"),
        (gzip.compress(b"", mtime=0), "no header"),
        ("\n" + HEADER, "no header"),
    ],
)
def test_a_header_that_cannot_serve_is_refused(
    written: Write, content: str | bytes, reason: str
) -> None:
    """A header that is ambiguous, unreadable or not there is refused."""
    _, error = read_until_trouble(written("log.csv", content))
    assert error.line == 1
    assert [part for part in reason.split("|") if part in error.reason]


def test_a_resource_column_asked_for_by_name_must_be_there(written: Write) -> None:
    """A name that the asker chose is not passed over in silence when the table lacks it."""
    _, error = read_until_trouble(written("log.csv", HEADER + LINE), Columns(resource="who"))
    assert "'who'" in error.reason


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("case,activity\n1,2\n", 1, "not well-formed"),
        ("<html><log/></html>", 1, "first element is <html>"),
        ("<log>\n\n<trace></log>", 3, "mismatched"),
        ("<log>\n&secret;</log>", 2, "undefined entity"),
        ("<log/>\n<log/>", 2, "junk"),
        ('<?xml version="1.0" encoding="klingon"?>\n<log/>', 1, "klingon"),
        ('<?xml version="1.0" encoding="unicode_escape"?>\n<log/>', 1, "unicode_escape"),
        (b"\xff\xfe<", 1, "decoded"),
    ],
)
def test_what_is_no_xes_is_told_with_its_line(
    written: Write, content: str | bytes, line: int, reason: str
) -> None:
    """A document that is not XML, or not XES, is refused with the line of the trouble."""
    rows, error = read_until_trouble(written("log.xes", content))
    assert (rows, error.line) == ([], line)
    assert reason in error.reason


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE log [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE log [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE log [<!ENTITY % a SYSTEM "http://localhost/x.dtd"> %a;]>',
        '<!DOCTYPE log SYSTEM "xes.dtd">',
    ],
)
def test_entities_and_dtds_are_refused_with_their_line(written: Write, declared: str) -> None:
    """No declaration is followed: nothing expands, nothing is fetched, the line is told."""
    rows, error = read_until_trouble(written("log.xes", f'<?xml version="1.0"?>\n{declared}{XES}'))
    assert (rows, error.line) == ([], 2)
    assert "refused" in error.reason


def test_truncated_xml_gives_the_rows_before_the_cut(written: Write) -> None:
    """Cut anywhere, a document gives exactly the events that had ended, then its error."""
    rows: list[Row | BadRow] = []
    for cut in range(1, XES.index("</log>") + 1):
        rows, error = read_until_trouble(written("log.xes", XES[:cut]))
        assert len(rows) == XES[:cut].count("</event>")
        assert error.line == XES[:cut].count("\n") + 1
    assert len(rows) == 6


@pytest.mark.parametrize("suffix", ["csv", "xes"])
def test_a_truncated_gzip_gives_the_rows_before_the_cut(written: Write, suffix: str) -> None:
    """A zipped file that was cut off gives rows first, then its error; the file is closed."""
    content = HEADER + "".join(f"c{n},start,2020-01-01\n" for n in range(20_000))
    if suffix == "xes":
        traces = (TRACE.replace("c1", f"case {n * 7919 % 100_003}") for n in range(4_000))
        content = f"<log>{''.join(traces)}</log>"
    zipped = gzip.compress(content.encode())
    whole = list(read(written(f"log.{suffix}.gz", zipped)))
    half = zipped[: len(zipped) // 2]
    rows, error = read_until_trouble(written(f"log.{suffix}.gz", half))
    there = zlib.decompressobj(wbits=31).decompress(half).decode()
    assert "too early" in error.reason
    assert 0 < len(rows) < len(whole)
    assert len(rows) == (there.count("\n") - 1 if suffix == "csv" else there.count("</event>"))
    assert rows == whole[: len(rows)]
    assert error.line is not None
    assert error.line >= rows[-1].line


@pytest.mark.parametrize("suffix", ["csv", "xes"])
def test_a_damaged_gzip_is_told(written: Write, suffix: str) -> None:
    """A zipped file with damaged bytes ends in an error, not in rows that are not there."""
    zipped = bytearray(gzip.compress((HEADER + LINE if suffix == "csv" else XES).encode()))
    zipped[-6] ^= 0xFF
    rows, error = read_until_trouble(written(f"log.{suffix}", bytes(zipped)))
    assert "damaged" in error.reason
    assert all(isinstance(row, Row) for row in rows)


def test_zipped_is_told_by_the_bytes_not_the_name(written: Write) -> None:
    """A zipped file without .gz and a plain one with it are both read."""
    for name, content in (("log.xes", gzip.compress(XES.encode())), ("log.xes.gz", XES.encode())):
        assert len(list(read(written(name, content)))) == 6
    for name, content in (("a.csv", gzip.compress((HEADER + LINE).encode())), ("a.CSV.GZ", b"")):
        assert len(list(read(written(name, content or (HEADER + LINE).encode())))) == 1


@pytest.mark.parametrize(
    ("name", "start", "filler", "reason"),
    [
        ("log.csv", HEADER + LINE + '"', "x" * 1000, "more than"),
        ("log.csv", HEADER + LINE + '"', "x" * 1000 + "\n", "more than"),
        ("log.xes", f'<log>{TRACE}<trace><string key="a" value="', "x" * 1000, "ends within"),
        ("log.xes", f"<log>{TRACE}<trace>{EVENT[:-9]}", '<int key="a" value="1"/>', "ends within"),
        ("log.xes", f"<log>{TRACE}", "<a>", "deep"),
        ("log.xes", f"<log>{TRACE}<trace>{EVENT[:-9]}", '<container key="a">', "deep"),
    ],
)
def test_what_never_ends_is_refused(
    written: Write, name: str, start: str, filler: str, reason: str
) -> None:
    """A zipped file that unpacks to one endless row or element is refused, within bounds."""
    endless = start + filler * (LARGEST_ROW // len(filler) + 10_000)
    rows, error = read_until_trouble(written(name, gzip.compress(endless.encode(), 1)))
    assert 0 < len(rows) <= 3
    assert reason in error.reason


def test_names_without_end_are_refused(written: Write) -> None:
    """A document with ever new names of elements, which a parser keeps, is refused."""
    names = "".join(f"<n{n}/>" for n in range(20_000))
    rows, error = read_until_trouble(written("log.xes", f"<log>{TRACE}{names}</log>"))
    assert len(rows) == 3
    assert "different names" in error.reason


def test_a_reading_closes_its_file(written: Write) -> None:
    """At its end, at an error and when left early, a reading closes its file and stays empty."""
    ended = read(written("a.xes", XES))
    assert len(list(ended)) == 6
    broken = read(written("b.xes", "<html/>"))
    with pytest.raises(BadLog):
        next(broken)
    with read(written("c.csv", HEADER + LINE * 9)) as left:
        next(left)
    for reading in (ended, broken, left):
        assert reading._source.stream.closed
        assert list(reading) == []
        assert reading.consumed == reading.total
