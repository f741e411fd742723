"""Event logs that nobody here wrote: the counts are those of their publishers."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from retold.gateway.eventlogs import Row, read

Find = Callable[[str], Path]


@pytest.mark.parametrize(
    ("name", "cases", "events"),
    [
        ("receipt.csv", 1434, 8577),
        ("helpdesk.xes.gz", 4580, 21348),
        ("running-example.xes", 6, 42),
    ],
)
def test_every_event_is_read(event_log: Find, name: str, cases: int, events: int) -> None:
    """Every event of a public log is believed, and its cases are told apart."""
    rows = [row for row in read(event_log(name)) if isinstance(row, Row)]
    assert (len({row.case for row in rows}), len(rows)) == (cases, events)
    assert all(row.happened_at.tzinfo for row in rows)


def test_no_row_is_bad(event_log: Find) -> None:
    """Not one row of the public logs is refused."""
    for name in ("receipt.csv", "helpdesk.xes.gz", "running-example.xes"):
        assert [row for row in read(event_log(name)) if not isinstance(row, Row)] == []


def test_activities_and_resources_are_as_counted(event_log: Find) -> None:
    """The permit log has the 27 activities and 48 resources that its description counts."""
    rows = [row for row in read(event_log("receipt.csv")) if isinstance(row, Row)]
    assert len({row.activity for row in rows}) == 27
    assert len({row.resource for row in rows if row.resource}) == 48


def test_a_row_is_what_the_file_says(event_log: Find) -> None:
    """The attributes of every row are the non-empty cells of its line in the file."""
    path = event_log("receipt.csv")
    with path.open(newline="", encoding="utf-8") as file:
        expected = [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]
    found = [row for row in read(path) if isinstance(row, Row)]
    assert [row.attributes for row in found] == expected
    assert [row.line for row in found] == list(range(2, 2 + len(expected)))


def test_an_event_is_what_the_file_says(event_log: Find) -> None:
    """An event carries its own attributes and those of its case, and the line it starts on."""
    path = event_log("running-example.xes")
    with read(path) as reading:
        first = next(reading)
    assert isinstance(first, Row)
    assert (first.case, first.activity, first.resource) == ("3", "register request", "Pete")
    assert first.happened_at.isoformat() == "2010-12-30T14:32:00+01:00"
    assert first.attributes["case:creator"] == "Fluxicon Nitro"
    assert first.attributes["Costs"] == "50"
    lines = path.read_text().splitlines()
    events = [row.line for row in read(path)]
    assert Counter(lines[line - 1].strip() for line in events) == {"<event>": 42}


def test_progress_runs_from_nothing_to_all(event_log: Find) -> None:
    """The bytes consumed rise with the rows and end at the size of the file, zipped or not."""
    for name in ("receipt.csv", "helpdesk.xes.gz"):
        reading = read(event_log(name))
        seen = [reading.consumed for _ in reading]
        assert seen == sorted(seen)
        assert seen[0] < reading.total
        assert any(seen[0] < step < reading.total for step in seen)
        assert reading.consumed == reading.total == event_log(name).stat().st_size
