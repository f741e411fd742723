"""The memory that reading takes: the same for a small file and a large one."""

from __future__ import annotations

import gzip
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from retold.gateway.eventlogs import Row, read

MEBIBYTE = 1024 * 1024
ENOUGH = 2 * MEBIBYTE  # for reading a file of any size

EVENT = (
    '    <event>\n      <string key="concept:name" value="activity {number}"/>\n'
    '      <date key="time:timestamp" value="2020-01-01T00:00:00.000+01:00"/>\n'
    '      <int key="cost" value="{number}"/><string key="note" value="{note}"/>\n    </event>\n'
)


def xes_lines(size: int) -> Iterator[str]:
    """Write traces of ten events each until the text is of a size, and tell nothing twice."""
    number = 0
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<log>\n'
    while size > 0:
        trace = f'  <trace>\n    <string key="concept:name" value="case {number}"/>\n'
        for _ in range(10):
            number += 1
            trace += EVENT.format(number=number, note=f"n{number} " * 20)
        yield trace + "  </trace>\n"
        size -= len(trace)
    yield "</log>\n"


def csv_lines(size: int) -> Iterator[str]:
    """Write lines of a table until the text is of a size."""
    yield "case:concept:name,concept:name,time:timestamp,note\n"
    number = 0
    while size > 0:
        number += 1
        line = f'case {number // 10},activity {number},2020-01-01,"{f"n{number} " * 20}"\n'
        yield line
        size -= len(line)


def read_measured(path: Path) -> tuple[int, int]:
    """Read a file row by row; count the events and the most bytes held at any time."""
    tracemalloc.start()
    count = sum(isinstance(row, Row) for row in read(path))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return count, most


def check(path: Path, lines: Iterator[str], size: int) -> None:
    """Write a file, read it, and hold the memory against what is enough for any size."""
    with gzip.open(path, "wt", 1) if path.suffix == ".gz" else path.open("w") as file:
        written = sum(file.write(line) for line in lines)
    assert written >= size
    count, most = read_measured(path)
    assert count > size // 1000
    assert most < ENOUGH, f"{most} bytes were held for a file of {written}"


@pytest.mark.parametrize("name", ["log.xes", "log.xes.gz", "log.csv"])
def test_ten_megabytes_take_no_more_memory_than_one(tmp_path: Path, name: str) -> None:
    """A log of 10 MB is read in less than 2 MiB of memory, zipped or not."""
    size = 10 * MEBIBYTE
    check(tmp_path / name, csv_lines(size) if name.endswith("csv") else xes_lines(size), size)


@pytest.mark.soak
@pytest.mark.parametrize("name", ["log.xes", "log.csv"])
def test_a_hundred_megabytes_take_no_more_memory_than_one(tmp_path: Path, name: str) -> None:
    """A log of 100 MB is read in the same 2 MiB of memory."""
    size = 100 * MEBIBYTE
    check(tmp_path / name, csv_lines(size) if name.endswith("csv") else xes_lines(size), size)
