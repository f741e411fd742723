"""The commands that look at the past: `log`, `show`, `history`, `diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..events import past
from ..events.workflow import Workflow
from . import rendering
from .addressing import known_address
from .errors import Clashing
from .kinds import Kinds
from .moments import moment
from .opening import open_to_read
from .options import Address, After, At, ByLogVersion, Db, Json, Last, Limit, Modules
from .past import Asked, between, in_log, standing
from .points import typed_point
from .trail import Wanted, trail


def log(
    db: Db,
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="Of this actor alone.")
    ] = None,
    family: Annotated[bool, typer.Option("--family", help="And of the members below it.")] = False,
    limit: Limit = None,
    last: Last = None,
    after: After = 0,
    by: Annotated[str | None, typer.Option(help="Of this author.")] = None,
    kind: Annotated[str | None, typer.Option(help="Of actors of this kind: workflow, …")] = None,
    event: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Of this name: channel.*, *failed*, …")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="Happened then or later.")] = (
        None
    ),
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Happened then or before.")] = (
        None
    ),
    at: At = None,
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """The audit trail: who did what, when and why. Oldest first, in the order of the log.

    Times are in UTC and say when it happened in the world; --json also says when it was recorded.
    With --at the trail as it was then; a version of the whole log is a number of its events.
    """
    kinds, point = Kinds.of(module), typed_point("--at", at)
    if limit is not None and last is not None:
        raise Clashing("--limit", "--last")
    period = (moment("--since", since), moment("--until", until))
    wanted = Wanted(by, kind, event, period, after, limit, last)
    with open_to_read(db) as opened:
        where = None if address is None else known_address(opened, address)
        if where is not None and not family and point is not None and point.version is not None:
            point = in_log(opened, where, kinds.initial(where), Asked(at=point))
        found = trail(opened, wanted, where, family=family, at=point)
        rendering.show_trail(found, as_json=as_json)


def show(
    address: Address,
    db: Db,
    version: Annotated[int | None, typer.Option(help="As of this version.")] = None,
    log_version: Annotated[
        int | None, typer.Option(help="As of so many events of the actor.")
    ] = None,
    at: At = None,
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """The state of an actor: now, after a version, or at any point of its past.

    The version of a workflow is its state version, as history counts them: one for each persist or
    merge. The version of any other actor counts its events. A time of --at takes the longest run of
    versions that had all happened by then; a date alone is its midnight.
    """
    if sum(each is not None for each in (version, log_version, at)) > 1:
        raise Clashing("--version", "--log-version", "--at")
    asked = Asked(version, log_version, typed_point("--at", at))
    kinds = Kinds.of(module)
    with open_to_read(db) as opened:
        where = known_address(opened, address)
        found = standing(opened, where, kinds.initial(where), asked)
        rendering.show_standing(found, opened.version(where), as_json=as_json)


def history(
    address: Address, db: Db, at: At = None, module: Modules = None, as_json: Json = False
) -> None:
    """Every version of an actor, oldest first: who made it, when, why, and what changed.

    Of a workflow its state versions, of any other actor its events; with --at those it had then.
    """
    kinds, asked = Kinds.of(module), Asked(at=typed_point("--at", at))
    with open_to_read(db) as opened:
        where = known_address(opened, address)
        initial = kinds.initial(where)
        found = past.read(opened, where, in_log(opened, where, initial, asked))
        tell = rendering.show_versions if isinstance(initial, Workflow) else rendering.show_trail
        tell(found, as_json=as_json)


def diff(
    address: Address,
    db: Db,
    first: Annotated[
        int | None, typer.Argument(metavar="[V1]", help="From this version (0: the start).")
    ] = None,
    second: Annotated[int | None, typer.Argument(metavar="[V2]", help="To this one.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", metavar="POINT", help="From this point, as --at.")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", metavar="POINT", help="To this one; now if none.")
    ] = None,
    log_versions: ByLogVersion = False,
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """What changed from one point to another, and who made the versions in between, and why.

    Versions count as in history and show. The second point may be the earlier one.
    """
    asked = (
        _asked("V1", first, "--from", start, log_versions=log_versions),
        _asked("V2", second, "--to", end, log_versions=log_versions),
    )
    if first is None and start is None:
        raise typer.BadParameter("it needs a V1 or --from to begin at")
    kinds = Kinds.of(module)
    with open_to_read(db) as opened:
        where = known_address(opened, address)
        found = between(opened, where, kinds.initial(where), *asked)
        rendering.show_difference(found, as_json=as_json)


def _asked(
    name: str, number: int | None, option: str, text: str | None, *, log_versions: bool
) -> Asked:
    """One end of a difference: a version, or a point in any of its forms."""
    if number is not None and text is not None:
        raise Clashing(name, option)
    at = typed_point(option, text)
    if number is None and at is not None:
        number, at = at.version, at if at.version is None else None
    return Asked(log_version=number, at=at) if log_versions else Asked(number, at=at)
