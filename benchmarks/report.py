"""What a run says: the machine, a table, how durable the writers were, and the file of results."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from .measure import Row

RESULTS = Path(".bench") / "results.json"


def machine() -> str:
    """The machine in one line."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return (
        f"{platform.system()} {platform.machine()}, {cores} cores,"
        f" Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def show(console: Console, rows: Sequence[Row]) -> None:
    """Print the rows, the PRAGMAs as read back and the rows as counted."""
    console.print(machine())
    console.print(_figures(rows))
    for row in rows:
        console.print(f"[b]{row.name}[/b] against {row.peer}", highlight=False)
        for side, found in row.pragmas.items():
            if found:
                console.print(f"  fsync {side}: {_words(found)}", highlight=False)
        for text in (*_counted(row), row.note):
            if text:
                console.print(f"  {text}", highlight=False)


def write(rows: Sequence[Row], path: Path = RESULTS) -> None:
    """Write the results: a list of objects, one a row."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps([_plain(row) for row in rows], indent=2) + "\n", encoding="utf-8")


def _plain(row: Row) -> dict[str, Any]:
    return attrs.asdict(row) | {"machine": machine()}


def _figures(rows: Sequence[Row]) -> Table:
    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for name in ("benchmark", "ours", "peer", "unit", "ratio", "spread", "target"):
        words = name in ("benchmark", "unit", "target")
        table.add_column(name, justify="left" if words else "right", no_wrap=True)
    for row in rows:
        mark = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[row.met]
        table.add_row(
            row.name,
            number(row.value),
            number(row.peer_value),
            row.unit.replace("commands", "cmd").replace("events", "ev"),
            number(row.ratio),
            f"{row.spread[0]:.2f}..{row.spread[1]:.2f}",
            f"{row.target} {mark}".strip(),
        )
    return table


def number(value: float) -> str:
    """A figure with as many digits as it deserves.

    >>> number(51234.5), number(12.345), number(0.01234)
    ('51,234', '12.3', '0.0123')
    """
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.3g}"


def _words(pragmas: Any) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(pragmas.items()))


def _counted(row: Row) -> Iterator[str]:
    for side in ("ours", "peer"):
        asked, found = row.rows[f"{side}_asked"], row.rows[f"{side}_found"]
        if asked is not None:
            yield f"rows {side}: {asked:,} asked for, plain sqlite3 counts {found:,}"
