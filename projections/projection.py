"""A projection: how a view is made from the events of a log, one after the other.

It is a value: a name and a function. A `Projection` makes a view in memory, whatever object that
is; a `StoredProjection` makes tables in an SQLite file of its own. Either is told every event once,
in the order of the log, and nothing else; so the view can be made again at any time, up to any
event.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import attrs
from attrs.validators import optional

from ..events.following.calling import check_plain
from ..events.recorded import Recorded

Fold: TypeAlias = Callable[[Any, Recorded], Any]
"""`apply(view, recorded)`: the view with one more event."""

Write: TypeAlias = Callable[[Any, Recorded], None]
"""`apply(db, recorded)`: changes the tables by `db.execute(…)`; `db` is a `sqlite3.Connection`."""

WriteAll: TypeAlias = Callable[[Any, Sequence[Recorded]], None]
"""`apply_all(db, events)`: changes them for one or more events, in the order of the log."""


def _named(_: Any, __: Any, name: Any) -> None:
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"a projection has a name, not {name!r}")


def _kinds(_: Any, __: Any, kinds: Any) -> None:
    if not isinstance(kinds, tuple) or not all(isinstance(each, str) for each in kinds):
        raise TypeError(f"kinds are a tuple of names such as ('account',), not {kinds!r}")


def _function(_: Any, field: Any, given: Any) -> None:
    check_plain(f"{field.name} of a projection", given)


def _of(wanted: type, said: str) -> Callable[[Any, Any, Any], None]:
    def check(_: Any, field: Any, given: Any) -> None:
        if not isinstance(given, wanted):
            raise TypeError(f"{field.name} of a projection {said}, not {given!r}")

    return check


def _itself(view: Any) -> Any:
    return view


@attrs.frozen(kw_only=True)
class Projection:
    """A view in memory: made anew from the log whenever a runner starts.

    `start()` gives the empty view, `apply(view, recorded)` the view with one more event: another
    object, or the same one changed. Only events of actors of these `kinds` are told, of all if none
    are named. `show(view)` is what is printed of it, in terms of JSON or attrs classes.
    """

    name: str = attrs.field(validator=_named)
    start: Callable[[], Any] = attrs.field(validator=_function)
    apply: Fold = attrs.field(validator=_function)
    kinds: tuple[str, ...] = attrs.field(default=(), validator=_kinds)
    show: Callable[[Any], Any] = _itself


@attrs.frozen(kw_only=True)
class StoredProjection:
    """A view in tables of an SQLite file, with the place in the log that it stands at.

    `tables` are the statements that make the empty tables, `apply(db, recorded)` changes them for
    one event, inside a transaction that also moves the place: it neither commits nor rolls back. If
    its `version` is not the one that a file was made with, the view is made anew beside the old
    one, which is replaced when the new one has caught up.

    `apply_all(db, events)` stands in place of `apply` where one statement can do for many events.
    How they are cut into pieces (of 1 to 1,000) is chance, so the tables must not depend on it; a
    piece that fails is told again one by one, to find the event at which it does.
    """

    name: str = attrs.field(validator=_named)
    tables: str = attrs.field(validator=_of(str, "is a text of SQL"))
    apply: Write | None = attrs.field(default=None, validator=optional(_function))
    apply_all: WriteAll | None = attrs.field(default=None, validator=optional(_function))
    kinds: tuple[str, ...] = attrs.field(default=(), validator=_kinds)
    version: int = attrs.field(default=1, validator=_of(int, "is a number"))

    def __attrs_post_init__(self) -> None:
        """Refuse one that is told in no way, or in two."""
        if (self.apply is None) is (self.apply_all is None):
            raise TypeError(f"the projection {self.name!r} needs either apply or apply_all")


AnyProjection: TypeAlias = Projection | StoredProjection
"""A projection whose view is an object in memory, or tables in a file."""
