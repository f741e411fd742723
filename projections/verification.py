"""Verification: is the log what was written? Every row, every version, every checksum."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs

from ..events.document import checksum
from ..events.errors import RetoldError
from ..events.log import Log
from ..events.recorded import Recorded
from ..events.recorders import MemoryRecorder, SqliteRecorder
from ..events.workflow import ChannelMerged, StatePersisted


@attrs.frozen
class Problem:
    """One thing that is wrong: where, and what. Position 0 stands for a whole address."""

    position: int
    address: str
    version: int
    reason: str


def verify(
    log: Log, initial: Callable[[str], Any], tick: Callable[[int], None] = lambda events: None
) -> Iterator[Problem]:
    """Every problem of the log: rows that do not decode, gaps in versions, wrong checksums, time
    that runs backwards; in a file of ours, and in memory, gaps in positions too. An address is
    left at its first row that does not decode.

    `initial(address)` is the state an address began from; `tick` is called with the number of
    events of each address.
    """
    for address, last in log.addresses():
        yield from _verify_address(log, address, initial)
        tick(last)
    yield from _verify_order(log)


def _verify_address(log: Log, address: str, initial: Callable[[str], Any]) -> Iterator[Problem]:
    version = position = 0
    try:
        state = initial(address)
        for each in log.read(address):
            position = each.position
            if each.version != version + 1:
                reason = f"version {version + 1} is missing"
                yield Problem(position, address, each.version, reason)
            version = each.version
            state = state.evolve(each.event)
            yield from _verify_checksum(each, state)
    except RetoldError as error:
        at = getattr(error, "position", position)
        yield Problem(at, address, getattr(error, "version", version + 1), str(error))
    except (LookupError, ValueError, TypeError) as error:
        reason = f"its state cannot take it: {type(error).__name__}: {error}"
        yield Problem(position, address, version, reason)


def _verify_checksum(each: Recorded, state: Any) -> Iterator[Problem]:
    if isinstance(each.event, StatePersisted | ChannelMerged):
        found = checksum(state.document)
        if found != each.event.checksum:
            reason = f"the state has checksum {found}, stored was {each.event.checksum}"
            yield Problem(each.position, each.address, each.version, reason)


def _verify_order(log: Log) -> Iterator[Problem]:
    """No position is missing and `recorded_at` never runs backwards, over all that can be read."""
    latest = None
    last = 0
    gapless = isinstance(log.journal, SqliteRecorder | MemoryRecorder)
    try:
        for position, address, version, name, state in log.rows():
            if gapless and position != last + 1:
                yield Problem(last + 1, "", 0, _missing(last + 1, position - 1))
            moment = log.codec.stamp(position, address, version, name, state).recorded_at
            if latest is not None and moment < latest:
                reason = f"recorded at {moment}, before the row in front of it ({latest})"
                yield Problem(position, address, version, reason)
            latest, last = moment, position
    except RetoldError as error:
        reason = f"reading on by position stopped: {error}"
        yield Problem(getattr(error, "position", last + 1), "", 0, reason)


def _missing(first: int, last: int) -> str:
    """Rows that are not there, in words."""
    if first == last:
        return f"the row at position {first} is missing"
    return f"the rows at positions {first} to {last} are missing"
