"""The options that several commands share, with one name and one meaning each."""

from __future__ import annotations

from typing import Annotated

import typer

MOST = 2**63 - 1
"""The highest number that can be typed: SQLite and Python's queues take no higher one."""

Db = Annotated[
    str,
    typer.Option("--db", metavar="FILE", envvar="RETOLD_DB", help="The log: a file, or a log URL."),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")]
Modules = Annotated[
    list[str] | None,
    typer.Option(
        "--module",
        metavar="NAME_OR_FILE",
        help="A module of yours with behaviours and events; may be given several times.",
    ),
]
Address = Annotated[
    str, typer.Argument(metavar="ADDRESS", help="An actor, such as workflow/approval-1.")
]
ByLogVersion = Annotated[
    bool,
    typer.Option(
        "--log-versions", help="For a workflow: count its events instead of its state versions."
    ),
]
At = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="POINT",
        help="As of a point of the past: a time (when it happened; ISO, UTC), recorded:TIME,"
        " position:N or '#N', version:N or vN.",
    ),
]
Limit = Annotated[int | None, typer.Option(min=1, max=MOST, help="The first so many.")]
Last = Annotated[int | None, typer.Option(min=1, max=MOST, help="The last so many.")]
After = Annotated[int, typer.Option(metavar="POSITION", max=MOST, help="Those after a position.")]
