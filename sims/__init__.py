"""What if: the actor system in virtual time, on a SimPy environment, by a seed.
A `Simulation` runs the same actor classes that run live, draws whose turn it is, lets messages take
their time, and crashes where it is told to. Imports from `actors`, `projections` and `events` only.
"""

from .crash import Crashed
from .dispatch import AskInsideProcess
from .ref import SimulatedRef
from .world import Simulation

__all__ = ["AskInsideProcess", "Crashed", "SimulatedRef", "Simulation"]
