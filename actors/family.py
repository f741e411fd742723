"""A family: actors that share a root, one inbox, and one turn at a time.

The unit of order and of atomic commit. Messages of all members wait in one inbox, in the order of
their arrival. At most one batch is in flight: who finds the family idle takes its turn, or gives it
to the dispatcher; who finds it busy leaves the message, and the turn's end looks again. No lock is
held while a turn runs.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..events.address import ROOT, at, family, member
from ..events.log_errors import ConcurrencyError
from ..events.recorded import Recorded
from .behaviour import At, Receipt
from .future import inside
from .inbox import Fence, Inbox, dead
from .message import Message
from .recovery import Effect, recent_commands, stood
from .turn import Turn

if TYPE_CHECKING:
    from .actor import Actor
    from .behaviour import Settle
    from .system import ActorSystem

_log = logging.getLogger("retold")

WINDOW = 1_000
"""A repeated command id gets its first receipt if it is among this many last ones of its family."""

ATTEMPTS = 3
"""How often commands are decided again after somebody else wrote, before `ConcurrencyError`."""


class Family(Inbox):
    """The members of one root, their inbox and the receipts of their last commands."""

    __slots__ = ("_learned", "actors", "last_turn", "receipts", "root", "settle")

    def __init__(self, system: ActorSystem, root: str, settle: Settle | None) -> None:
        super().__init__(system)
        self.root = root
        self.settle = settle
        self.actors: dict[str, Actor] = {}
        self.receipts: dict[str, Effect | None] = {}
        self._learned = False
        self.last_turn = system.clock.now()

    # The turn.

    def turn(self, claim: object, limit: int, *, guest: bool = False, hold: bool = False) -> None:
        """Decide up to `limit` waiting messages and hand their events over as one batch.

        Nothing happens if `claim` is no longer the owner's. For `guest` and `hold` see
        `Committer.submit`.
        """
        turn = Turn(self, self.system.clock.now())
        self.last_turn = turn.now
        inside.turn = turn
        try:
            if self._begin(claim, turn):
                self._decide(turn, 1 if self._attempts else limit)
                turn.submit(guest=guest, hold=hold)
        except BaseException as error:
            if self._owner is turn and not self.system.committer.has(turn):
                turn.abandon(error)
            self.system.dispatcher.run(self.system.committer.lead)
            raise

    def _begin(self, claim: object, turn: Turn) -> bool:
        with self._claiming:
            if self._owner is not claim:
                return False
            self._owner = turn
            return True

    def _decide(self, turn: Turn, limit: int) -> None:
        """Take messages from the inbox; each is in the turn's hands before it leaves the inbox."""
        decide, inbox, taken = turn.decide, self._inbox, turn.taken
        while inbox and len(taken) < limit:
            message = inbox[0]
            if (
                isinstance(message, Fence)
                or message.actor.asleep
                or message.actor.stopped
                or message.id in self.receipts
            ):
                if taken:
                    return
                if self._aside(message):
                    inbox.popleft()
            else:
                taken.append(message)
                inbox.popleft()
                decide(message)

    def _aside(self, message: Message | Fence) -> bool:
        """What comes before a decision, or instead of it; False if the message still waits.

        The end of a fence, a stopped actor, one that must be recovered first, a repeated command.
        """
        if isinstance(message, Fence):
            message.callback()
        elif message.actor.stopped:
            dead(message)
        elif message.actor.asleep:
            return not self._awake(message)
        else:
            self._repeat(message)
        return True

    def _awake(self, message: Message) -> bool:
        """Recover the actor of a message; a recovery that fails is told to whoever asked."""
        try:
            message.actor.wake()
        except Exception as error:  # noqa: BLE001 - whatever stands in the way, the asker is told
            _log.error("%s could not be recovered", message.actor.address, exc_info=error)
            if message.future is not None and not message.future.done:
                message.future.fail(error)
            return False
        return True

    def again(self, turn: Turn) -> None:
        """After a conflict: read the members anew and decide its messages again, one by one."""
        for actor in self.actors.values():
            actor.sleep()
        messages, attempts = turn.taken, self._attempts + 1
        if attempts > ATTEMPTS:
            self._give_up(messages.pop(0))
            attempts = 1 if messages else 0
        self.put_back(messages)
        self.release(turn, attempts)

    def _give_up(self, message: Message) -> None:
        error = ConcurrencyError(message.actor.address, message.actor.version)
        if message.future is None:
            _log.error("%s lost %r: %s", message.actor.address, message.command, error)
        elif not message.future.done:
            message.future.fail(error)

    @property
    def awake(self) -> bool:
        """Whether any member's state is held in memory."""
        return any(not actor.asleep for actor in self.actors.values())

    def fall_asleep(self) -> bool:
        """Forget states and receipts, if no turn is at work and nothing waits."""
        claim = object()
        if self._inbox or not self._claim(claim):
            return False
        for actor in self.actors.values():
            actor.sleep()
        self.receipts.clear()
        self._learned = False
        self.let_go(claim)
        return True

    # The members.

    def member(self, name: str) -> Actor:
        """A member by its name below the root, awake."""
        where = at(self.root, name)
        actor = self.actors.get(where) or self.system.actor(where)
        if actor.asleep:
            actor.wake()
        return actor

    @property
    def states(self) -> Mapping[str, Any]:
        """The states of the family by member name, as the turn at work has them."""
        return FamilyStates(self)

    # The receipts.

    def learn(self) -> None:
        """Find the receipts of the last `WINDOW` commands in the log, once."""
        if not self._learned:
            self.receipts |= recent_commands(self.system.log, self.root, WINDOW)
            self._learned = True

    def forget_oldest(self) -> None:
        """Keep the receipts of the last `WINDOW` commands at least, of twice as many at most."""
        if len(self.receipts) > 2 * WINDOW:
            for command_id in list(self.receipts)[:-WINDOW]:
                del self.receipts[command_id]

    def _caused_by(self, message: Message) -> Callable[[Recorded], bool]:
        """Whether an event of this family came of the command: they stand side by side."""
        root, command_id = self.root, message.id
        return lambda each: each.cause == command_id and family(each.address) == root

    def _repeat(self, message: Message) -> None:
        """Answer a command whose events are in the log already with its first receipt."""
        effect = self.receipts[message.id]
        if message.future is None or effect is None:
            return
        log, address = self.system.log, message.actor.address
        stored = list(itertools.takewhile(self._caused_by(message), log.scan(after=effect - 1)))
        last = stored[-1].position
        events = tuple(
            each.event if each.address == address else At(member(each.address), each.event)
            for each in stored
        )
        version, state = stood(log, address, message.actor.behaviour.initial, last)
        message.future.set(Receipt(version, last, events, state))


class FamilyStates(Mapping[str, Any]):
    """The states of a family by member name, as the turn has them: the root and who it lists."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def __getitem__(self, name: str) -> Any:
        if name != ROOT and name not in self._names():
            raise KeyError(name)
        return self._family.member(name).tentative

    def __iter__(self) -> Iterator[str]:
        yield ROOT
        yield from self._names()

    def __len__(self) -> int:
        return 1 + len(self._names())

    def _names(self) -> tuple[str, ...]:
        return tuple(getattr(self._family.member(ROOT).tentative, "members", ()))
