"""Where an actor stood: after a version, at a moment, or now; and what lay between two versions.

For a workflow *version* means state version: the persists and merges that its document has had. Its
log version also counts what became of its channels. For every other kind the two are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from ..events import past
from ..events.document import Difference, differences
from ..events.errors import NoSuchVersion
from ..events.fold import fold
from ..events.log import Log
from ..events.point import Point
from ..events.recorded import Recorded
from ..events.workflow import ChannelMerged, StatePersisted, Workflow
from .errors import NoStateVersion
from .screen import plain


@attrs.frozen
class Asked:
    """Up to where an actor is to be rebuilt: at most one of these, and all of it for none.

    A version of `at` means what `version` does.
    """

    version: int | None = None
    log_version: int | None = None
    at: Point | None = None


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

    Raises `NoSuchVersion` and `NoStateVersion` for what the log does not reach.
    """
    walk = _Walk(initial)
    events = walk.events(past.read(log, address, in_log(log, address, initial, asked)))
    return Standing(address, fold(initial, events), walk.version, walk.log_version, walk.made)


def in_log(log: Log, address: str, initial: Any, asked: Asked) -> Point | None:
    """What was asked for as a point of the log, where versions count events.

    Raises as `standing` does.
    """
    version = asked.version if asked.at is None else asked.at.version
    if asked.log_version is not None:
        version = asked.log_version
    elif version is None:
        return asked.at
    elif isinstance(initial, Workflow):
        return Point(version=_made_by(log, address, version))
    last = log.version(address)
    if not 0 <= version <= last:
        raise NoSuchVersion(address, version, last)
    return Point(version=version)


def _made_by(log: Log, address: str, version: int) -> int:
    """The log version that made a state version; 0 for the beginning."""
    if version == 0:
        return 0
    reached = 0
    for each in log.read(address):
        reached += _makes_a_version(each)
        if reached == version:
            return each.version
    raise NoStateVersion(address, version, reached)


class _Walk:
    """Passes events on, and remembers the last one that made a version."""

    def __init__(self, initial: Any) -> None:
        self.version = self.log_version = 0
        self.made: Recorded | None = None
        self._versioned = isinstance(initial, Workflow)

    def events(self, recorded: Iterator[Recorded]) -> Iterator[Any]:
        for each in recorded:
            self.log_version = each.version
            if not self._versioned:
                self.version, self.made = each.version, each
            elif _makes_a_version(each):
                self.version, self.made = self.version + 1, each
            yield each.event


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
    made = tuple(
        each for each in steps if not isinstance(initial, Workflow) or _makes_a_version(each)
    )
    return Between(one, two, differences(document(one.state), document(two.state)), made)


def document(state: Any) -> Any:
    """What a state shows of itself: a workflow its document, another its fields."""
    return state.document if isinstance(state, Workflow) else plain(state)


def _makes_a_version(each: Recorded) -> bool:
    return isinstance(each.event, StatePersisted | ChannelMerged)
