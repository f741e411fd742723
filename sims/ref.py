"""The reference that a simulated world hands out: an `ActorRef` whose messages may take time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..actors.acting import author_and_reason
from ..actors.ref import ActorRef
from ..actors.tracing import watch
from ..events.errors import NotACommand
from ..events.names import is_command
from .crash import Crashed

if TYPE_CHECKING:
    from ..actors.actor import Actor
    from ..actors.inbox import Inbox
    from ..actors.message import Message
    from .world import Simulation


class SimulatedRef(ActorRef):
    """Speaks to whoever lives at its address, in this life of the system and in the next."""

    __slots__ = ("_world",)

    def __init__(self, actor: Actor, world: Simulation) -> None:
        super().__init__(actor)
        self._world = world

    def lead_to(self, actor: Actor) -> None:
        """Refer to the actor of another life from now on."""
        super().__init__(actor)

    def tell(
        self,
        message: Any,
        *,
        by: str | None = None,
        why: str | None = None,
        id: str | None = None,
        happened_at: datetime | None = None,
        delay: float = 0.0,
    ) -> None:
        """As `ActorRef.tell`; with a `delay` it is sent so many seconds from now.

        If the system is down by then, the message is lost without a word, as any tell may be.
        """
        if not delay:
            super().tell(message, by=by, why=why, id=id, happened_at=happened_at)
            return
        if not is_command(message):
            raise NotACommand(message, self.address)
        by, why = author_and_reason(by, why)

        def send() -> None:
            if self.is_alive():
                self.tell(message, by=by, why=why, id=id, happened_at=happened_at)

        self._world.later(delay, send)

    def _gone(self) -> Exception:
        return Crashed(self.address) if self._world.crashed else super()._gone()

    def _send(
        self,
        sent: Message,
        start: Callable[[Inbox, object], None],
        timeout: float | None = None,
    ) -> None:
        """Put a message on its way; who waits for its answer is told if the system crashes."""
        world = self._world
        if sent.future is not None:
            world.asked(sent.future, sent)
        if world.latency is None:
            super()._send(sent, start, timeout)
        else:
            if (tracer := world.system.tracer) is not None:
                watch(tracer, sent)
            world.turns.send(sent)
