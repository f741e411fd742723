"""The command `tail`: the events of a log as they are stored, one a line, until Ctrl-C."""

from __future__ import annotations

import json
from collections import deque
from typing import Annotated

import typer

from ..events.following.follower import Follower
from ..events.recorded import Recorded
from ..projections.audit import summary
from .kinds import Kinds
from .moments import shown
from .opening import open_to_read
from .options import MOST, Db, Json, Modules
from .rendering import event_as_json, in_words
from .screen import flush, one_line, plain, say
from .trail import Wanted


def tail(
    db: Db,
    address: Annotated[
        str | None,
        typer.Argument(metavar="[ADDRESS]", help="Of this actor and those below it alone."),
    ] = None,
    last: Annotated[int, typer.Option(min=0, max=MOST, help="Begin with the last so many.")] = 10,
    after: Annotated[
        int | None,
        typer.Option(metavar="POSITION", min=0, max=MOST, help="Begin after a position instead."),
    ] = None,
    by: Annotated[str | None, typer.Option(help="Of this author.")] = None,
    kind: Annotated[str | None, typer.Option(help="Of actors of this kind: workflow, …")] = None,
    event: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Of this name: channel.*, *failed*, …")
    ] = None,
    count: Annotated[
        int | None,
        typer.Option("--count", min=1, max=MOST, help="End after so many instead of at Ctrl-C."),
    ] = None,
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """Who does what, when and why, as it happens: each event once, in the order of the log.

    Works while another process writes, and never holds it up. --json writes one object a line.
    """
    Kinds.of(module)
    wanted = Wanted(by, kind, event)
    with open_to_read(db) as log:
        begin = log.last_position() if after is None else after
        if after is None and last:
            found = (each for each in log.scan(upto=begin) if _is_wanted(each, wanted, address))
            before = deque(found, last)
            begin = before[0].position - 1 if before else begin
        _follow(log.follow(begin), wanted, address, count, as_json=as_json)


def _follow(
    follower: Follower, wanted: Wanted, address: str | None, count: int | None, *, as_json: bool
) -> None:
    shown_so_far = 0
    for each in follower:
        if _is_wanted(each, wanted, address):
            say(json.dumps(plain(event_as_json(each))) if as_json else _line(each))
            flush()
            shown_so_far += 1
            if shown_so_far == count:
                return


def _is_wanted(each: Recorded, wanted: Wanted, address: str | None) -> bool:
    here = address is None or each.address == address or each.address.startswith(f"{address}/")
    return here and wanted(each)


def _line(each: Recorded) -> str:
    why = f"{each.why}: " if each.why else ""
    said = f"{in_words(each.name)}  {why}{summary(each.event)}"
    return one_line(
        f"#{each.position}  {shown(each.happened_at)}  {each.by}  {each.address} v{each.version}"
        f"  {said}"
    )
