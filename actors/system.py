"""The actor system: one log, one dispatcher, one clock, many actors."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import threading
import weakref
from collections.abc import Iterator, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self

import pykka

from ..events.address import ROOT, check, family, kind
from ..events.clock import Clock, WallClock, fresh_seed
from ..events.commit import Committer
from ..events.errors import UnknownKind
from ..events.log import Log
from ..events.log_errors import LogReadOnly
from .actor import Actor
from .behaviour import Behaviour
from .dispatch import Dispatcher, Pool
from .family import Family
from .future import Future
from .letters import Letters
from .letters import behaviour as letters_behaviour
from .message import Message
from .options import Options
from .passivation import EVERY, always_awake, sweep
from .reactions import behaviour as reactions_behaviour
from .reactor import Reactor
from .recovery import state_at as retell_state
from .ref import ActorRef
from .registry import mirror, unmirror
from .supervision import Supervisor
from .timers import Timers


class ActorSystem:
    """Actors over one log. Use it as a context manager, or `close` it.

    Addresses are known by `ref`; an actor is recovered from the log when its first message is
    decided. Closing answers everything that was accepted, then gives the log back.
    """

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
        self._behaviours = _by_kind(behaviours)
        self.log = log
        self.clock = log.clock
        self.seed = seed or fresh_seed()
        self.dispatcher: Dispatcher = dispatcher or Pool()
        self.committer = Committer(log, self.dispatcher.run)
        self.closed = False
        self.ended = False
        self.forked = False
        self.options = options or Options()
        self.supervisor = Supervisor(self.options.supervise)
        self.letters = Letters(self)
        self.behaviours = _by_kind(behaviours + OWN)
        self._families: dict[str, Family] = {}
        self._making = threading.Lock()
        self._ids = itertools.count(1)
        self._session = f"{self.seed}.{log.last_position():x}."
        self.timers = Timers(self)
        self.reactor = Reactor(self) if any(each.react for each in behaviours) else None
        atexit.register(self.close)
        _systems.add(self)
        if any(each.due for each in behaviours):
            self.timers.load()
        if self.reactor is not None:
            self.reactor.start()
        if self.options.passivate is not always_awake:
            self._sweep()

    @classmethod
    def open(
        cls,
        url: str,
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

    def ref(self, address: str) -> ActorRef:
        """The actor at an address, whether or not it has events yet.

        Raises `BadAddress`, `UnknownKind`, `pykka.ActorDeadError` once the system is closed.
        """
        if self.closed:
            raise pykka.ActorDeadError(f"{address}: the system is closed")
        actor = self.actor(address)
        if not actor.mirrored:
            with self._making:
                mirror(actor)
        return actor.own_ref

    def refs(self) -> Iterator[ActorRef]:
        """The actors in use, in no order."""
        for each in list(self._families.values()):
            for actor in list(each.actors.values()):
                yield actor.own_ref

    def families(self) -> list[Family]:
        """The families in use, in no order."""
        return list(self._families.values())

    def actor(self, address: str) -> Actor:
        """The actor object at an address, made if it is not there."""
        home = self._families.get(family(check(address)))
        found = home.actors.get(address) if home else None
        return found or self._make(address)

    def behaviour(self, address: str) -> Behaviour:
        """The behaviour of the kind of an address; `UnknownKind` where none was given."""
        wanted = kind(address)
        try:
            return self.behaviours[wanted]
        except KeyError:
            raise UnknownKind(address, wanted, tuple(self.behaviours)) from None

    def _make(self, address: str) -> Actor:
        behaviour = self.behaviour(address)
        root = family(address)
        with self._making:
            home = self._families.get(root)
            if home is None:
                settle = self.behaviour(root).settle if root != address else behaviour.settle
                home = self._families[root] = Family(self, root, settle)
            actor = home.actors.get(address)
            if actor is None:
                actor = home.actors[address] = Actor(home, address, behaviour)
            return actor

    def state(self, address: str) -> Any:
        """The committed state of an actor, recovered if need be."""
        actor = self.actor(address)
        if actor.asleep:
            return retell_state(self.log, address, actor.behaviour.initial)
        return actor.state

    def post(
        self, address: str, command: Any, *, by: str, why: str, command_id: str | None = None
    ) -> Future[Any]:
        """Send a command of the system's own: it is never held up by a full inbox."""
        actor = self.actor(address)
        future = self.dispatcher.future()
        message = Message(actor, command, future, by, why, command_id or self.next_id(), None)
        if claim := actor.family.post(message):
            self.dispatcher.ready(actor.family, claim)
        return future

    def release(self, address: str) -> bool:
        """Let an actor out of quarantine; whether it was in it."""
        return self.supervisor.release(check(address))

    def next_id(self) -> str:
        """A command id that no other command of this log has."""
        return f"{self._session}{next(self._ids):x}"

    def stop(self, actor: Actor, done: Future[Any]) -> None:
        """Let an actor take no more messages, once those sent before are decided."""
        actor.family.fence(lambda: self._stopped(actor, done))

    def _stopped(self, actor: Actor, done: Future[Any]) -> None:
        with self._making:
            actor.stopped = True
            actor.family.actors.pop(actor.address, None)
            unmirror([actor])
        done.set(None)

    def abandon(self) -> None:
        """Give up without touching the log: the process was forked, and the log is the parent's."""
        self.forked = self.closed = self.ended = True
        atexit.unregister(self.close)

    def close(self, timeout: float | None = 30.0) -> None:
        """Take no more messages, answer what was accepted, then close the log.

        Waits up to `timeout` seconds for turns in flight; whatever is left then is told
        `pykka.ActorDeadError`. A second call does nothing.
        """
        with self._making:
            if self.closed:
                return
            self.closed = True
        atexit.unregister(self.close)
        try:
            self._drain(timeout)
        finally:
            self.dispatcher.close(timeout)
            self.ended = True
            for each in list(self._families.values()):
                each.refuse_all()
            unmirror([actor for each in self._families.values() for actor in each.actors.values()])
            self.log.close()

    def _sweep(self) -> None:
        """Let families fall asleep, and look again a little later."""
        if not self.closed:
            sweep(self)
            moment = self.clock.now() + timedelta(seconds=EVERY)
            self.dispatcher.wake_at(moment, self.clock, self._sweep)

    def _drain(self, timeout: float | None) -> None:
        """Wait for the families that still have messages or a batch in flight."""
        fences = []
        for each in list(self._families.values()):
            if each.busy:
                fences.append(fence := self.dispatcher.future())
                each.fence(fence.set)
        for fence in fences:
            with contextlib.suppress(pykka.Timeout):
                fence.get(timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


_systems: weakref.WeakSet[ActorSystem] = weakref.WeakSet()


def _after_fork() -> None:
    """In a forked child no thread of a system runs and its file is the parent's: use is refused."""
    for system in _systems:
        system.abandon()


os.register_at_fork(after_in_child=_after_fork)

OWN = (reactions_behaviour, letters_behaviour)
"""The behaviours that every system has of its own."""


def _by_kind(behaviours: tuple[Behaviour, ...]) -> dict[str, Behaviour]:
    found: dict[str, Behaviour] = {}
    for behaviour in behaviours:
        if behaviour.kind in found:
            raise ValueError(f"two behaviours were given for the kind {behaviour.kind!r}")
        found[behaviour.kind] = behaviour
    return found


__all__ = ["ROOT", "ActorSystem"]
