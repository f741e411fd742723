"""The dispatcher of a simulated world: turns are events of a SimPy environment.

One event of the environment, scheduled again and again, is a *step*. A step does one thing out of
all that are ready: the turn of a family, a piece of the system's own work, or a commit of what was
decided. Which one is drawn from the seed, so another seed is another order. A turn takes one
message or all that wait, drawn as well. Between two steps the world may do anything: processes run,
messages arrive, the system crashes.
"""

from __future__ import annotations

import logging
import math
import random
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pykka
import simpy
from simpy.core import EmptySchedule

from ..actors.future import Future, inside
from ..actors.logs import about_message
from ..events.clock import Clock
from ..events.commit import Batch, do
from ..events.errors import AskInsideDecide, Overloaded, RetoldError
from .clock import VirtualClock
from .crash import Crash, PowerLoss
from .latency import Arrival, Ways

if TYPE_CHECKING:
    from ..actors.inbox import Inbox
    from ..actors.message import Message
    from .commits import DrawnCommitter

_log = logging.getLogger("retold")

TURN_SIZE = 200
"""Messages that a turn takes at most, as in a live system."""


class AskInsideProcess(RetoldError, RuntimeError):
    """A process of the world waited for an answer without giving the world a chance to run."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(
            f"{address} was waited for inside a process, and the world stands still meanwhile:"
            " write `receipt = yield sim.ask(address, command)`."
        )


class Step(simpy.Event):
    """One event that is scheduled anew for every step, so that a step allocates nothing."""

    def __init__(self, environment: simpy.Environment, work: Callable[[simpy.Event], None]) -> None:
        super().__init__(environment)
        self._ok = True
        self._value = None
        self._work = [work]

    def schedule(self) -> None:
        """Let the work be done at this instant, after what was scheduled before."""
        self.callbacks = self._work
        self.env.schedule(self)


class Turns:
    """One life of the system, from its opening to its end or crash."""

    committer: DrawnCommitter

    def __init__(
        self,
        environment: simpy.Environment,
        clock: VirtualClock,
        rng: random.Random,
        ways: Ways | None,
        steps: int,
        lost: Callable[[Crash], None],
    ) -> None:
        self.environment = environment
        self.ways = ways
        self.steps = steps
        self.over = False
        self.plan: Crash | None = None
        self.chore: Callable[[], None] | None = None
        self.decided: list[Batch] = []
        self._clock = clock
        self._random = rng.random
        self._lost = lost
        self._ready: list[tuple[Callable[..., None], object]] = []
        self._alarms: dict[Callable[[], None], datetime] = {}
        self._at_work = False
        self._armed = False
        self._step_event = Step(environment, self._step)
        drive = self._drive
        self.future = type(
            "SimulatedFuture", (Future,), {"_wait": lambda future, timeout: drive(future, timeout)}
        )

    # What an actor system asks.

    def ready(self, family: Inbox, claim: object) -> None:
        """Note the family as ready."""
        if not self.over:
            self._ready.append((family.turn, claim))
            if not self._armed:
                self._armed = True
                self._step_event.schedule()

    lead = ready
    leave = staticmethod(do)

    def run(self, work: Callable[[], None]) -> None:
        """Note a piece of work as ready."""
        if not self.over:
            self._ready.append((work, None))
            self.wake()

    def may_wait(self, address: str) -> None:
        """Raise inside a turn (`AskInsideDecide`) and inside a process (`AskInsideProcess`)."""
        if self._at_work:
            raise AskInsideDecide(address)
        if self.environment.active_process is not None:
            raise AskInsideProcess(address)

    def wake_at(self, moment: datetime, clock: Clock, ring: Callable[[], None]) -> None:
        """Note when to ring, and let the environment come by then."""
        if not self.over:
            self._alarms[ring] = moment
            seconds = self._clock.seconds_until(moment)
            Arrival(self.environment, seconds, self._ring, (ring, moment))

    def close(self, timeout: float | None = None) -> None:
        """Run what is ready, then take no more turns."""
        while not self.over and (self._ready or self.decided):
            self._step(self._step_event)
        self.stop()

    # What the world asks.

    def wake(self) -> None:
        """Let a step come, if none is about to."""
        if not (self._armed or self.over):
            self._armed = True
            self._step_event.schedule()

    def stop(self) -> None:
        """Forget all that was ready; whatever still calls from this life is ignored."""
        self.over = True
        self._ready.clear()
        self.decided.clear()
        self._alarms.clear()

    def send(self, message: Message) -> None:
        """Let a message arrive after the time it takes."""
        if self.ways is not None:
            seconds = self.ways.seconds(message.actor.family.root)
            Arrival(self.environment, seconds, self._arrived, message)

    # Steps.

    def _step(self, _: simpy.Event) -> None:
        """One thing of all that are ready, drawn."""
        self._armed = False
        ready, decided = self._ready, self.decided
        count = len(ready)
        drawn = self._random() * (count + 1 if decided else count)
        index = int(drawn)
        try:
            if index < count:
                self._take(index, drawn - index)
            elif decided:
                self._commit()
        except PowerLoss as loss:
            self._lost(loss.crash)
        finally:
            self._at_work = False
            if (ready or decided) and not self._armed:
                self._armed = True
                self._step_event.schedule()
        self.steps += 1
        if self.plan is not None and self.plan.step == self.steps:
            self._lost(self.plan)

    def _take(self, index: int, chance: float) -> None:
        ready = self._ready
        work, claim = ready[index]
        last = ready.pop()
        if index < len(ready):
            ready[index] = last
        if claim is None:
            work()
        else:
            self._at_work = True
            work(claim, 1 if chance < 0.5 else TURN_SIZE)
            if self.chore is not None:
                self.chore()

    def _commit(self) -> None:
        many = len(self.decided)
        drawn = self._random() * 2 if many > 1 else 2
        self.committer.commit(int(drawn * many) if drawn < 1 else None)

    def _ring(self, event: simpy.Event) -> None:
        due: Any = event.value
        ring, moment = due
        if self._alarms.get(ring) == moment:
            del self._alarms[ring]
            if self._clock.now() >= moment:
                self.run(ring)
            else:
                self.wake_at(moment, self._clock, ring)

    def _arrived(self, event: simpy.Event) -> None:
        """A message has arrived; if this life has ended by then, it is lost."""
        if self.over:
            return
        arrived: Any = event.value
        message: Message = arrived
        inside.pool = True  # nobody is there to be held up: a full inbox refuses
        try:
            message.actor.family.send(message, self.ready)
        except Overloaded as error:
            if message.future is None:
                _log.warning(
                    "%s lost %r: %s", message.actor.address, message.command, error,
                    extra=about_message(message),
                )  # fmt: skip
            message.fail(error)
        finally:
            inside.pool = False

    def _drive(self, future: Future[Any], timeout: float | None) -> None:
        """Run the world until an answer is there."""
        self.may_wait("a future")
        environment = self.environment
        until = math.inf if timeout is None else environment.now + timeout
        while not future.done:
            if environment.peek() > until:
                if until > environment.now:
                    environment.run(until)
                return
            try:
                environment.step()
            except EmptySchedule:
                raise pykka.Timeout("nothing is left to happen that could answer") from None
