"""The reference that users hold: a `pykka.ActorRef` with `by`, `why` and `id` on ask and tell."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, overload

import pykka
from pykka import messages

from ..events.errors import NotACommand
from ..events.names import is_command
from .acting import author_and_reason
from .behaviour import Receipt
from .future import Future, unanswered
from .message import Message
from .tracing import watch

if TYPE_CHECKING:
    from .actor import Actor
    from .inbox import Inbox


class ActorRef(pykka.ActorRef["Actor"]):
    """A reference to an actor. It may be passed to any thread, and outlives the actor's sleep.

    Order: messages of one thread to one family are decided in the order in which they were sent.
    """

    __slots__ = ("_actor",)

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._actor_weakref = weakref.ref(actor)
        self.actor_class = type(actor)
        self.actor_urn = actor.actor_urn
        self.actor_inbox = actor.actor_inbox
        self.actor_stopped = actor.actor_stopped

    @property
    def address(self) -> str:
        """Where the actor lives."""
        return self._actor.address

    def __repr__(self) -> str:
        return f"<ActorRef {self._actor.address}>"

    def __str__(self) -> str:
        return self._actor.address

    def is_alive(self) -> bool:
        """Whether it takes messages: neither stopped nor its system closed."""
        actor = self._actor
        return not ((actor.stopped and not actor.retired) or actor.family.system.closed)

    def tell(
        self,
        message: Any,
        *,
        by: str | None = None,
        why: str | None = None,
        id: str | None = None,
        happened_at: datetime | None = None,
    ) -> None:
        """Send a command without waiting: at most once until it is committed.

        Without `by` and `why` whoever is `acting` is the author, else `system`. A refusal or
        failure is logged, the actor lives. Raises `NotACommand` for anything that is no `@command`,
        `pykka.ActorDeadError` after a stop.
        """
        actor = self._actor
        if not is_command(message):
            raise NotACommand(message, actor.address)
        system = actor.family.system
        if actor.stopped:
            actor = self._current()
        if actor.stopped or system.closed:
            raise self._gone()
        if by is None or why is None:
            by, why = author_and_reason(by, why)
        own = id or (system.next_id() if id is None else _no_id(id))
        sent = Message(actor, message, None, by, why, own, happened_at, id is not None)
        self._send(sent, system.dispatcher.ready)

    @overload
    def ask(
        self,
        message: Any,
        *,
        block: Literal[False],
        timeout: float | None = None,
        by: str | None = None,
        why: str | None = None,
        id: str | None = None,
        happened_at: datetime | None = None,
    ) -> Future[Receipt]: ...
    @overload
    def ask(
        self,
        message: Any,
        *,
        block: Literal[True] = True,
        timeout: float | None = None,
        by: str | None = None,
        why: str | None = None,
        id: str | None = None,
        happened_at: datetime | None = None,
    ) -> Receipt: ...
    @overload
    def ask(
        self,
        message: Any,
        *,
        block: bool = True,
        timeout: float | None = None,
        by: str | None = None,
        why: str | None = None,
        id: str | None = None,
        happened_at: datetime | None = None,
    ) -> Receipt | Future[Receipt]: ...
    def ask(
        self,
        message: Any,
        *,
        block: bool = True,
        timeout: float | None = None,
        by: str | None = None,
        why: str | None = None,
        id: str | None = None,
        happened_at: datetime | None = None,
    ) -> Any:
        """Send a command; the answer is a `Receipt` and comes when the events are on disk.

        With `block=False` a future, which can be awaited. `by` and `why` as in `tell`. A repeated
        `id` gets the first receipt again, within the family's window. Raises what the decision
        raised (`Rejected` for a refusal), `NotACommand`, `pykka.ActorDeadError` after a stop,
        `pykka.Timeout`, `AskInsideDecide` inside a decision.
        """
        actor = self._actor
        if not is_command(message):
            return self._ask_pykka(message, block, timeout)
        system = actor.family.system
        dispatcher = system.dispatcher
        if block:
            dispatcher.may_wait(actor.address)
        future = dispatcher.future()
        if actor.stopped:
            actor = self._current()
        if actor.stopped or system.closed:
            future.fail(self._gone())
        else:
            if by is None or why is None:
                by, why = author_and_reason(by, why)
            own = id or (system.next_id() if id is None else _no_id(id))
            sent = Message(actor, message, future, by, why, own, happened_at, id is not None)
            self._send(sent, dispatcher.lead if block else dispatcher.ready, timeout)
        return self._answer(future, message, timeout) if block else future

    def _answer(self, future: Future[Receipt], message: object, timeout: float | None) -> Receipt:
        try:
            return future.get(timeout=timeout)
        except pykka.Timeout as late:
            if future.done:
                raise
            raise unanswered(self.address, message, late) from None

    def _gone(self) -> Exception:
        system = self._actor.family.system
        if system.closed or system.forked:
            return system.gone(self)
        return pykka.ActorDeadError(f"{self} was stopped; ask the system for it again to go on")

    def _current(self) -> Actor:
        """The actor at the address now: another one, if this one fell asleep and was forgotten."""
        actor = self._actor
        if actor.retired:
            actor.family.forward()
            actor = self._actor = actor.family.system.actor(actor.address)
        return actor

    def _send(
        self,
        sent: Message,
        start: Callable[[Inbox, object], None],
        timeout: float | None = None,
    ) -> None:
        """Put a message in the family's inbox, and see that an idle family takes its turn."""
        family = sent.actor.family
        if (tracer := family.system.tracer) is not None:
            watch(tracer, sent)
        family.send(sent, start, timeout)

    def _ask_pykka(self, message: Any, block: bool, timeout: float | None) -> Any:
        """pykka's own messages: stop, and reading what an actor shows; none that change it."""
        actor = self._actor
        future = actor.family.system.dispatcher.future()
        if isinstance(message, messages._ActorStop):  # noqa: SLF001 - how pykka says stop
            self._stop(future)
        elif isinstance(message, messages.ProxyGetAttr):
            future.set(_shown(self._current(), message.attr_path))
        elif isinstance(message, messages.ProxySetAttr | messages.ProxyCall):
            reason = "an actor changes by events only; send it a @command"
            raise NotACommand(message, actor.address, reason)
        else:
            raise NotACommand(message, actor.address)
        return future.get(timeout=timeout) if block else future

    def _stop(self, future: Future[Any]) -> None:
        """Take no more messages; those sent before are decided first."""
        if not self.is_alive():
            future.fail(self._gone())
            return
        self._actor.family.system.stop(self._current(), future)


def _no_id(given: object) -> str:
    raise ValueError(f"a command's id is a text that is not empty, not {given!r}")


def _shown(actor: Actor, path: tuple[str, ...]) -> Any:
    """What a proxy may read: `address`, `state`, `version` and what hangs on them."""
    if path[0] not in ("address", "state", "version"):
        raise NotACommand(".".join(path), actor.address, "a proxy reads address, state and version")
    value: Any = actor.recovered() if actor.asleep and path[0] != "address" else actor
    for name in path:
        value = getattr(value, name)
    return value
