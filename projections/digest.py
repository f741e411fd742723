"""Replay: rebuild every actor from the log, and put all states under one digest.

The digest is SHA-256 over one line for each actor, by address: `address version state` and a
newline, the state as its canonical JSON. Two logs have one digest if and only if all their states
are equal; the live system's states give the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import attrs
import msgspec

from ..events import past
from ..events.address import kind
from ..events.document import canonical
from ..events.fold import fold
from ..events.journal import StoredRow
from ..events.log import Log
from ..events.point import When
from ..events.workflow import Workflow


@attrs.frozen
class Replayed:
    """What a replay came to: how many actors of each kind, events, state versions, the digest."""

    actors: int
    kinds: dict[str, int]
    events: int
    versions: int
    digest: str


def replay(
    log: Log,
    initial: Callable[[str], Any],
    tick: Callable[[int], None] = lambda events: None,
    at: When = None,
) -> Replayed:
    """Fold every actor of the log, as it stood at a point; for None, now.

    `initial(address)` is the state it began from. At a point, actors that had no event yet are left
    out; a version is a number of events of the log. `tick` is called with the number of events that
    each actor has now, for a progress bar.
    """
    kinds: dict[str, int] = {}
    events = versions = 0

    def states() -> Iterator[tuple[str, int, Any]]:
        nonlocal events, versions
        for address, rows in _actors(log, tick, at):
            found = _Counted(rows)
            state = fold(initial(address), log.codec.events(found))
            kinds[kind(address)] = kinds.get(kind(address), 0) + 1
            events += found.version
            versions += state.version if isinstance(state, Workflow) else 0
            yield address, found.version, state

    digest = states_digest(states())
    return Replayed(sum(kinds.values()), kinds, events, versions, digest)


def _actors(
    log: Log, tick: Callable[[int], None], at: When
) -> Iterator[tuple[str, Iterator[StoredRow]]]:
    """Every address that had an event, and its rows."""
    cut = None if at is None else past.settled(log, at)
    for address, last in log.addresses():
        rows = log.journal.rows(address, upto=last) if cut is None else past.rows(log, address, cut)
        if (first := next(rows, None)) is not None:
            yield address, chain((first,), rows)
        tick(last)


class _Counted:
    """Passes rows on and keeps the version of the last."""

    def __init__(self, rows: Iterator[StoredRow]) -> None:
        self._rows = rows
        self.version = 0

    def __iter__(self) -> Iterator[StoredRow]:
        row = None
        for row in self._rows:
            yield row
        if row is not None:
            self.version = row[2]


def states_digest(states: Iterable[tuple[str, int, Any]]) -> str:
    """The digest of states given as (address, version, state), by address."""
    total = hashlib.sha256()
    for address, version, state in states:
        plain = msgspec.to_builtins(state)
        total.update(f"{address} {version} ".encode() + canonical(plain) + b"\n")
    return total.hexdigest()
