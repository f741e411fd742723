"""The states of a reopened log, in the plain dicts of the model."""

from __future__ import annotations

from typing import Any

from retold import ActorSystem
from retold.events.channel import Channel
from retold.events.workflow import Workflow

from .ledger import Account, Bank
from .model import States


def states_of(system: ActorSystem) -> States:
    """The state of every actor that the log knows, as a fresh system recovers it."""
    found: States = {}
    for address, version in system.log.addresses():
        actor = system.actor(address)
        actor.wake()
        assert actor.version == version
        found[address] = _plain(actor.state)
    return found


def _plain(state: Any) -> dict[str, Any]:
    match state:
        case Account(balance):
            return {"balance": balance}
        case Bank(transfers, moved):
            return {"transfers": transfers, "moved": moved}
        case Workflow(document, version, channels):
            return {"document": document, "version": version, "channels": channels}
        case Channel(phase, document, entries, payload_bytes):
            return {
                "phase": phase,
                "document": document,
                "entries": entries,
                "bytes": payload_bytes,
            }
    raise TypeError(f"{state!r} is no state of these tests")
