"""`retold verify --deep`: all checks of a log, its seal, and the digest of what is in it."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing

import attrs
import typer

from ..events import seal
from ..events.log import Log
from ..events.log_errors import CorruptedRow, NewerLog, NotALog
from ..events.prefix import Prefix, prefix_of
from ..events.upkeep.places import complaints
from ..events.upkeep.structure import UNREADABLE
from ..projections.verification import Problem
from . import listing
from .checks import Examined, problems
from .errors import NoLogThere
from .kinds import Kinds
from .listing import Column
from .opening import log_file, open_to_read
from .screen import progress, say, show_json

UNSEALED = "bytes that no row uses were not checked: "
CHECKED = "rows, versions, actors, due times, snapshots, indexes, views"

PROBLEMS = (
    Column("#", "dim", right=True), Column("where", "blue"), Column("v", "dim", right=True),
    Column("problem", "red", rest=True, under=True),
)  # fmt: skip


@attrs.frozen
class Inspected:
    """What a deep verification came to.

    `sealed` says whether every byte of the file was compared with its seal, `unchecked` why not;
    `prefix` is what the log holds up to a position, None where that cannot be read.
    """

    problems: list[Problem]
    prefix: Prefix | None
    sealed: bool
    unchecked: str


def inspect(db: str, kinds: Kinds, upto: int | None = None) -> Inspected:
    """Check everything of a log that can be checked, its file before it is opened.

    Raises NoLogThere, and as opening does where it is not the file's fault.
    """
    file = log_file(db)
    compared = seal.Compared(unchecked="the log is in no file")
    if file is not None and os.path.isfile(file):
        compared = seal.compare(file)
    found = [Problem(0, "", 0, each) for each in complaints(file or "", compared)]
    try:
        log = open_to_read(db)
    except (NotALog, NewerLog, NoLogThere, *UNREADABLE) as error:
        if isinstance(error, NoLogThere) and not found:
            raise
        found.append(Problem(0, "", 0, str(error)))
        return Inspected(found, None, bool(compared.blocks), compared.unchecked)
    with closing(log), progress("verifying", _total(log)) as advance:
        found += problems(Examined(log, kinds, file, advance))
        prefix = _prefix(log, upto, advance)
    return Inspected(found, prefix, bool(compared.blocks), compared.unchecked)


def _total(log: Log) -> int | None:
    """How many rows are read in all, None where the file is too damaged to tell."""
    try:
        return 2 * log.last_position()
    except UNREADABLE:
        return None


def _prefix(log: Log, upto: int | None, advance: Callable[[int], None]) -> Prefix | None:
    try:
        return prefix_of(log.rows(upto=upto), advance)
    except CorruptedRow:
        return None  # a check has named it


def verify_deep(db: str, kinds: Kinds, upto: int | None, *, as_json: bool) -> None:
    """Inspect and show; exit status 1 with any problem."""
    found = inspect(db, kinds, upto)
    if as_json:
        show_json({"ok": not found.problems, **attrs.asdict(found)})
    else:
        _show(found)
    if found.problems:
        raise typer.Exit(1)


def _show(found: Inspected) -> None:
    show_problems(found.problems)
    if found.prefix is not None:
        say(f"{found.prefix.rows:>9,} events up to position {found.prefix.last_position:,}")
        say(f"   digest {found.prefix.digest}", "bold")
    if found.sealed:
        say("every byte of the file was compared with its seal")
    else:
        say(f"{UNSEALED}{found.unchecked or 'its seal is of no use'}", "yellow")
    if found.problems:
        say(f"{len(found.problems):,} problems", "bold red")
    else:
        say(f"no problem found: {CHECKED}", "green")


def show_problems(found: list[Problem]) -> None:
    """List problems, nothing where there are none."""
    if found:
        rows = (
            (str(each.position), each.address or "(the log)", str(each.version), each.reason)
            for each in found
        )
        listing.show(PROBLEMS, rows)
        say()
