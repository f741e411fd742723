"""The commands of views: `views` lists them, `view` shows one, now or in the past, `rebuild`."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import unquote

import attrs
import typer

from ..events.log import Log
from ..events.log_errors import StorageUnreadable
from ..events.side_file import DAMAGE
from ..projections.comparing import tables
from ..projections.errors import NotAView
from ..projections.past_view import view_at
from ..projections.projection import AnyProjection, Projection
from ..projections.runner import Projections, view_path, views_folder
from ..projections.standing import Standing, open_view, standing_of
from . import listing
from .errors import BadQuery, NoSuchView, UnreadableView
from .kinds import Kinds
from .listing import Column
from .opening import open_to_read
from .options import At, Db, Json, Modules
from .points import typed_point
from .screen import plain, progress, say, show_json

Folder = Annotated[
    str | None,
    typer.Option("--views", metavar="FOLDER", help="Where views are kept, if not FILE-views."),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A projection.")]

VIEWS = (
    Column("view", "bold"), Column("version", right=True), Column("position", right=True),
    Column("behind", "yellow", right=True), Column("events", right=True), Column("how it stands"),
    Column("failure", "red", rest=True, under=True),
)  # fmt: skip


def views(db: Db, folder: Folder = None, as_json: Json = False) -> None:
    """The stored views of a log: up to which position, how far behind, paused, failed."""
    with open_to_read(db) as log:
        last = log.last_position()
        found = list(_standings(views_folder(log, folder)))
    if as_json:
        show_json([{**attrs.asdict(each), "lag": max(0, last - each.position)} for each in found])
    elif found:
        listing.show(VIEWS, (_row(each, last) for each in found))
    else:
        say("no views are kept beside this log")


def _standings(folder: str | None) -> Iterator[Standing]:
    """Of each view in a folder; one that cannot be read has failed, and hides no other."""
    for path in sorted(Path(folder).glob("*.db")) if folder is not None else ():
        try:
            with open_view(os.fspath(path)) as db:
                found = standing_of(db)
        except NotAView:
            continue
        except StorageUnreadable as error:
            name = unquote(path.stem)
            found = Standing(name, 0, 0, 0, 0, None, "", False, str(UnreadableView(name, error)))
        yield found


def _row(each: Standing, last: int) -> tuple[str, ...]:
    behind = max(0, last - each.position)
    status = "failed" if each.failure else "paused" if each.paused else "goes on"
    return (
        each.name, str(each.version), f"{each.position:,}", f"{behind:,}", f"{each.events:,}",
        status, each.failure,
    )  # fmt: skip


def view(
    name: Name,
    db: Db,
    at: At = None,
    sql: Annotated[
        str | None, typer.Option("--sql", metavar="QUERY", help="What to select from its tables.")
    ] = None,
    folder: Folder = None,
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """What a view holds: as it is kept, or with --at as it stood then.

    At a point of the past, and for a projection in memory, the view is made anew from the log, and
    the module that defines it is named with --module; a version is a number of its events.
    """
    kinds, point = Kinds.of(module), typed_point("--at", at)
    with open_to_read(db) as log:
        projection = kinds.projections.get(name)
        folder = views_folder(log, folder)
        path = None if folder is None else view_path(folder, name)
        if point is None and path is not None and os.path.exists(path):
            _show_kept(name, path, sql, as_json=as_json)
        elif projection is None and point is None:
            raise NoSuchView(name, log.path, [each.name for each in _standings(folder)])
        else:
            projection = kinds.projection(name)
            with closing(view_at(log, projection, point)) as made, made.reading() as content:
                if not isinstance(projection, Projection):
                    _show(content, sql, as_json=as_json)
                elif sql is None:
                    show_json(projection.show(content))
                else:
                    raise BadQuery(sql, f"the view {name!r} is in memory, and has no tables")


def _show_kept(name: str, path: str, sql: str | None, *, as_json: bool) -> None:
    try:
        with open_view(path) as kept:
            _show(kept, sql, as_json=as_json)
    except StorageUnreadable as error:
        raise UnreadableView(name, error) from error


def _show(content: sqlite3.Connection, sql: str | None, *, as_json: bool) -> None:
    queries = (
        {"": sql}
        if sql is not None
        else {each: f'SELECT * FROM "{each}"' for each in tables(content)}
    )
    if as_json:
        found = {table: _as_json(_selected(content, query)) for table, query in queries.items()}
        show_json(found if sql is None else found[""])
        return
    for table, query in queries.items():
        if table:
            say(table, "bold")
        _list(_selected(content, query))


def _selected(content: sqlite3.Connection, query: str) -> Iterator[tuple[Any, ...]]:
    """The names of its columns, then its rows; raises `BadQuery` for what selects none."""
    try:
        found = content.execute(query)
        if found.description is None:
            raise BadQuery(query, "it selects nothing")
        yield tuple(each[0] for each in found.description)
        yield from found
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGE:
            raise
        raise BadQuery(query, str(error)) from error


def _as_json(found: Iterator[tuple[Any, ...]]) -> list[dict[str, Any]]:
    names = next(found)
    return [{name: _in_json(each) for name, each in zip(names, row, strict=True)} for row in found]


def _in_json(value: object) -> Any:
    """JSON has no infinity."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else plain(value)


def _list(found: Iterator[tuple[Any, ...]]) -> None:
    columns = [Column(each) for each in next(found)]
    listing.show(columns, ([_cell(each) for each in row] for row in found))


def _cell(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def rebuild(
    db: Db,
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="[NAME]...", help="Which; all that are kept if none."),
    ] = None,
    folder: Folder = None,
    module: Modules = None,
) -> None:
    """Make stored views anew from the beginning of the log, beside the old ones, and swap.

    Whoever reads a view sees the old one until the new one stands in its place. A view that a
    program keeps up to date right now has to be rebuilt by that program:
    `projections[name].rebuild()`.
    """
    kinds = Kinds.of(module)
    with open_to_read(db) as log:
        kept_now = [each.name for each in _standings(views_folder(log, folder))]
        chosen = [kinds.projection(each) for each in names or kept_now]
        if not chosen:
            raise NoSuchView("", db, [])
        for projection in chosen:
            with _bar(projection, log) as tell:
                kept = Projections(
                    log, projection, folder=folder, threads=False, progress=tell
                )  # fmt: skip
                with kept:
                    kept[projection.name].rebuild()
                    found = kept.status()[0]
            say(f"{found.name}: {found.events:,} events up to position {found.position:,}", "green")


@contextmanager
def _bar(projection: AnyProjection, log: Log) -> Iterator[Any]:
    seen = 0
    with progress(f"rebuilding {projection.name}", log.last_position()) as advance:

        def tell(_: str, position: int, __: int) -> None:
            nonlocal seen
            advance(position - seen)
            seen = position

        yield tell


def add_to(app: typer.Typer) -> None:
    """The commands of this room."""
    for each in (views, view, rebuild):
        app.command(each.__name__)(each)
