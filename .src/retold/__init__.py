"""Event-sourced actors: tell them live, retell them from the log, rehearse them in simulated time.

The dozen first names. Everything else is found on the floor it lives on: `retold.events`,
`retold.actors`, `retold.projections`, `retold.sims`.
"""

from .actors import ActorRef, ActorSystem, At, Behaviour, Receipt, retell
from .events import Log, Rejected, address, command, event, state

__all__ = [
    "ActorRef",
    "ActorSystem",
    "At",
    "Behaviour",
    "Log",
    "Receipt",
    "Rejected",
    "address",
    "command",
    "event",
    "retell",
    "state",
]
