"""Where an actor stood: after a version, at a moment, or now; and what lay between two versions.

For a workflow *version* means state version: the persists and merges that its document has had. Its
log version also counts what became of its channels. For every other kind the two are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import attrs

from ..events.document import Difference, differences
from ..events.errors import NoSuchVersion
from ..events.fold import fold
from ..events.log import Log
from ..events.recorded import Recorded
from ..events.workflow import ChannelMerged, StatePersisted, Workflow
from .errors import NoStateVersion
from .screen import plain


@attrs.frozen
class Asked:
    """Up to where an actor is to be rebuilt; nothing given means all of it. At most one is."""

    version: int | None = None
    log_version: int | None = None
    at: datetime | None = None


@attrs.frozen
class Standing:
    """An actor's state at a point of its past, and the event that brought it there.

    `version` is the state version of a workflow, else the log version. `made` is the event of that
    version, None before the first.
    """

    address: str
    state: Any
    version: int
    log_version: int
    made: Recorded | None


def standing(log: Log, address: str, initial: Any, asked: Asked) -> Standing:
    """Rebuild an actor from its events, up to what was asked for.

    `at` takes the longest run of versions that had all happened by then. Raises `NoSuchVersion` and
    `NoStateVersion` for what the log does not reach.
    """
    if not isinstance(initial, Workflow) and asked.version is not None:
        asked = Asked(log_version=asked.version)
    last = log.version(address)
    if asked.log_version is not None and not 0 <= asked.log_version <= last:
        raise NoSuchVersion(address, asked.log_version, last)
    walk = _Walk(initial, asked)
    state = fold(initial, walk.events(log.read(address, upto=asked.log_version)))
    if asked.version is not None and walk.version != asked.version:
        raise NoStateVersion(address, asked.version, walk.version)
    return Standing(address, state, walk.version, walk.log_version, walk.made)


class _Walk:
    """Passes events on up to the point asked for, and remembers the last of them."""

    def __init__(self, initial: Any, asked: Asked) -> None:
        self.version = self.log_version = 0
        self.made: Recorded | None = None
        self._versioned = isinstance(initial, Workflow)
        self._asked = asked

    def events(self, recorded: Iterator[Recorded]) -> Iterator[Any]:
        wanted, moment = self._asked.version, self._asked.at
        if wanted == 0:
            return
        for each in recorded:
            if moment is not None and each.happened_at > moment:
                return
            self._note(each)
            yield each.event
            if wanted is not None and self.version == wanted:
                return

    def _note(self, each: Recorded) -> None:
        self.log_version = each.version
        if not self._versioned:
            self.version, self.made = each.version, each
        elif isinstance(each.event, StatePersisted | ChannelMerged):
            self.version, self.made = self.version + 1, each


@attrs.frozen
class Between:
    """Two points of an actor's past, what differs, and the events from one to the other."""

    earlier: Standing
    later: Standing
    differences: tuple[Difference, ...]
    steps: tuple[Recorded, ...]


def between(log: Log, address: str, initial: Any, first: Asked, second: Asked) -> Between:
    """What changed from the first point to the second, which may be the earlier one.

    Of a workflow the documents are compared, of any other kind the states. `steps` are those events
    between the two that made a version, oldest first. Raises as `standing` does.
    """
    one = standing(log, address, initial, first)
    two = standing(log, address, initial, second)
    low, high = sorted((one.log_version, two.log_version))
    steps = log.read(address, after=low, upto=high)
    made = tuple(each for each in steps if _makes_a_version(initial, each))
    return Between(one, two, differences(document(one.state), document(two.state)), made)


def document(state: Any) -> Any:
    """What a state shows of itself: a workflow its document, another its fields."""
    return state.document if isinstance(state, Workflow) else plain(state)


def _makes_a_version(initial: Any, each: Recorded) -> bool:
    if not isinstance(initial, Workflow):
        return True
    return isinstance(each.event, StatePersisted | ChannelMerged)
