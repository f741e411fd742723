"""Who decides: behaviours, families and their turns, the pykka shell and the actor system.
A command comes in by `ask` or `tell`, waits in its family's inbox, is decided over tentative
states, and is answered when its events are on disk. Imports from `events` only.
"""

from .behaviour import ROOT, At, Behaviour, Receipt, Send
from .context import Context
from .dispatch import Pool
from .future import Future
from .ref import ActorRef
from .retelling import retell
from .stepped import Stepped
from .system import ActorSystem

__all__ = [
    "ROOT",
    "ActorRef",
    "ActorSystem",
    "At",
    "Behaviour",
    "Context",
    "Future",
    "Pool",
    "Receipt",
    "Send",
    "Stepped",
    "retell",
]
