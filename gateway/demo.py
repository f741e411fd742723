"""`retold demo`: an approval told live, closed, and retold from its file."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from itertools import count
from pathlib import Path
from typing import Annotated

import typer

from ..actors.channel import channel
from ..actors.system import ActorSystem
from ..actors.workflow import workflow
from ..events.address import member, name
from ..events.channel import EntryAppended, Failed
from ..events.document import Document
from ..events.errors import RetoldError
from ..events.recorded import Recorded
from . import listing
from .approval import PREFIX, REVIEWS, Told, next_approval, tell
from .approval_retold import Comparison, compare, rebuild, require_equal
from .listing import Column
from .moments import shown
from .opening import log_url, open_to_read
from .options import Json
from .rendering import in_words
from .screen import say, show_json
from .trail import Wanted, trail

DEPARTMENTS = (
    Column("department", "bold"), Column("reviewer", "magenta"), Column("posted", right=True),
    Column("ended"), Column("last word", rest=True),
)  # fmt: skip
VERSIONS = (
    Column("v", "bold", right=True), Column("who", "magenta"), Column("why", rest=True),
    Column("changed", "dim"),
)  # fmt: skip
TIMELINE = (
    Column("#", "dim", right=True), Column("when", "cyan"), Column("who", "magenta"),
    Column("where", "blue"), Column("what, and why", rest=True),
)  # fmt: skip
COMPARED = (
    Column("what"), Column("live", "cyan"), Column("from the file", "cyan"), Column("", "green"),
)  # fmt: skip


def demo(
    db: Annotated[
        str | None, typer.Option("--db", metavar="FILE", help="[default: demo.db, here]")
    ] = None,
    as_json: Json = False,
) -> None:
    """An approval: four departments review it side by side, and one of them fails.

    What was live is closed and rebuilt from the file alone, and the two are compared. The file is
    made, or taken further: another approval is added to a log that is there.
    """
    where = db or own_file()
    with ActorSystem.open(log_url(where), workflow, channel) as system:
        live = tell(system, next_approval(system.log))
    tell_again(live, where, as_json=as_json)


def tell_again(live: Told, where: str, *, as_json: bool) -> None:
    """Rebuild an approval from its file and show it beside what was live.

    Raises `RetoldDiffers` where the two are not the same, once that was shown.
    """
    with open_to_read(where) as log:
        compared = compare(live, rebuild(log, live.root))
        if as_json:
            _show_json(live, where, compared)
        else:
            _show(live, where, compared)
            events = trail(log, Wanted(), live.root, family=True)
            listing.show(TIMELINE, map(_timeline_row, events))
    require_equal(compared)
    if not as_json:
        _show_next(live, where)


def own_file() -> str:
    """A file in the present folder that is the demo's: `demo.db`, unless that is somebody's."""
    for number in count(1):
        name = "demo.db" if number == 1 else f"demo-{number}.db"
        if not Path(name).exists() or _is_ours(name):
            return name
    raise AssertionError  # the count has no end


def _is_ours(name: str) -> bool:
    try:
        with open_to_read(name) as log:
            return all(address.startswith(PREFIX) for address, _ in log.addresses())
    except RetoldError:
        return False


def _show(live: Told, db: str, compared: tuple[Comparison, ...]) -> None:
    say("Told live: an approval, reviewed by four departments at once", "bold")
    say(f"{live.root} in {db}", "dim")
    say()
    listing.show(DEPARTMENTS, _departments(live), indent=2)
    say()
    say("Finished reviews were merged, each under its own key; then the board decided", "bold")
    say()
    listing.show(VERSIONS, _versions(live), indent=2)
    say()
    say("Everything was closed. Retold: rebuilt from the file alone, and compared", "bold")
    say()
    listing.show(COMPARED, map(_compared, compared), indent=2)
    say()
    say("The audit timeline: who did what, when (UTC) and why", "bold")
    say()


def _departments(live: Told) -> list[tuple[str, ...]]:
    phases = {address: state for address, _, state in live.states}
    rows: list[tuple[str, ...]] = []
    for review in REVIEWS:
        state = phases[f"{live.root}/channel/{review.channel}"]
        last = next(each for each in reversed(live.entries) if each.channel == review.channel)
        word = state.error or last.text
        row = review.department, review.reviewer, str(state.entries), state.phase, word
        rows.append(row)
    return rows


def _versions(live: Told) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    before: Document = {}
    for each in live.versions:
        changed = [key for key, value in each.document.items() if before.get(key) != value]
        rows.append((str(each.version), each.author, each.reason, ", ".join(changed)))
        before = each.document
    return rows


def _timeline_row(each: Recorded) -> tuple[str, ...]:
    match each.event:
        case EntryAppended(payload=payload):
            words = f"posted: {payload.decode()}"
        case Failed(error):
            words = f"failed: {error}"
        case _:
            words = f"{in_words(each.name)}: {each.why}"
    place = name(each.address) if member(each.address) else "the workflow"
    return str(each.position), shown(each.happened_at)[11:], each.by, place, words


def _compared(each: Comparison) -> tuple[str, ...]:
    return each.what, each.live, each.rebuilt, "equal" if each.equal else "NOT EQUAL"


def _show_next(live: Told, db: str) -> None:
    say()
    say("Try next", "bold")
    for command in next_commands(live.root, db):
        say(f"  {command}", "green")


def next_commands(root: str, db: str) -> list[str]:
    """Commands to go on with, as they can be typed where the demo was run."""
    retold, file = program(), shlex.quote(db)
    return [
        f"{retold} history {root} --db {file}",
        f"{retold} diff {root} 1 5 --db {file}",
        f"{retold} show {root} --version 2 --db {file}",
        f"{retold} log {root}/channel/business_review --db {file}",
        f"{retold} verify --db {file}",
        f"{retold} replay --db {file} --json",
    ]


def program() -> str:
    """How this command line can be called again: by its name, if that is on the path."""
    called = sys.argv[0]
    found = shutil.which("retold")
    if Path(called).stem == "retold" and os.access(called, os.X_OK):
        same = found is not None and Path(found).resolve() == Path(called).resolve()
        return "retold" if same else shlex.quote(called)
    return f"{shlex.quote(sys.executable)} -m retold.gateway"


def _show_json(live: Told, db: str, compared: tuple[Comparison, ...]) -> None:
    show_json(
        {
            "db": db,
            "workflow": live.root,
            "equal": all(each.equal for each in compared),
            "compared": compared,
            "versions": live.versions,
            "entries": live.entries,
            "next": next_commands(live.root, db),
        }
    )
