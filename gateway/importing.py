"""`retold import`: a CSV or XES log of somebody else's becomes event-sourced workflows."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from itertools import chain, islice
from pathlib import Path
from typing import Annotated

import typer

from ..actors.options import Options
from ..actors.passivation import at_most
from ..actors.system import ActorSystem
from ..actors.workflow import workflow
from .errors import ImportInterrupted
from .eventlogs import Columns, Reading, read
from .intake import AWAKE, KEPT, Intake, Report
from .opening import log_url
from .options import Db, Json
from .screen import complain, progress, say, show_json

_NAMES = Columns()
STEP = 50
"""How many rows the progress bar waits before it moves."""


def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .xes log, or its .gz.")],
    db: Db,
    case_column: Annotated[str, typer.Option(help="What names the case.")] = _NAMES.case,
    activity_column: Annotated[str, typer.Option(help="The reason of a version.")] = (
        _NAMES.activity
    ),
    time_column: Annotated[str, typer.Option(help="When it happened; UTC if it has no offset.")] = (
        _NAMES.time
    ),
    resource_column: Annotated[str, typer.Option(help="The author of a version.")] = (
        _NAMES.resource
    ),
    delimiter: Annotated[str, typer.Option(help="Between the cells of a CSV.")] = ",",
    encoding: Annotated[str, typer.Option(help="Of a CSV; XES names its own.")] = "utf-8",
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first bad row.")] = False,
    as_json: Json = False,
) -> None:
    """Import an event log: each case a workflow, each row a version with author, reason and time.

    Importing a file again adds nothing, and a longer dump of it only what is new: a row is known by
    its case, its place within the case, and its content. A bad row is reported with its line and
    left out. Rows are added as they are read: what was added stays, whatever happens after.
    """
    columns = Columns(
        case_column, activity_column, time_column, resource_column,
        delimiter=delimiter, encoding=encoding,
    )  # fmt: skip
    with read(file, columns) as reading:
        report = take_in(reading, db, strict=strict)
    if as_json:
        show_json(report)
    else:
        _show(report, db)


def take_in(reading: Reading, db: str, *, strict: bool = False) -> Report:
    """Take a reading into the log at `db`, which is made if it is not there.

    Raises `BadLog` for a file that has no first row to give, before any log is made;
    `ImportStopped`, `ImportInterrupted`, and as `ActorSystem.open` does.
    """
    first = list(islice(reading, 1))
    url = log_url(db)
    options = Options(passivate=at_most(AWAKE))
    with ActorSystem.open(url, workflow, options=options) as system:
        intake = Intake(system, reading.path, strict=strict)
        try:
            with progress("importing", reading.total) as advance:
                return intake.take_all(chain(first, reading), _mover(reading, advance))
        except KeyboardInterrupt:
            raise ImportInterrupted(intake.new) from None


def _mover(reading: Reading, advance: Callable[[int], None]) -> Callable[[], None]:
    """Move the bar to where the reading stands, every `STEP` rows."""
    rows = seen = 0

    def tick() -> None:
        nonlocal rows, seen
        rows += 1
        if rows % STEP == 0:
            consumed = reading.consumed
            advance(consumed - seen)
            seen = consumed

    return tick


def _show(report: Report, db: str) -> None:
    for row in report.bad_rows:
        case = "" if row.case is None else f" (case {row.case})"
        complain(f"line {row.line}{case}: {row.reason}")
    if report.bad > KEPT:
        complain(f"… and {report.bad - KEPT} more bad rows")
    say(f"{report.rows:>9,} rows of {report.cases:,} cases")
    say(f"{report.new:>9,} new", "green" if report.new else "")
    if report.amended:
        say(f"{report.amended:>9,}   of them amended: their place held other content", "yellow")
    say(f"{report.already_there:>9,} already there")
    say(f"{report.bad:>9,} bad", "red" if report.bad else "")
    say(f"{report.seconds:>9,.2f} s, {report.events_per_second:,} events/s")
    say()
    say("Look at it:", "dim")
    say(f"  retold stats --db {shlex.quote(db)}")
