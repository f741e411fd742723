"""An event as it stands in the log, and the envelope that is stored with it.

The stored form is one JSON object a row, readable in any shell:
`{"recorded_at":"…","by":"bank","data":{…},"why":"salary","cause":"…"}`; what equals its default is
left out. `recorded_at` comes first because the log writes it at the commit, in front of the rest.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar

import msgspec

E = TypeVar("E")


class Recorded(msgspec.Struct, frozen=True, gc=False):
    """One event with everything the log knows of it.

    `version` counts 1, 2, 3 … for each address, `position` increases over the whole log,
    `recorded_at` never runs backwards along positions, `happened_at` is what the world says (the
    same unless given), `cause` is the id of the command. `name` is the wire name that is stored,
    also where `event` was upcast from it and is of a newer version.
    """

    position: int
    address: str
    version: int
    name: str
    event: Any
    recorded_at: datetime
    happened_at: datetime
    by: str
    why: str
    cause: str


class Stamp(msgspec.Struct, frozen=True, gc=False):
    """What can be read of any row, also of one whose event nobody knows any more."""

    recorded_at: datetime
    cause: str = ""
    happened_at: datetime | None = None


class Tail(msgspec.Struct, Generic[E], frozen=True, gc=False, omit_defaults=True):
    """The envelope without `recorded_at`, which only the commit knows."""

    by: str
    data: E
    why: str = ""
    cause: str = ""
    happened_at: datetime | None = None


class Envelope(
    msgspec.Struct,
    Generic[E],
    frozen=True,
    gc=False,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """The whole of what a row's state holds."""

    recorded_at: datetime
    by: str
    data: E
    why: str = ""
    cause: str = ""
    happened_at: datetime | None = None
