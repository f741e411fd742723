"""The commands of `retold subscriptions`: who consumes the log under a name, and how far it got."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import attrs
import typer

from ..events.following.subscription import Subscriptions
from .listing import Column, show
from .opening import open_to_read
from .options import Db, Json
from .screen import say, show_json

Name = Annotated[str, typer.Argument(metavar="NAME", help="Which, as listed.")]
COLUMNS = (
    Column("name", "bold"), Column("position", right=True), Column("behind", "yellow", right=True),
    Column("kinds"), Column("paused"), Column("consumer", rest=True, under=True),
)  # fmt: skip

app = typer.Typer(
    name="subscriptions", help="Durable subscriptions: list, pause, resume, remove.",
    no_args_is_help=True,
)  # fmt: skip


@app.command("list")
def list_(db: Db, as_json: Json = False) -> None:
    """Every subscription: up to where it is acknowledged, how far behind, who has it."""
    with open_to_read(db) as log:
        found = list(log.subscriptions)
    if as_json:
        show_json([attrs.asdict(each) for each in found])
        return
    rows = (
        (
            each.name, f"{each.position:,}", f"{each.lag:,}", ", ".join(each.kinds) or "all",
            "paused" if each.paused else "", each.holder,
        )
        for each in found
    )  # fmt: skip
    if found:
        show(COLUMNS, rows)
    else:
        say("no subscriptions")


@app.command()
def pause(name: Name, db: Db) -> None:
    """Hand nothing out under this name until it is resumed."""
    _each(db, lambda known: known.pause(name), f"{name} is paused")


@app.command()
def resume(name: Name, db: Db) -> None:
    """Let a paused one go on where it stands."""
    _each(db, lambda known: known.resume(name), f"{name} goes on")


@app.command()
def remove(name: Name, db: Db) -> None:
    """Forget one and its place."""
    _each(db, lambda known: known.remove(name), f"{name} is removed")


def _each(db: str, do: Callable[[Subscriptions], None], done: str) -> None:
    with open_to_read(db) as log:
        do(log.subscriptions)
    say(done, "green")
