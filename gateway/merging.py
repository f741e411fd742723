"""The command `merged`: what the channels of a family heard, in one order."""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Annotated, Any

import typer

from ..events.log import Log
from ..projections.merged import MergedEntry
from ..projections.merged import merged as merged_of
from . import listing
from .addressing import known_address
from .errors import Clashing
from .kinds import Kinds
from .listing import Column
from .moments import shown
from .opening import open_to_read
from .options import At, Db, Json, Last, Limit, Modules
from .points import typed_point
from .screen import plain, show_json_lines

ENTRIES = (
    Column("#", "dim", right=True), Column("when (UTC)", "cyan"), Column("who", "magenta"),
    Column("channel", "blue"), Column("n", "bold", right=True), Column("type"),
    Column("entry", rest=True, under=True),
)  # fmt: skip

LONGEST = 500
"""Characters to which an entry is shortened; --json has it whole."""


def merged(
    root: Annotated[
        str, typer.Argument(metavar="ROOT", help="A workflow or process, or one channel.")
    ],
    db: Db,
    at: At = None,
    limit: Limit = None,
    last: Last = None,
    module: Modules = None,
    as_json: Json = False,
) -> None:
    """The merged view of a family's channels: their entries in the order of the log.

    With --at the view as it was then; its version is the number of its entries.
    """
    if limit is not None and last is not None:
        raise Clashing("--limit", "--last")
    Kinds.of(module)
    point = typed_point("--at", at)
    with open_to_read(db) as opened:
        entries = merged_of(opened, _known_root(opened, root), point)
        chosen = islice(entries, limit) if last is None else deque(entries, last)
        if as_json:
            show_json_lines(map(_as_json, chosen))
        else:
            listing.show(ENTRIES, map(_row, chosen))


def _known_root(log: Log, text: str) -> str:
    """An address with events, or one that has none itself but members that have."""
    if "//" not in text and next(log.addresses(f"{text}/"), None) is not None:
        return text
    return known_address(log, text)


def _row(each: MergedEntry) -> tuple[str, ...]:
    answers = f"(to {each.in_reply_to}) " if each.in_reply_to else ""
    return (
        str(each.position), shown(each.happened_at), each.sender, each.channel,
        str(each.sequence), each.type, answers + _shown(each.payload),
    )  # fmt: skip


def _shown(payload: bytes) -> str:
    text = payload[: 4 * LONGEST].decode(errors="replace")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _as_json(each: MergedEntry) -> dict[str, Any]:
    """An entry with its payload as base64, and as text where it is text."""
    try:
        text = each.payload.decode()
    except UnicodeDecodeError:
        text = None
    return {**plain(each), "text": text}
