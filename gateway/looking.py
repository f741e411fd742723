"""The commands that look at the past: `log`, `show`, `history`, `diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from ..events.workflow import Workflow
from . import views
from .addressing import known_address
from .errors import Clashing
from .kinds import Kinds
from .moments import moment
from .opening import open_to_read
from .options import Address, ByLogVersion, Db, Json, Modules
from .past import Asked, between, standing
from .trail import Wanted, trail


def log(
    db: Db,
    address: Annotated[
        str | None, typer.Argument(metavar="[ADDRESS]", help="Of this actor alone.")
    ] = None,
    family: Annotated[bool, typer.Option("--family", help="And of the members below it.")] = False,
    limit: Annotated[int | None, typer.Option(min=1, help="The first so many.")] = None,
    last: Annotated[int | None, typer.Option(min=1, help="The last so many.")] = None,
    after: Annotated[int, typer.Option(metavar="POSITION", help="Those behind a position.")] = 0,
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
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """The audit trail: who did what, when and why. Oldest first, in the order of the log.

    Times are UTC, and when it happened in the world; --json has when it was recorded as well.
    """
    Kinds.of(module)
    if limit is not None and last is not None:
        raise Clashing("--limit", "--last")
    period = (moment("--since", since), moment("--until", until))
    wanted = Wanted(by, kind, event, period, after, limit, last)
    with open_to_read(db) as opened:
        where = None if address is None else known_address(opened, address)
        found = trail(opened, wanted, where, family=family)
        views.show_trail(found, as_json=as_json)


def show(
    address: Address,
    db: Db,
    version: Annotated[int | None, typer.Option(help="As of this version.")] = None,
    log_version: Annotated[
        int | None, typer.Option(help="As of so many events of the actor.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="As the world stood then (ISO; UTC).")
    ] = None,
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """The state of an actor: now, after a version, or at a time.

    The version of a workflow is its state version, as history counts them: one for each persist or
    merge. The version of any other actor counts its events. --at takes the longest run of versions
    that had all happened by then; a date alone is its midnight.
    """
    if sum(each is not None for each in (version, log_version, at)) > 1:
        raise Clashing("--version", "--log-version", "--at")
    asked = Asked(version, log_version, moment("--at", at))
    kinds = Kinds.of(module)
    with open_to_read(db) as opened:
        where = known_address(opened, address)
        found = standing(opened, where, kinds.initial(where), asked)
        views.show_standing(found, opened.version(where), as_json=as_json)


def history(address: Address, db: Db, module: Modules = None, as_json: Json = False) -> None:
    """Every version of an actor, oldest first: who made it, when, why, and what changed.

    Of a workflow its state versions, of any other actor its events.
    """
    kinds = Kinds.of(module)
    with open_to_read(db) as opened:
        where = known_address(opened, address)
        if _is_workflow(kinds, where):
            views.show_versions(opened.read(where), as_json=as_json)
        else:
            views.show_trail(opened.read(where), as_json=as_json)


def diff(
    address: Address,
    first: Annotated[int, typer.Argument(metavar="V1", help="From this version (0: the start).")],
    second: Annotated[int, typer.Argument(metavar="V2", help="To this one.")],
    db: Db,
    log_versions: ByLogVersion = False,
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """What changed from one version to another, and who made the versions in between, and why.

    Versions count as in history and show. V2 may be the earlier one.
    """
    kinds = Kinds.of(module)
    with open_to_read(db) as opened:
        where = known_address(opened, address)
        one, two = (
            Asked(log_version=each) if log_versions else Asked(each) for each in (first, second)
        )
        found = between(opened, where, kinds.initial(where), one, two)
        views.show_difference(found, as_json=as_json)


def _is_workflow(kinds: Kinds, address: str) -> bool:
    return isinstance(kinds.initial(address), Workflow)
