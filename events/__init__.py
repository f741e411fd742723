"""What happened: facts, the states they add up to, the codec, and the log that keeps them.
The ground floor: it imports nothing of the house. Events and the states that give them meaning live
here, where both the actors and the projections can reach them.
"""

from .address import address
from .clock import ManualClock, WallClock
from .errors import Rejected, RetoldError
from .fold import fold
from .log import Append, Log
from .names import command, event, state
from .recorded import Recorded

__all__ = [
    "Append",
    "Log",
    "ManualClock",
    "Recorded",
    "Rejected",
    "RetoldError",
    "WallClock",
    "address",
    "command",
    "event",
    "fold",
    "state",
]
