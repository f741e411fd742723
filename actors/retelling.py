"""Retell: the state of an actor at any point of its past, from the log alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..events import past
from ..events.address import check, kind
from ..events.errors import BadPoint, NoSuchVersion, UnknownKind
from ..events.fold import fold
from ..events.inherited import Inherited
from ..events.log import Log
from ..events.point import Point, When, point_of
from .behaviour import Behaviour


def retell(
    log: str | Inherited | Log,
    address: str,
    *,
    version: int | None = None,
    at: When = None,
    behaviour: Behaviour,
    settings: Mapping[str, str] | None = None,
) -> Any:
    """The state of an actor after `version` events, `at` a point of the past, or now.

    A pure fold: nothing is executed again, nothing is written, and another process may be writing
    meanwhile. A moment as `at` is a point by `happened_at`: the longest run of versions that had
    all happened by then (a naive moment is UTC); for other points see `Point`. Version 0, and a
    point before the first event, give the behaviour's initial state. Raises `NoSuchVersion` for a
    version that the log does not reach or an address without events, `UnknownKind` for a behaviour
    of another kind than the address, `BadPoint` for what is neither a number nor a point, and as
    `Log.open` and `Log.read` do.
    """
    if version is not None and at is not None:
        raise ValueError("retell takes a version or a point, not both")
    if not isinstance(version, int | None):
        raise BadPoint(f"its version is {version!r}, which is no int")
    point = point_of(at)
    if kind(check(address)) != behaviour.kind:
        raise UnknownKind(address, kind(address), (behaviour.kind,))
    if isinstance(log, Log):
        return _retold(log, address, version, point, behaviour)
    with Log.open(log, read_only=True, create=False, settings=settings) as opened:
        return _retold(opened, address, version, point, behaviour)


def _retold(
    log: Log, address: str, version: int | None, at: Point | None, behaviour: Behaviour
) -> Any:
    last = log.version(address)
    if not last or (version is not None and not 0 <= version <= last):
        raise NoSuchVersion(address, last if version is None else version, last)
    if version is not None:
        at = Point(version=version)
    return fold(behaviour.initial, log.codec.events(past.rows(log, address, at)))
