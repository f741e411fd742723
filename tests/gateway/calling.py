"""How the tests call the command line: inside this process, in one of its own, or on a terminal."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs

from retold.gateway.main import run

HEADER = ("case:concept:name", "concept:name", "time:timestamp", "org:resource", "note")
COMMAND = (sys.executable, "-m", "retold.gateway")


@attrs.frozen
class Called:
    """How a call ended: its exit status and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document that it wrote."""
        return json.loads(self.out)


def call(*arguments: str | Path) -> Called:
    """Run one command line in this process, with its output in a pipe."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = run([str(each) for each in arguments])
    return Called(status, out.getvalue(), err.getvalue())


def answered(*arguments: str | Path) -> Called:
    """As `call`, for what must end well and without a word on stderr."""
    called = call(*arguments)
    assert (called.status, called.err) == (0, ""), called
    return called


def refused(*arguments: str | Path, status: int = 1) -> str:
    """As `call`, for what must fail with one line on stderr; gives that line."""
    called = call(*arguments)
    assert (called.status, called.out) == (status, ""), called
    (line,) = called.err.splitlines()
    assert line.startswith("retold: ")
    return line


def start(*arguments: str | Path, **options: Any) -> subprocess.Popen[str]:
    """Start one command line as a process of its own, its output in pipes."""
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plain_environment(),
        **options,
    )  # fmt: skip


def plain_environment(**more: str) -> dict[str, str]:
    """The environment without what changes colours, widths, buffers and defaults."""
    changing = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTHONUNBUFFERED", "RETOLD_DB", "TERM")
    kept = {name: value for name, value in os.environ.items() if name not in changing}
    return {**kept, "TERM": "xterm-256color", **more}


def rows_of(cases: int, events: int) -> list[list[str]]:
    """Rows of a log in which the cases take turns."""
    return [
        [
            f"case {event % cases}",
            f"activity {event % 7}",
            f"2020-01-01T{event // 3600 % 24:02}:{event // 60 % 60:02}:{event % 60:02}+01:00",
            "" if event % 5 == 0 else f"role {event % 3}",
            f"note {event}",
        ]
        for event in range(events)
    ]


def write_csv(path: Path, rows: list[list[str]], header: tuple[str, ...] = HEADER) -> Path:
    """Write a CSV log."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path
