"""A simulated world: an actor system inside a SimPy environment, by the same actor classes.

Time is the environment's, chance is the seed's, and nothing else comes in: the same seed gives the
same log to the byte, in any process. The system can crash at any event and be restarted on its log;
the processes of the environment are the world outside, and live on.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import UTC, datetime
from typing import Any

import simpy

from ..actors.behaviour import Behaviour
from ..actors.future import Future
from ..actors.message import Message
from ..actors.options import Options
from ..events.clock import Draws
from ..events.closing import Closing
from ..events.log import Log
from .answers import event_of
from .clock import VirtualClock
from .crash import Crash, Crashed, CrashingJournal
from .dispatch import Turns
from .latency import Arrival, Latency, Ways
from .ref import SimulatedRef
from .system import SimulatedSystem

DAWN = datetime(2000, 1, 1, tzinfo=UTC)


class Simulation(Closing):
    """A system of these behaviours in virtual time. Use it as a context manager, or `close` it.

    >>> from retold import Behaviour, command, event, state
    >>> @event("lamp.lit.v1")
    ... class Lit: pass
    >>> @command
    ... class Light: pass
    >>> @state
    ... class Lamp:
    ...     lit: int = 0
    ...     def evolve(self, event): return Lamp(self.lit + 1)
    >>> lamp = Behaviour("lamp", Lamp(), lambda lamp, command, context: (Lit(),))
    >>> def watchman(sim):
    ...     for _ in range(3):
    ...         yield sim.env.timeout(3600)
    ...         receipt = yield sim.ask("lamp/hall", Light(), by="watchman")
    ...         print(sim.clock.now().time(), receipt.state)
    >>> with Simulation(lamp, seed="night") as sim:
    ...     _ = sim.process(watchman(sim))
    ...     sim.run()
    01:00:00 Lamp(lit=1)
    02:00:00 Lamp(lit=2)
    03:00:00 Lamp(lit=3)

    `log` is where the run is kept (`memory:`, `sqlite:///run.db`), `start` the moment at which the
    environment's clock stands at 0; a log that ends later goes on from its end. `latency` is how
    many seconds each message takes to arrive: a number, or a function of a seeded `random.Random`;
    answers take none. `environment` is one of yours, to put the system into a larger model.
    """

    system_class: type[SimulatedSystem] = SimulatedSystem
    """What runs in it, for those who test with a system of their own."""

    def __init__(
        self,
        *behaviours: Behaviour,
        seed: str | int,
        log: str = "memory:",
        start: datetime = DAWN,
        options: Options | None = None,
        latency: Latency | None = None,
        environment: simpy.Environment | None = None,
    ) -> None:
        self.env = environment or simpy.Environment()
        self.clock = VirtualClock(self.env, start)
        self.seed = str(seed)
        self.latency = latency
        self.lives = 0
        self._url = log
        self._behaviours = behaviours
        self._options = options or Options()
        self._rng = Draws(self.seed, "turns", "").rng()
        self._ways = None if latency is None else self._make_ways(latency)
        self._refs: dict[str, SimulatedRef] = {}
        self._asked: dict[Future[Any], Message] = {}
        self._opened = Log.open(log, clock=self.clock)
        self._journal = CrashingJournal(self._opened.journal)
        self.crashed = False
        self._begin(steps=0)

    def _make_ways(self, latency: Latency) -> Ways:
        return Ways(self.env, latency, Draws(self.seed, "latency", "").rng())

    def _begin(self, steps: int) -> None:
        """Open the system over the log as it stands, for one more life."""
        self.lives += 1
        self.log = Log(self._journal, self._opened.codec, self.clock)
        self.turns = Turns(self.env, self.clock, self._rng, self._ways, steps, self._struck)
        self.system = self.system_class(
            self.log,
            *self._behaviours,
            turns=self.turns,
            seed=self.seed,
            options=self._options,
        )

    # Time.

    @property
    def now(self) -> float:
        """The seconds of the environment; `clock.now()` is the same as a moment."""
        return self.env.now

    def run(self, until: float | datetime | simpy.Event | None = None) -> Any:
        """Run the world until nothing is left to happen, or to a time or event, as SimPy does."""
        if isinstance(until, datetime):
            until = self.env.now + self.clock.seconds_until(until)
        return self.env.run(until)

    def process(self, generator: Generator[simpy.Event, Any, Any]) -> simpy.Process:
        """Start a process of the world."""
        return self.env.process(generator)

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something so many seconds from now."""
        if seconds < 0:
            raise ValueError(f"nothing can be done {-seconds} s ago")
        Arrival(self.env, seconds, lambda _: work(), None)

    # Actors.

    def ref(self, address: str) -> SimulatedRef:
        """The actor at an address: it can be asked from outside, which runs the world until then.

        Inside a process only `tell`, and `ask` with `block=False`. It stays good over restarts.
        """
        ref = self._refs.get(address)
        if ref is None or not (self.crashed or ref.is_alive()):
            ref = self._refs[address] = SimulatedRef(self.system.actor(address), self)
        return ref

    def tell(self, address: str, message: Any, *, delay: float = 0.0, **envelope: Any) -> None:
        """`ref(address).tell`."""
        self.ref(address).tell(message, delay=delay, **envelope)

    def ask(
        self, address: str, message: Any, *, delay: float = 0.0, **envelope: Any
    ) -> simpy.Event:
        """Ask from a process: `receipt = yield sim.ask(address, command, by=…, why=…, id=…)`.

        The event succeeds with the receipt or fails with the error, `Crashed` if the system crashes
        first or is down when the command is sent, `delay` seconds from now.
        """
        ref = self.ref(address)
        if not delay:
            return event_of(self.env, ref.ask(message, block=False, **envelope))
        promised = Future[Any]()

        def send() -> None:
            future = ref.ask(message, block=False, **envelope)
            future.when_done(lambda: _pass_on(future, promised))

        self.later(delay, send)
        return event_of(self.env, promised)

    def state(self, address: str) -> Any:
        """The committed state of an actor."""
        return self.system.state(address)

    def asked(self, future: Future[Any], message: Message) -> None:
        """Somebody waits for an answer, and must be told if the system crashes."""
        self._asked[future] = message
        future.when_done(lambda: self._answered(future))

    def _answered(self, future: Future[Any]) -> None:
        self._asked.pop(future, None)

    # Crashes.

    @property
    def steps(self) -> int:
        """How many steps the system has taken, in all its lives."""
        return self.turns.steps

    @property
    def commits(self) -> int:
        """How many commits were begun, in all its lives."""
        return self._journal.commits

    def crash(self, restart_after: float | None = None) -> None:
        """End the system at once, between two events: what is not in the log is lost.

        Inboxes, states and what was decided are gone, and messages on their way to it with them.
        Every ask that has no answer yet fails with `Crashed`. A second crash does nothing.
        """
        if self.crashed:
            return
        self.crashed = True
        self.turns.stop()
        self.system.vanish()
        if self._on_disk:
            self._journal.close()
        lost, self._asked = self._asked, {}
        for future, message in lost.items():
            if not future.done:
                future.fail(Crashed(message.actor.address, message.id))
        if restart_after is not None:
            self.later(restart_after, self.restart)

    def crash_at(
        self,
        *,
        commit: int | None = None,
        position: int | None = None,
        step: int | None = None,
        stored: bool = True,
        restart_after: float | None = None,
    ) -> None:
        """Crash at the n-th commit, at the commit that stores a position, or after the n-th step.

        At a commit the rows are in the log and nobody has been told; with `stored=False` it strikes
        just before, and nothing of it is in the log. `restart_after` restarts the system so many
        seconds later. Commits and steps are counted over all lives.
        """
        if [commit, position, step].count(None) != 2:
            raise ValueError("say one of commit, position and step")
        plan = Crash(commit, position, step, stored, restart_after)
        if step is None:
            self._journal.plans.append(plan)
        else:
            self.turns.plan = plan

    def spare(self) -> None:
        """Call off the crashes that are still to come."""
        self._journal.plans.clear()
        self.turns.plan = None

    def restart(self) -> None:
        """Open a system on the same log again; one that is up goes on."""
        if not self.crashed:
            return
        if self._on_disk:
            self._reopen()
        self.crashed = False
        self._begin(self.steps)
        for address, ref in self._refs.items():
            ref.lead_to(self.system.actor(address))

    @property
    def _on_disk(self) -> bool:
        return self._url.startswith("sqlite:")

    def _reopen(self) -> None:
        before = self._journal
        self._opened = Log.open(self._url, clock=self.clock)
        self._journal = CrashingJournal(self._opened.journal, before.commits)
        self._journal.plans = before.plans

    def _struck(self, crash: Crash) -> None:
        self.crash(crash.restart_after)

    # The end.

    def close(self) -> None:
        """Answer what was accepted, then close the log; a second call does nothing."""
        if self.crashed:
            self._journal.close()
        else:
            self.system.close()


def _pass_on(future: Future[Any], promised: Future[Any]) -> None:
    receipt, error = future.outcome or (None, None)
    if error is None:
        promised.set(receipt)
    else:
        promised.fail(error)
