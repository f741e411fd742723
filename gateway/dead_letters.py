"""The commands of `retold dead-letters`: what could not be carried out, and what becomes of it.

Listing reads, and works while another process writes. Retrying and dropping write: a system is
opened on the log, with the behaviours of the house and of `--module`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Annotated

import attrs
import typer

from ..actors.letters import ADDRESS, Letters
from ..actors.system import ActorSystem
from ..events.dead_letters import DeadLetter, DeadLetters
from ..events.fold import fold
from .errors import Clashing, NothingNamed
from .kinds import Kinds
from .listing import Column, show
from .opening import log_url, open_to_read
from .options import Db, Json, Modules
from .screen import complain, say, show_json

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Which, as listed.")]
All = Annotated[bool, typer.Option("--all", help="All that wait.")]
COLUMNS = (
    Column("id"),
    Column("address"),
    Column("attempts", right=True),
    Column("command", under=True),
    Column("error", rest=True, under=True),
)

app = typer.Typer(
    name="dead-letters", help="What could not be carried out: list, retry, drop.",
    no_args_is_help=True,
)  # fmt: skip


@app.command("list")
def list_(db: Db, as_json: Json = False) -> None:
    """Those that wait, the oldest first: which command for whom, and what stood in the way."""
    with open_to_read(db) as log:
        letters: DeadLetters = fold(DeadLetters(), log.events(ADDRESS))
    waiting = list(letters.waiting.values())
    if as_json:
        show_json([attrs.asdict(each) for each in waiting])
    elif waiting:
        show(COLUMNS, map(_row, waiting))
    else:
        say("no dead letters")


@app.command("retry")
def retry(db: Db, ids: Ids = None, every: All = False, module: Modules = None) -> None:
    """Carry them out now, under their old ids. What fails again goes on waiting."""
    _each(db, ids, every, module, lambda letters, each: letters.retry(each, 30.0), "retried")


@app.command("drop")
def drop(db: Db, ids: Ids = None, every: All = False, module: Modules = None) -> None:
    """Let nobody carry them out any more. What a reaction sent counts as refused then."""
    _each(db, ids, every, module, Letters.drop, "dropped")


def _each(
    db: str,
    ids: Iterable[str] | None,
    every: bool,
    module: list[str] | None,
    act: Callable[[Letters, str], None],
    done: str,
) -> None:
    """Act on each letter that was named; one that fails does not stop the others."""
    if ids and every:
        raise Clashing("ID", "--all")
    if not ids and not every:
        raise NothingNamed("give ids, as `retold dead-letters list` shows them, or --all")
    with open_to_read(db):
        pass  # a log that is not there is not made
    logging.getLogger("retold").propagate = False
    failed = False
    with ActorSystem.open(log_url(db), *Kinds.of(module).behaviours) as system:
        chosen = [each.id for each in system.letters.waiting()] if every else list(ids or ())
        for each in chosen:
            try:
                act(system.letters, each)
            except Exception as error:  # noqa: BLE001 - whatever a behaviour raises is told
                failed = True
                complain(f"retold: {each}: {type(error).__name__}: {error}")
            else:
                say(f"{each} {done}")
        system.wait_idle(timeout=30.0)
    if failed:
        raise typer.Exit(1)


def _row(letter: DeadLetter) -> tuple[str, ...]:
    shown = letter.shown if letter.command is not None or letter.shown != "None" else "a reaction"
    return letter.id, letter.address, str(letter.attempts), shown, letter.error
