"""The pykka shell: one actor class for every kind and every life.

An actor holds what its events add up to and nothing of its own. `state` and `version` are what is
committed, `tentative` what the turn in progress has decided so far. It has no thread and no loop:
its inbox is its family's, and the dispatcher says when the family takes its turn. Of pykka it uses
the extension points that its own runtimes use (`_create_actor_inbox`, `_create_future`,
`_start_actor_loop`), which are private names: the contract test over them says when they change.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pykka

from ..events.address import at
from .behaviour import Behaviour
from .future import Future
from .recovery import Recovered
from .ref import ActorRef

if TYPE_CHECKING:
    from .family import Family


class Stopped:
    """Whether an actor was stopped: the two calls of `threading.Event` that pykka makes."""

    __slots__ = ("_actor",)

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def is_set(self) -> bool:
        """True once the actor takes no more messages."""
        return self._actor.stopped

    def set(self) -> None:
        """Let it take no more."""
        self._actor.stopped = True


class Actor(pykka.Actor):
    """A `pykka.Actor` whose mutations are events and nothing else."""

    def __init__(self, family: Family, address: str, behaviour: Behaviour) -> None:
        self.family = family
        self.address = address
        self.behaviour = behaviour
        self.decide = behaviour.decide
        self.due = behaviour.due
        self.due_at: datetime | None = None
        self.asleep = True
        self.stopped = False
        self.retired = False
        self.mirrored = False
        self.state = self.tentative = behaviour.initial
        self.version = self.tentative_version = 0
        self.position = 0
        self.kept_version = 0
        self.actor_urn = address
        self.actor_inbox = family  # type: ignore[assignment]  # only pykka's own refs use it
        self.actor_stopped = Stopped(self)  # type: ignore[assignment]  # what pykka calls of it
        self.own_ref = self._actor_ref = ActorRef(self)

    def wake(self) -> None:
        """Rebuild the state from the log. A recovery that fails is told to whoever asked."""
        found = self.recovered()
        self.state = self.tentative = found.state
        self.version = self.tentative_version = found.version
        self.position = found.position
        self.kept_version = found.kept_version
        self.due_at = self.family.system.timers.moment(self.address) if self.due else None
        self.asleep = False
        self.family.system.snapshots.notice((self,))

    def recovered(self) -> Recovered:
        """Where the log says that it stands."""
        return self.family.system.recovery.recovered(self.address, self.behaviour)

    def sleep(self) -> None:
        """Forget the state; the next message finds it in the log again."""
        self.asleep = True
        self.state = self.tentative = self.behaviour.initial

    def member(self, name: str) -> str:
        """The address of a member of the family."""
        return at(self.family.root, name)

    @staticmethod
    def _create_actor_inbox() -> Any:
        raise TypeError("an actor's inbox is its family's: use system.ref(address)")

    @staticmethod
    def _create_future() -> Future[Any]:
        return Future()

    def _start_actor_loop(self) -> None:
        """Nothing to start: the dispatcher gives the family its turns."""
