"""The actor system of a simulated world: the live one, where it meets time and chance."""

from __future__ import annotations

import atexit

from ..actors.behaviour import Behaviour
from ..actors.message import Message
from ..actors.options import Options
from ..actors.passivation import EVERY, Sweeper
from ..actors.snapshots import Snapshots
from ..actors.system import ActorSystem
from ..events.log import Log
from .commits import DrawnCommitter
from .dispatch import Turns


class SimulatedSweeper(Sweeper):
    """Lets families fall asleep as turns are taken, at most once in `EVERY` seconds.

    Nobody can tell when they do, so no event of the environment is spent on it, and a world with
    nothing left to happen comes to its end.
    """

    def start(self) -> None:
        """From now on look after each turn, if a second has gone by."""
        self._last = self._system.clock.now()
        turns = self._system.dispatcher
        if self._on and isinstance(turns, Turns):
            turns.chore = self._look_now_and_then

    def _look_now_and_then(self) -> None:
        now = self._system.clock.now()
        if (now - self._last).total_seconds() >= EVERY:
            self._last = now
            self.look()


class SimulatedSnapshots(Snapshots):
    """Writes what is noted where it is noted, at most once in a second: for the same reason.

    So the log of a seed is the same with snapshots and without, wherever the world crashes.
    """

    def _arm(self) -> None:
        if not self._system.closed and self._system.clock.now() >= self._next:
            self.write_waiting()


class SimulatedSystem(ActorSystem):
    """The same families, actors, timers and reactions; only what commits and sends is drawn."""

    sweeper_class = SimulatedSweeper
    snapshots_class = SimulatedSnapshots

    def __init__(
        self, log: Log, *behaviours: Behaviour, turns: Turns, seed: str, options: Options
    ) -> None:
        self._turns = turns
        super().__init__(log, *behaviours, dispatcher=turns, seed=seed, options=options)
        self.committer = turns.committer = DrawnCommitter(log, turns.run, turns.decided, turns.wake)

    def _deliver(self, message: Message, *, from_an_actor: bool) -> None:
        """As live; what comes from an actor takes its time to arrive."""
        if from_an_actor and self._turns.ways is not None:
            self._turns.send(message)
        else:
            super()._deliver(message, from_an_actor=from_an_actor)

    def vanish(self) -> None:
        """End as a process that is killed ends: nothing is answered, written or handed back."""
        self.closed = self.ended = True
        atexit.unregister(self.close)
