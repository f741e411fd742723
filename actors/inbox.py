"""The inbox of a family, and who owns the next turn.

idle -> (a message arrives) claimed -> turn -> batch in flight -> released -> idle, or claimed again

The owner says which: None, a claim, or the turn at work. Who finds the family idle claims it and
sees that its turn is taken; who finds it owned leaves the message, and the turn's end looks again.
A thread may be interrupted between any two steps (Ctrl-C), and while it handles that, again. So it
leaves in one step what is to be done about it, to a thread that no Ctrl-C reaches; what was owned
is given back once, because only the owner can give it back.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from itertools import starmap
from typing import TYPE_CHECKING, NamedTuple

import pykka

from ..events.commit import Work, do
from ..events.errors import Overloaded
from .decided import Decided
from .future import inside, may_not_wait
from .message import Message

if TYPE_CHECKING:
    from .system import ActorSystem


class Fence(NamedTuple):
    """Not a command: a mark in the inbox, called when all before it is done."""

    callback: Callable[[], None]


class Inbox(ABC):
    """Messages that wait, in the order of their arrival, and the owner of the turn."""

    __slots__ = (
        "_attempts", "_claiming", "_heir", "_inbox", "_limit", "_owner",
        "retired", "root", "system",
    )  # fmt: skip

    def __init__(self, system: ActorSystem, root: str) -> None:
        self.system = system
        self.root = root
        self._heir: Inbox | None = None
        self._inbox: deque[Message | Fence] = deque()
        self._owner: object = None
        self._claiming = threading.Lock()
        self._attempts = 0
        self._limit = system.options.inbox
        self.retired = False

    def send(
        self,
        message: Message | Fence,
        start: Callable[[Inbox, object], None],
        timeout: float | None = None,
    ) -> None:
        """Put a message in, and see that an idle family takes its turn; a full inbox holds a
        command up or refuses it."""
        try:
            if len(self._inbox) >= self._limit and not isinstance(message, Fence):
                self._wait_for_room(message.actor.address, timeout)
            if claim := self.post(message):
                start(self, claim)
        except KeyboardInterrupt:
            self.system.dispatcher.leave((self.let_go, message))
            raise
        except BaseException:
            self.let_go(message)
            raise

    def _wait_for_room(self, address: str, timeout: float | None) -> None:
        """Wait until all that waits now is decided. Raises `Overloaded` where that may not be."""
        if self.system.options.overload == "raise" or may_not_wait():
            raise Overloaded(address, self._limit)
        room = self.system.dispatcher.future()
        self.fence(room.set)
        try:
            room.get(timeout=timeout)
        except pykka.Timeout:
            raise Overloaded(address, self._limit) from None

    def post(self, message: Message | Fence) -> object:
        """Put a message in the inbox; any thread may, without waiting.

        Gives a claim if the family was idle: the caller must see that its turn is taken with it.
        """
        self._inbox.append(message)
        if self.retired:
            self.forward()
            return None
        if self.system.ended:
            self.refuse_all()
        return self._claim(message) if self._owner is None else None

    def retire(self) -> bool:
        """Take no more messages, unless one is waiting; whoever asks then must `forward`."""
        with self._claiming:
            self.retired = not self._inbox
        return self.retired

    def forward(self) -> None:
        """Hand what came in after the family was forgotten to the one that took its place."""
        try:
            with self.system.forwarding:
                while self._inbox:
                    self._hand_on(self._inbox[0])
                if self._heir is not None:
                    self._heir.take_up()
        except KeyboardInterrupt:
            self.system.dispatcher.leave((self.forward,))
            raise

    def _hand_on(self, message: Message | Fence) -> None:
        heir = self._heir = self.system.actor(self.root).family
        if isinstance(message, Message):
            message.actor = self.system.actor(message.actor.address)
        heir.inherit(self._inbox)

    def inherit(self, inbox: deque[Message | Fence]) -> None:
        """Take over the first message, in one step: a Ctrl-C between two would lose it."""
        self._inbox.extend(starmap(inbox.popleft, ((),)))

    def take_up(self) -> None:
        """See that what waits is taken up, now or at the end of the turn at work."""
        if self.system.ended:
            self.refuse_all()
        elif self._owner is None:
            self.uninterrupted((self._look_again,))

    def _claim(self, claim: object) -> object:
        with self._claiming:
            if self._owner is None and not self.retired:
                self._owner = claim
                return claim
            return None

    def let_go(self, claim: object) -> None:
        """Give back a claim whose turn never began (its thread was interrupted)."""
        with self._claiming:
            if self._owner is claim:
                self._owner = None
        self._look_again()

    def release(self, turn: Decided, attempts: int = 0) -> None:
        """End of a turn: idle, unless messages came in meanwhile. A second call does no harm.

        `attempts` says how often what is in front of the inbox was decided in vain.
        """
        if self._owner is turn:
            self._attempts = attempts
            self._owner = None
        if self._inbox and self._owner is None:
            self.uninterrupted((self._look_again,))

    def _look_again(self) -> None:
        if self.retired:
            self.forward()
        elif self._inbox and (claim := self._claim(object())):
            self.system.dispatcher.ready(self, claim)

    def uninterrupted(self, work: Work) -> None:
        """Do it here if no Ctrl-C reaches this thread, else leave it to one of that kind."""
        if inside.pool:
            do(work)
        else:
            self.system.dispatcher.leave(work)

    def owned_by(self, turn: Decided) -> bool:
        """Whether this turn is at work."""
        return self._owner is turn

    @property
    def waiting(self) -> int:
        """How many messages wait to be decided."""
        return len(self._inbox)

    @property
    def busy(self) -> bool:
        """Whether a turn runs or waits to run."""
        return self._owner is not None

    @abstractmethod
    def turn(self, claim: object, limit: int, *, guest: bool = False, hold: bool = False) -> None:
        """Decide up to `limit` waiting messages; nothing happens if `claim` is not the owner."""

    def put_back(self, messages: list[Message]) -> None:
        """Return messages to the front of the inbox, in their order."""
        if messages and self._inbox and self._inbox[0] is messages[-1]:
            self._inbox.popleft()
        self._inbox.extendleft(reversed(messages))

    def fence(self, callback: Callable[[], None]) -> None:
        """Call back once everything that is in the inbox now was decided and committed."""
        self.send(Fence(callback), self.system.dispatcher.ready)

    def unanswered(self) -> list[Message]:
        """What waits, and what the turn at work has taken."""
        taken = self._owner.taken if isinstance(self._owner, Decided) else []
        return [*taken, *(each for each in self._inbox if isinstance(each, Message))]

    def refuse_all(self) -> None:
        """The system has ended: whatever still waits is told so, unless a turn is at work."""
        claim = object()
        if self._claim(claim):
            self._empty_inbox()
            self.let_go(claim)

    def break_off(self) -> None:
        """As `refuse_all`, and a turn that has not come to its end in time is given up."""
        owner = self._owner
        if isinstance(owner, Decided) and owner.at_work:
            self._empty_inbox()
            for message in owner.taken:
                dead(message)
        self.refuse_all()

    def _empty_inbox(self) -> None:
        while self._inbox:
            try:
                message = self._inbox.popleft()
            except IndexError:
                return
            if isinstance(message, Fence):
                message.callback()
            else:
                dead(message)


def dead(message: Message) -> None:
    """Tell the sender of a message that nobody will take it."""
    message.fail(pykka.ActorDeadError(f"{message.actor} stopped before handling it"))
