"""The other half of the demo: the approval again, from the file alone, beside what was live."""

from __future__ import annotations

from typing import Any

import attrs

from ..actors.channel import channel
from ..actors.workflow import workflow
from ..events.address import kind
from ..events.document import checksum
from ..events.fold import fold
from ..events.log import Log
from ..projections.digest import states_digest
from ..projections.merged import merged_entries
from ..projections.versions import state_versions
from .approval import Entry, Told, Version
from .errors import RetoldDiffers

_INITIAL = {each.kind: each.initial for each in (workflow, channel)}


@attrs.frozen
class Comparison:
    """One thing that was live, and the same from the file, in words."""

    what: str
    live: str
    rebuilt: str
    equal: bool


def rebuild(log: Log, root: str) -> Told:
    """The approval at `root` as its log tells it: a pure fold, nothing is executed again."""
    below = list(log.addresses(f"{root}/"))
    states = [(root, log.version(root)), *below]
    versions = (
        Version(each.version, each.author, each.reason, each.document)
        for each in state_versions(log.read(root))
        if each.checksum == checksum(each.document)
    )
    entries = (
        Entry(each.position, each.channel, each.sequence, each.sender, each.payload.decode())
        for each in merged_entries(*(log.read(address) for address, _ in below))
    )
    return Told(
        root,
        tuple((address, last, _state(log, address)) for address, last in sorted(states)),
        tuple(versions),
        tuple(entries),
    )


def compare(live: Told, rebuilt: Told) -> tuple[Comparison, ...]:
    """States, versions, merged view and digest of an approval, live beside rebuilt."""
    pairs: tuple[tuple[str, Any, Any, str], ...] = (
        ("states", live.states, rebuilt.states, "actors"),
        ("versions", live.versions, rebuilt.versions, "versions"),
        ("merged view", live.entries, rebuilt.entries, "entries"),
    )
    counted = tuple(
        Comparison(what, f"{len(one)} {unit}", f"{len(two)} {unit}", one == two)
        for what, one, two, unit in pairs
    )
    one, two = states_digest(live.states), states_digest(rebuilt.states)
    return (*counted, Comparison("digest", one[:16], two[:16], one == two))


def require_equal(compared: tuple[Comparison, ...]) -> None:
    """Raise `RetoldDiffers`, naming what is not the same."""
    different = [each.what for each in compared if not each.equal]
    if different:
        raise RetoldDiffers(different)


def _state(log: Log, address: str) -> Any:
    return fold(_INITIAL[kind(address)], log.events(address))
