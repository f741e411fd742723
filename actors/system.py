"""The actor system: one log, one dispatcher, one clock, many actors."""

from __future__ import annotations

import atexit
import itertools
import threading
from collections.abc import Iterator, Mapping
from typing import Any, Self

import pykka

from ..events.address import ROOT, check
from ..events.clock import Clock, Countdown, WallClock, fresh_seed
from ..events.closing import Closing
from ..events.commit import Committer
from ..events.errors import UsedAfterFork
from ..events.inherited import Inherited
from ..events.log import Log
from ..events.log_errors import LogReadOnly
from ..events.upcast import check_chains
from . import fork
from .actor import Actor
from .asynchronous import AsyncSystem
from .behaviour import Behaviour
from .dispatch import Dispatcher, Pool
from .family import Family
from .future import Future
from .index import Index
from .letters import Letters
from .letters import behaviour as letters_behaviour
from .message import Message
from .options import Options
from .passivation import Sweeper
from .reactions import behaviour as reactions_behaviour
from .reactor import Reactor
from .recovery import Recovery
from .ref import ActorRef
from .snapshots import Snapshots
from .supervision import Supervisor
from .timers import Timers
from .tracing import watch


class ActorSystem(Closing):
    """Actors over one log. Use it as a context manager, by `with` or `async with`, or `close` it.

    Addresses are known by `ref`; an actor is recovered from the log when its first message is
    decided. Closing answers everything that was accepted, then gives the log back.
    """

    sweeper_class: type[Sweeper] = Sweeper
    snapshots_class: type[Snapshots] = Snapshots

    def __init__(
        self,
        log: Log,
        *behaviours: Behaviour,
        dispatcher: Dispatcher | None = None,
        seed: str | None = None,
        options: Options | None = None,
    ) -> None:
        if log.read_only:
            raise LogReadOnly(log.path, "an actor system writes; use retell to read")
        if not isinstance(options, Options | None):
            raise TypeError(f"options are Options(…), not {options!r}")
        self.index = Index(self, (*behaviours, *(own for own in OWN if own not in behaviours)))
        self.log = log
        self.clock = log.clock
        self.seed = seed or fresh_seed()
        self.dispatcher: Dispatcher = dispatcher or Pool()
        self.committer = Committer(log, self.dispatcher.run, self.dispatcher.leave)
        self.closed = self.ended = False
        self.forked = False
        self.options = options or Options()
        self.tracer = self.options.tracer
        self.supervisor = Supervisor(self.options.supervise)
        self.letters = Letters(self)
        self.forwarding = threading.RLock()
        self._closing = threading.Lock()
        self._ids = itertools.count(1)
        self._session = f"{self.seed}.{log.last_position():x}."
        self.timers = Timers(self)
        self.sweeper = self.sweeper_class(self)
        self.snapshots = self.snapshots_class(self)
        self.recovery = Recovery(log, self.snapshots)
        self.reactor = Reactor(self) if any(each.react for each in behaviours) else None
        atexit.register(self.close)
        fork.register(self)
        try:
            self._begin()
        except BaseException:
            self.close()
            raise

    def _begin(self) -> None:
        """Take up what the log says is due, unsent or waiting; first of all `BrokenChain` is
        raised."""
        check_chains()
        self.timers.load()
        if self.reactor is not None:
            self.reactor.start()
        self.sweeper.start()

    @classmethod
    def open(
        cls,
        url: str | Inherited,
        *behaviours: Behaviour,
        dispatcher: Dispatcher | None = None,
        clock: Clock | None = None,
        seed: str | None = None,
        settings: Mapping[str, str] | None = None,
        options: Options | None = None,
    ) -> Self:
        """Open the log at `url` for writing (see `Log.open`) and start a system over it.

        `seed` makes ids and draws repeatable; without one every system has its own. `options` bound
        inboxes and memory and say what becomes of actors that fail.
        """
        log = Log.open(url, clock=clock or WallClock(), settings=settings)
        try:
            return cls(log, *behaviours, dispatcher=dispatcher, seed=seed, options=options)
        except BaseException:
            log.close()
            raise

    def ref(self, address: str, *, registered: bool = True) -> ActorRef:
        """The actor at an address, whether or not it has events yet.

        pykka's registry lists it and keeps it in memory, about a kilobyte each, until it is
        stopped. With `registered=False` it does neither: for more actors than memory should hold.
        Raises `BadAddress`, `UnknownKind`, `pykka.ActorDeadError` once the system is closed,
        `UsedAfterFork`.
        """
        if self.closed:
            raise self.gone(address)
        return (self.index.registered if registered else self.index.actor)(address).own_ref

    def gone(self, what: object) -> Exception:
        """Why an actor takes no more messages."""
        if self.forked:
            return UsedAfterFork(self.log.path)
        return pykka.ActorDeadError(f"{what}: the system is closed")

    def refs(self) -> Iterator[ActorRef]:
        """The actors in memory, in no order."""
        for each in self.index:
            for actor in list(each.actors.values()):
                yield actor.own_ref

    def actor(self, address: str) -> Actor:
        """The actor object at an address, made if it is not there."""
        return self.index.actor(address)

    def state(self, address: str) -> Any:
        """The committed state of an actor, recovered if need be."""
        actor = self.actor(address)
        return actor.recovered().state if actor.asleep else actor.state

    def post(
        self,
        address: str,
        command: Any,
        *,
        by: str,
        why: str,
        command_id: str | None = None,
        repeatable: bool = False,
        cause: str = "",
    ) -> Future[Any]:
        """Send a command of the system's own: it is never held up by a full inbox.

        `repeatable` says that its id may have been used before, `cause` is the id of the command
        that it is sent for.
        """
        actor = self.actor(address)
        future = self.dispatcher.future()
        message = Message(
            actor, command, future, by, why, command_id or self.next_id(), None, repeatable
        )
        if self.tracer is not None:
            watch(self.tracer, message, cause)
        self._deliver(message, from_an_actor=command_id is not None)
        return future

    def _deliver(self, message: Message, *, from_an_actor: bool) -> None:
        """Put a message of the system's own into its inbox; from an actor if a reaction sent it."""
        family = message.actor.family
        if claim := family.post(message):
            self.dispatcher.ready(family, claim)

    def release(self, address: str) -> bool:
        """Let an actor out of quarantine; True if it was in quarantine."""
        return self.supervisor.release(check(address))

    def next_id(self) -> str:
        """A command id that no other command of this log has."""
        return f"{self._session}{next(self._ids):x}"

    def stop(self, actor: Actor, done: Future[Any]) -> None:
        """Let an actor take no more messages, once those sent before are decided."""
        actor.family.fence(lambda: self._stopped(actor, done))

    def _stopped(self, actor: Actor, done: Future[Any]) -> None:
        self.index.remove(actor)
        done.set(None)

    def abandon(self) -> None:
        """Give up without touching the log, as in a forked child: nobody is answered any more."""
        fork.abandon(self)

    def close(self, timeout: float | None = 30.0) -> None:
        """Take no more messages, answer what was accepted, then close the log.

        Waits up to `timeout` seconds for turns in flight, for all of them together; whatever is
        left then is told `pykka.ActorDeadError`. A second call does nothing, nor does one in a
        process that was forked from the one that opened it.
        """
        if self.forked:
            return
        with self._closing:
            if self.closed:
                return
            self.closed = True
        atexit.unregister(self.close)
        left = Countdown(timeout)
        try:
            self._drain(left)
            self.snapshots.write_waiting()
        finally:
            self.dispatcher.close(left.seconds())
            self.ended = True
            self.index.clear()
            self.log.close()

    def _drain(self, left: Countdown) -> None:
        """Wait for the families that still have messages or a batch in flight."""
        while (busy := [each for each in self.index if each.busy]) and left.seconds() != 0:
            try:
                self._fenced(busy).get(timeout=left.seconds())
            except pykka.Timeout:
                return

    def _fenced(self, families: list[Family]) -> Future[Any]:
        """Answered once everything that waits in these families was decided and committed."""
        drained: Future[Any] = self.dispatcher.future()
        ahead = itertools.count(len(families) - 1, -1)
        for each in families:
            each.fence(lambda: drained.set() if next(ahead) == 0 else None)
        return drained

    def wait_idle(self, timeout: float | None = None) -> None:
        """Wait until everything committed has been reacted to, and the reactions are settled.

        Raises `pykka.Timeout` after `timeout` seconds. What is due later is not waited for.
        """
        if self.forked:
            raise self.gone("the system")
        if self.reactor is not None:
            self.reactor.when_idle().get(timeout=timeout)

    async def __aenter__(self) -> AsyncSystem:
        return AsyncSystem(self)

    async def __aexit__(self, *_: object) -> None:
        await AsyncSystem(self).close()


OWN = (reactions_behaviour, letters_behaviour)
"""The behaviours that every system has of its own."""


__all__ = ["ROOT", "ActorSystem"]
