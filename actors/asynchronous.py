"""An actor system under asyncio: the same actors, and nothing that holds the event loop up.

    async with ActorSystem.open(url, account) as system:
        receipt = await system.ref("account/alice").ask(Deposit(Decimal(10)), by="bank")

Turns, commits and recoveries happen on the pool's threads; a task that waits for an answer, for
room in a full inbox or for the end of the system lets the others run. Opening reads the log on the
thread that opens: `await asyncio.to_thread(ActorSystem.open, url, account)` where that takes long.

A task that is cancelled while it waits takes nothing back. A command that waits for room then was
never sent; one that was sent goes its way, and may be carried out: ask again with its `id`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakValueDictionary

import pykka

from ..events.address import family
from ..events.clock import Countdown
from ..events.errors import Overloaded
from .behaviour import Receipt
from .future import Future, inside, unanswered
from .ref import ActorRef

if TYPE_CHECKING:
    from ..events.log import Log
    from .system import ActorSystem

T = TypeVar("T")


class AsyncSystem:
    """What `async with ActorSystem.open(…)` gives. Safe to use from several event loops."""

    def __init__(self, system: ActorSystem) -> None:
        self.system = system
        """The system itself, for all that never waits."""
        self.gates: WeakValueDictionary[object, asyncio.Lock] = WeakValueDictionary()
        """For each loop and family whose inbox is full: its senders, in their order."""

    @property
    def log(self) -> Log:
        """Its log: to be read, followed, subscribed to, and kept views of."""
        return self.system.log

    def ref(self, address: str, *, registered: bool = True) -> AsyncRef:
        """The actor at an address, as `ActorSystem.ref`."""
        return AsyncRef(self, self.system.ref(address, registered=registered))

    async def state(self, address: str) -> Any:
        """The committed state of an actor, recovered if need be."""
        self.system.dispatcher.may_wait(address)
        return await asyncio.to_thread(self.system.state, address)

    def release(self, address: str) -> bool:
        """Let an actor out of quarantine; True if it was in quarantine."""
        return self.system.release(address)

    async def wait_idle(self, timeout: float | None = None) -> None:
        """Wait until everything committed has been reacted to, and the reactions are settled.

        Raises `pykka.Timeout` after `timeout` seconds. What is due later is not waited for.
        """
        if self.system.forked:
            raise self.system.gone("the system")
        if self.system.reactor is not None:
            await _within(timeout, self.system.reactor.when_idle())

    async def close(self, timeout: float | None = 30.0) -> None:
        """As `ActorSystem.close`, on another thread. A task that is cancelled meanwhile ends only
        when the system is closed, so whoever opens the log next finds it free."""
        closing = asyncio.create_task(asyncio.to_thread(self.system.close, timeout))
        cancelled: asyncio.CancelledError | None = None
        while not closing.done():
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled
        closing.result()


class AsyncRef:
    """A reference whose answers are awaited.

    Order: what one task sends to one family is decided in the order in which it was sent.
    """

    __slots__ = ("_system", "ref")

    def __init__(self, system: AsyncSystem, ref: ActorRef) -> None:
        self._system = system
        self.ref = ref
        """The reference itself, a `pykka.ActorRef`."""

    @property
    def address(self) -> str:
        """Where the actor lives."""
        return self.ref.address

    def __repr__(self) -> str:
        return f"<AsyncRef {self.ref.address}>"

    def is_alive(self) -> bool:
        """Whether it takes messages: neither stopped nor its system closed."""
        return self.ref.is_alive()

    async def ask(
        self,
        message: Any,
        *,
        timeout: float | None = None,
        by: str | None = None,
        why: str | None = None,
        id: str | None = None,
        happened_at: datetime | None = None,
    ) -> Receipt:
        """Send a command and wait for its `Receipt`: the events are on disk then.

        Raises as `ActorRef.ask`: what the decision raised, `NotACommand`, `pykka.ActorDeadError`,
        `Overloaded` where there was no room in the inbox within `timeout` seconds, `pykka.Timeout`
        where there was no answer, `AskInsideDecide` inside a decision with a loop of its own.
        """
        self._system.system.dispatcher.may_wait(self.address)
        left = Countdown(timeout)
        future = await self._accepted(
            left,
            lambda: self.ref.ask(
                message, block=False, by=by, why=why, id=id, happened_at=happened_at
            ),
        )
        try:
            return await _within(left.seconds(), future, timeout)
        except pykka.Timeout as late:
            if future.done:
                raise
            raise unanswered(self.address, message, late) from None

    async def tell(
        self,
        message: Any,
        *,
        by: str | None = None,
        why: str | None = None,
        id: str | None = None,
        happened_at: datetime | None = None,
    ) -> None:
        """Send a command without waiting for its answer, as `ActorRef.tell`; only for room."""
        await self._accepted(
            Countdown(None),
            lambda: self.ref.tell(message, by=by, why=why, id=id, happened_at=happened_at),
        )

    async def stop(self, timeout: float | None = None) -> bool:
        """Take no more messages; wait until those sent before are decided. False if it was stopped.

        Raises `pykka.Timeout`.
        """
        stopped: bool = await _within(timeout, self.ref.stop(block=False))
        return stopped

    async def _accepted(self, left: Countdown, send: Callable[[], T]) -> T:
        """Send; where the inbox is full and senders are to wait, wait for room, in their order."""
        key, gates = (asyncio.get_running_loop(), family(self.address)), self._system.gates
        if key in gates:
            return await self._in_turn(gates.setdefault(key, asyncio.Lock()), left, send)
        try:
            return _at_once(send)
        except Overloaded:
            if self._system.system.options.overload == "raise":
                raise
        return await self._in_turn(gates.setdefault(key, asyncio.Lock()), left, send)

    async def _in_turn(self, gate: asyncio.Lock, left: Countdown, send: Callable[[], T]) -> T:
        full: Overloaded | None = None
        limit = asyncio.timeout(left.seconds())
        try:
            async with limit, gate:
                while True:
                    try:
                        return _at_once(send)
                    except Overloaded as error:
                        full = error
                        await self._room()
        except TimeoutError:
            options = self._system.system.options
            raise full or Overloaded(self.address, options.inbox) from None

    async def _room(self) -> None:
        """Wait until all that waits in the inbox now is decided."""
        system = self._system.system
        room: Future[None] = system.dispatcher.future()
        system.actor(self.address).family.fence(room.set)
        await room


def _at_once(send: Callable[[], T]) -> T:
    """Send as on a thread of the pool: `Overloaded` at once where there is no room."""
    before, inside.pool = inside.pool, True
    try:
        return send()
    finally:
        inside.pool = before


async def _within(seconds: float | None, answer: Awaitable[T], given: float | None = None) -> T:
    """An answer that comes in time; else `pykka.Timeout`, as for those who block.

    `given` is the time of which `seconds` are left.
    """
    limit = asyncio.timeout(seconds)
    try:
        async with limit:
            return await answer
    except TimeoutError:
        if limit.expired():
            raise pykka.Timeout(f"no answer within {given or seconds} seconds") from None
        raise
