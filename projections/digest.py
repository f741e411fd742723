"""Replay: rebuild every actor from the log, and put all states under one digest.

The digest is SHA-256 over one line for each actor, by address: `address version state` and a
newline, the state as its canonical JSON. Two logs have one digest if and only if all their states
are equal; the live system's states give the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import attrs
import msgspec

from ..events.address import kind
from ..events.document import canonical
from ..events.fold import fold
from ..events.log import Log
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
    log: Log, initial: Callable[[str], Any], tick: Callable[[int], None] = lambda events: None
) -> Replayed:
    """Fold every actor of the log. `initial(address)` is the state it began from.

    `tick` is called with the number of events of each actor, for a progress bar.
    """
    kinds: dict[str, int] = {}
    events = versions = 0

    def states() -> Iterator[tuple[str, int, Any]]:
        nonlocal events, versions
        for address, last in log.addresses():
            state = fold(initial(address), log.events(address, upto=last))
            kinds[kind(address)] = kinds.get(kind(address), 0) + 1
            events += last
            versions += state.version if isinstance(state, Workflow) else 0
            tick(last)
            yield address, last, state

    digest = states_digest(states())
    return Replayed(sum(kinds.values()), kinds, events, versions, digest)


def states_digest(states: Iterable[tuple[str, int, Any]]) -> str:
    """The digest of states given as (address, version, state), by address."""
    total = hashlib.sha256()
    for address, version, state in states:
        plain = msgspec.to_builtins(state)
        total.update(f"{address} {version} ".encode() + canonical(plain) + b"\n")
    return total.hexdigest()
