"""Retell: the state of an actor at any point of its past, from the log alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from ..events.address import check
from ..events.errors import NoSuchVersion
from ..events.fold import fold
from ..events.log import Log
from .behaviour import Behaviour


def retell(
    log: str | Log,
    address: str,
    *,
    version: int | None = None,
    at: datetime | None = None,
    behaviour: Behaviour,
    settings: Mapping[str, str] | None = None,
) -> Any:
    """The state of an actor after `version` events, or as the world stood `at` a moment, or now.

    A pure fold: nothing is executed again, nothing is written, and another process may be writing
    meanwhile. `at` takes the longest run of versions that had all happened by then (`happened_at`;
    a naive moment is UTC). Version 0, and a moment before the first event, give the behaviour's
    initial state. Raises `NoSuchVersion` for a version that the log does not reach or an address
    without events, and as `Log.open` and `Log.read` do.
    """
    if version is not None and at is not None:
        raise ValueError("retell takes a version or a moment, not both")
    if isinstance(log, Log):
        return _retold(log, check(address), version, at, behaviour)
    with Log.open(log, read_only=True, create=False, settings=settings) as opened:
        return _retold(opened, check(address), version, at, behaviour)


def _retold(
    log: Log, address: str, version: int | None, at: datetime | None, behaviour: Behaviour
) -> Any:
    last = log.version(address)
    if not last or (version is not None and not 0 <= version <= last):
        raise NoSuchVersion(address, last if version is None else version, last)
    if at is None:
        return fold(behaviour.initial, log.events(address, upto=version))
    moment = at if at.tzinfo else at.replace(tzinfo=UTC)
    return fold(behaviour.initial, _until(log, address, moment))


def _until(log: Log, address: str, moment: datetime) -> Iterator[Any]:
    for each in log.read(address):
        if each.happened_at > moment:
            return
        yield each.event
