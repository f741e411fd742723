"""Due times: what `due` says of a state, and what the log's table knows of all of them.

The table holds for each kind that it covers a row under the kind's own name. A kind that it does
not cover (a log of before there was such a table, a behaviour that had no `due` then) is folded
when the log is opened, once; and each time where a store keeps no table. A kind that is opened
without a `due` is covered no more.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ..events.address import kind
from ..events.errors import BadDecision
from ..events.fold import fold
from ..events.journal import Due

if TYPE_CHECKING:
    from .actor import Actor
    from .system import ActorSystem

_COVERED = datetime(1970, 1, 1, tzinfo=UTC)


def due_moment(actor: Actor, command: Any) -> datetime | None:
    """When an actor wants to be woken, by its tentative state; None for never.

    Raises `BadDecision` for what is no moment.
    """
    moment = None if actor.due is None else actor.due(actor.tentative)
    if moment is None or (type(moment) is datetime and moment.tzinfo is not None):
        return moment
    reason = f"due gives a datetime with a zone or None, not {moment!r}"
    raise BadDecision(actor.address, command, reason)


def known_dues(system: ActorSystem) -> dict[str, datetime]:
    """All due times by address, from the table; kinds that it lacks are folded and added to it."""
    behaviours = system.index.behaviours
    wanted = {each.kind for each in behaviours.values() if each.due}
    table = system.log.journal.dues()
    found = dict(table or ())
    covered = {each for each in found if "/" not in each}
    folded: list[Due] = list(_folded(system, wanted - covered))
    changed: list[Due] = [*folded, *((each, _COVERED) for each in sorted(wanted - covered))]
    changed += [(each, None) for each in sorted(covered & (behaviours.keys() - wanted))]
    if changed and table is not None:
        system.log.store((), changed)
    found.update((address, moment) for address, moment in folded if moment is not None)
    return {
        address: moment
        for address, moment in found.items()
        if "/" in address and kind(address) in wanted
    }


def _folded(system: ActorSystem, kinds: set[str]) -> Iterator[Due]:
    for address, _ in system.log.addresses() if kinds else ():
        if kind(address) in kinds:
            behaviour = system.index.behaviour(address)
            if behaviour.due is not None:
                yield address, behaviour.due(fold(behaviour.initial, system.log.events(address)))
