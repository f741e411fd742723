"""The command that compares a log with the code before a deploy: `check`."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from ..projections.schema import Comparison, NameFound, compare
from ..projections.trial import Failure
from . import listing
from .kinds import Kinds
from .listing import Column
from .opening import open_to_read
from .options import Db, Json, Modules
from .screen import progress, say, show_json

NAMES = (
    Column("events", "dim", right=True), Column("wire name", "blue"), Column("is", "green"),
    Column("read as", "dim", rest=True, under=True),
)  # fmt: skip
KINDS = (
    Column("actors", "dim", right=True), Column("kind", "blue"), Column("behaviour", "green"),
)  # fmt: skip
FAILURES = (
    Column("#", "dim", right=True), Column("where", "blue"), Column("v", "dim", right=True),
    Column("wire name"), Column("problem", "red", rest=True, under=True),
)  # fmt: skip


def check(db: Db, module: Modules = None, as_json: Json = False) -> None:
    """Would this code read that log? Before a deploy: every event that would not decode or evolve.

    The modules given with --module are the new code: its events, upcasters and behaviours. For
    every wire name in the log it says what its events become, and names each event that would not
    decode or that its actor's state would not take; with any, or a kind of actor without a
    behaviour, the exit status is 1. The commands of sagas under way and of dead letters count as
    parts of their events. Only reads, also while another process writes.
    """
    kinds = Kinds.of(module)
    with open_to_read(db) as log, progress("checking", log.last_position()) as advance:
        found = compare(log, kinds.initial, advance)
    if as_json:
        show_json(_as_json(found))
    else:
        _show(found)
    if not found.ok:
        raise typer.Exit(1)


def _as_json(found: Comparison) -> dict[str, object]:
    return {
        "ok": found.ok,
        "events": found.events,
        "names": [
            {
                "name": each.name,
                "events": each.events,
                "class": each.cls,
                "chain": each.chain,
                "undecoded": each.undecoded,
                "untaken": each.untaken,
            }
            for each in found.names
        ],
        "kinds": found.kinds,
        "failures": found.failures,
        "snapshots": {"kept": found.snapshots, "of_another_fold": found.unfit},
    }


def _show(found: Comparison) -> None:
    listing.show(NAMES, ((f"{x.events:,}", x.name, _is(x), _read_as(x)) for x in found.names))
    say()
    listing.show(
        KINDS,
        (
            (f"{each.actors:,}", each.kind, "known" if each.known else "UNKNOWN")
            for each in found.kinds
        ),
    )
    if found.failures:
        say()
        listing.show(FAILURES, _rows(found.failures))
    if found.unfit:
        say()
        say(f"{found.unfit:,} of {found.snapshots:,} snapshots are of another fold: folded anew")
    say()
    say(*_verdict(found))


def _is(name: NameFound) -> str:
    if not name.undecoded and not name.untaken:
        return "ok"
    parts = [
        f"{count:,} {what}"
        for count, what in ((name.undecoded, "UNDECODED"), (name.untaken, "NOT TAKEN"))
        if count
    ]
    return ", ".join(parts)


def _read_as(name: NameFound) -> str:
    way = [*name.chain[1:], name.cls or "no class"]
    return " -> ".join(way)


def _rows(failures: Iterable[Failure]) -> Iterable[tuple[str, ...]]:
    for each in failures:
        perhaps = f" (perhaps only for want of the one at {each.behind})" if each.behind else ""
        yield (
            str(each.position), each.address, str(each.version), each.name or "?",
            each.reason + perhaps,
        )  # fmt: skip


def _verdict(found: Comparison) -> tuple[str, str]:
    if found.ok:
        return f"{found.events:,} events checked: every one decodes and is taken", "green"
    said = [f"{len(found.failures):,} of {found.events:,} events fail"] if found.failures else []
    unknown = [each.kind for each in found.kinds if not each.known]
    if unknown:
        said.append(
            f"no behaviour is known for {', '.join(unknown)}: name the module with --module"
        )
    return "; ".join(said), "bold red"
