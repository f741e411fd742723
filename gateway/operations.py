"""The commands that keep a log: `backup`, `restore`, `compact`, `seal`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, TypeVar

import attrs
import typer

from ..events.clock import WallClock, this_process
from ..events.log_errors import NoSuchLog
from ..events.upkeep import Compacted, Copied
from ..events.upkeep import backup as back_up
from ..events.upkeep import compact as compact_log
from ..events.upkeep import restore as restore_log
from ..events.upkeep.compaction import seal_log
from .errors import NotAFile
from .opening import log_file, no_log_there
from .options import Db, Json
from .screen import one_line, progress, say, show_json

T = TypeVar("T")

Force = Annotated[
    bool, typer.Option("--force", help="Replace what is there, once the new file is whole.")
]


def backup(
    to: Annotated[str, typer.Argument(metavar="FILE", help="Where the backup goes.")],
    db: Db,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Copy the log, which may be written meanwhile, to a file of its own.

    The backup is a log: every command that reads one reads it. It holds the events up to one
    position, with the due times, tracking and snapshots of that moment; the digest is the one that
    `retold verify --deep --upto POSITION` shows of the log it was taken from.
    """
    source = _file(db, "backup")
    with progress("backing up", None) as advance:
        done = _there(lambda: back_up(source, to, replace=force, tick=advance))
    _show_copied("backed up", done, as_json=as_json)


def restore(
    saved: Annotated[str, typer.Argument(metavar="BACKUP", help="The backup.")],
    db: Db,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the place of a log, which goes on after the backup's last position.

    Subscriptions that had acknowledged more are put back to it; views that had more are made anew
    when they are run again. A log with events is replaced only with --force; one in use never.
    """
    path = _file(db, "restore")
    saved = _file(saved, "restore")
    with progress("restoring", None) as advance:
        done = _there(lambda: restore_log(saved, path, replace=force, tick=advance))
    _show_copied("restored", done, as_json=as_json)


def compact(db: Db, as_json: Json = False) -> None:
    """Write the file anew without its free pages, as small as it can be; nothing is dropped.

    The log must not be written meanwhile.
    """
    path, holder = _file(db, "compact"), this_process(WallClock())
    with progress("compacting", None) as advance:
        done = _there(lambda: compact_log(path, holder=holder, tick=advance))
    if as_json:
        show_json(attrs.asdict(done))
        return
    say(f"{done.bytes_before:>15,} bytes before", "dim")
    say(f"{done.bytes_after:>15,} bytes now")
    _show_content(done)


def seal(db: Db) -> None:
    """Keep a checksum of every block of the file, for `retold verify --deep`.

    A log that is closed seals itself unless it is large; backups, restored and compacted logs
    are sealed. Whoever opens a log to write takes its seal away.
    """
    path = _file(db, "seal")
    done = _there(lambda: seal_log(path, holder=this_process(WallClock())))
    if not done:
        say(f"{path} was not sealed: it is open elsewhere, or nothing can be made beside it", "red")
        raise typer.Exit(1)
    say(f"{path} is sealed", "green")


def add_to(app: typer.Typer) -> None:
    """The commands of this room."""
    for each in (backup, restore, compact, seal):
        app.command(each.__name__)(each)


def _file(db: str, what: str) -> str:
    """The file that a log is in. Raises NotAFile where it is in none."""
    file = log_file(db)
    if file is None:
        raise NotAFile(db, what)
    return file


def _there(work: Callable[[], T]) -> T:
    """Do some work; where the log is not there, name others that are."""
    try:
        return work()
    except NoSuchLog as error:
        raise no_log_there(error) from error


def _show_copied(what: str, done: Copied, *, as_json: bool) -> None:
    if as_json:
        show_json(attrs.asdict(done))
        return
    say(f"{what} {done.source} to {done.path}", "green")
    say(f"{done.bytes:>15,} bytes")
    _show_content(done)
    if done.put_back:
        names = ", ".join(map(one_line, done.put_back))
        say(f"subscriptions put back to position {done.last_position:,}: {names}", "yellow")


def _show_content(done: Copied | Compacted) -> None:
    say(f"{done.rows:>15,} events up to position {done.last_position:,}")
    say(f"         digest {done.digest}", "bold")
    if not done.sealed:
        say("no seal could be put beside it", "yellow")
