"""The commands that check a log as a whole: `replay`, `verify`, `stats`."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Annotated

import typer

from ..events.log import Log
from ..projections.digest import Replayed
from ..projections.digest import replay as replay_all
from ..projections.verification import Problem
from ..projections.verification import verify as verify_all
from . import inspection
from .figures import Figures, figures
from .kinds import Kinds
from .moments import shown
from .opening import open_to_read
from .options import MOST, At, Db, Json, Modules
from .points import typed_point
from .screen import one_line, progress, say, show_json

MOST_AUTHORS = 10
"""How many authors `stats` shows; with --json all."""


def replay(db: Db, at: At = None, module: Modules = None, as_json: Json = False) -> None:
    """Rebuild every actor from the log, and put all states under one digest.

    Two logs have one digest if and only if all states are equal, whenever and wherever they were
    written; a live system's states give the same. With --at the actors as they stood then; a
    version is a number of events of the log.
    """
    kinds, point = Kinds.of(module), typed_point("--at", at)
    with open_to_read(db) as log, progress("replaying", log.last_position()) as advance:
        started = perf_counter()
        found = replay_all(log, kinds.initial, advance, point)
        seconds = perf_counter() - started
    if as_json:
        show_json(_replayed_as_json(found, seconds))
    else:
        _show_replayed(found, seconds)


def _replayed_as_json(found: Replayed, seconds: float) -> dict[str, object]:
    return {
        "workflows": found.kinds.get("workflow", 0),
        "channels": found.kinds.get("channel", 0),
        "actors": found.actors,
        "kinds": found.kinds,
        "events": found.events,
        "versions": found.versions,
        "seconds": round(seconds, 3),
        "events_per_second": round(found.events / seconds),
        "digest": found.digest,
    }


def _show_replayed(found: Replayed, seconds: float) -> None:
    kinds = ", ".join(f"{count:,} of kind {kind}" for kind, count in sorted(found.kinds.items()))
    say(f"{found.actors:>9,} actors rebuilt: {kinds or 'none'}")
    say(f"{found.events:>9,} events")
    say(f"{found.versions:>9,} state versions")
    say(f"{seconds:>9,.2f} s, {found.events / seconds:,.0f} events/s")
    say(f"   digest {found.digest}", "bold")


def verify(
    db: Db,
    module: Modules = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Check the file too: indexes, tables, every byte.")
    ] = False,
    upto: Annotated[
        int | None,
        typer.Option(
            "--upto",
            metavar="POSITION",
            min=0,
            max=MOST,
            help="Show the digest of the events up to here, as a backup's.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Is the log what was written? Every row decodes, versions have no gap, checksums hold.

    With --deep also SQLite's own check, due times and snapshots beside the states, and every byte
    of a log that is at rest beside its seal. Each problem is named, and with any the exit status
    is 1.
    """
    kinds = Kinds.of(module)
    if deep or upto is not None:
        inspection.verify_deep(db, kinds, upto, as_json=as_json)
        return
    with open_to_read(db) as log, progress("verifying", log.last_position()) as advance:
        events, problems = _verify(log, kinds, advance)
    if as_json:
        show_json({"ok": not problems, "events": events, "problems": problems})
    else:
        _show_problems(events, problems)
    if problems:
        raise typer.Exit(1)


def _verify(log: Log, kinds: Kinds, advance: Callable[[int], None]) -> tuple[int, list[Problem]]:
    events = 0

    def tick(more: int) -> None:
        nonlocal events
        events += more
        advance(more)

    problems = list(verify_all(log, kinds.initial, tick))
    return events, problems


def _show_problems(events: int, problems: list[Problem]) -> None:
    if not problems:
        say(f"{events:,} events verified: every row decodes, no gap, every checksum holds", "green")
        return
    inspection.show_problems(problems)
    say(f"{len(problems):,} problems in {events:,} events", "bold red")


def stats(db: Db, at: At = None, module: Modules = None, as_json: Json = False) -> None:
    """What is in the log: actors, events, authors, times, bytes.

    With --at what it held then, without bytes; a version is a number of its events.
    """
    Kinds.of(module)
    point = typed_point("--at", at)
    with open_to_read(db) as log, progress("counting", log.last_position()) as advance:
        found = figures(log, advance, point)
    if as_json:
        show_json(found)
    else:
        _show_figures(found)


def _show_figures(found: Figures) -> None:
    say(found.path, "bold")
    if found.bytes is not None:
        wal = f" and {found.bytes_of_wal:,} in its WAL" if found.bytes_of_wal else ""
        each = f", {found.bytes_per_event:,} an event" if found.bytes_per_event else ""
        say(f"{found.bytes:,} bytes{wal}{each}; journal mode {found.journal_mode}")
    for what, first, last in (
        ("happened", found.first_happened, found.last_happened),
        ("recorded", found.first_recorded, found.last_recorded),
    ):
        if first and last:
            say(f"{what} {shown(first)} to {shown(last)} UTC")
    _show_counts("actors", sum(found.actors.values()), found.actors)
    _show_counts("events", found.events, found.names)
    _show_counts("authors", len(found.authors), found.authors, MOST_AUTHORS)
    if found.unknown:
        say()
        say(
            f"Of {found.unknown:,} events the author is not known here: name the module that"
            " defines them with --module",
            "yellow",
        )


def _show_counts(what: str, total: int, counts: dict[str, int], most: int | None = None) -> None:
    say()
    say(f"{total:>9,} {what if total != 1 else what[:-1]}", "bold")
    for name, count in list(counts.items())[:most]:
        say(f"{count:>9,}   {one_line(name)}")
    if most is not None and len(counts) > most:
        say(f"{'…':>9}   and {len(counts) - most:,} more")
