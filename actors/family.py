"""A family: actors that share a root, one inbox, and one turn at a time.

The unit of order and of atomic commit. Messages of all members wait in one inbox, in the order of
their arrival. At most one batch is in flight: who finds the family idle takes its turn, or gives it
to the dispatcher; who finds it busy leaves the message, and the turn's end looks again. No lock is
held while a turn runs.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..events.address import ROOT, at
from ..events.log_errors import ConcurrencyError
from .future import inside
from .inbox import Fence, Inbox, dead
from .logs import about_message
from .message import Message
from .passivation import Resting
from .receipts import Receipts
from .turn import Turn
from .weight import weight

if TYPE_CHECKING:
    from .actor import Actor
    from .behaviour import Settle
    from .decided import Decided
    from .system import ActorSystem

_log = logging.getLogger("retold")

ATTEMPTS = 3
"""How often commands are decided again after somebody else wrote, before `ConcurrencyError`."""


class Family(Inbox):
    """The members of one root, their inbox and, once they are asked for, their receipts."""

    __slots__ = ("_spared", "_weighed", "actors", "last_turn", "receipts", "settle")

    def __init__(self, system: ActorSystem, root: str, settle: Settle | None) -> None:
        super().__init__(system, root)
        self.settle = settle
        self.actors: dict[str, Actor] = {}
        self.receipts: Receipts | None = None
        self.last_turn = system.clock.now()
        self._weighed: tuple[datetime, int] | None = None
        self._spared: Message | None = None

    # The turn.

    def turn(self, claim: object, limit: int, *, guest: bool = False, hold: bool = False) -> None:
        """Decide up to `limit` waiting messages and hand their events over as one batch.

        Nothing happens if `claim` does not own the family any more. For `guest` and `hold` see
        `Committer.submit`.
        """
        turn = Turn(self, self.system.clock.now())
        self.last_turn = turn.now
        inside.turn = turn
        try:
            if self._begin(claim, turn):
                turn.apply_late()
                self._decide(turn, 1 if self._attempts else limit)
                turn.submit(guest=guest, hold=hold)
            inside.turn = None
        except KeyboardInterrupt as error:
            inside.turn = None
            self.system.dispatcher.leave((self._give_back, turn, error))
            raise
        except BaseException as error:
            self._give_back(turn, error)
            raise

    def _give_back(self, turn: Turn, error: BaseException) -> None:
        """Give back what a turn that came to no end has taken, unless the committer has it."""
        if not self.system.committer.has(turn):
            if self.owned_by(turn) and not turn.told:
                turn.abandon(error)
            else:
                self.release(turn)
        self.system.dispatcher.run(self.system.committer.lead)

    def spares(self, message: Message, error: BaseException) -> bool:
        """Whether a command that was at work when a turn was broken off is decided again: once.

        An interrupt is for the thread, which may have led the turn for somebody else's command; but
        a decision that raises one itself would do so again and again.
        """
        if not isinstance(error, KeyboardInterrupt) or self._spared is message:
            return False
        self._spared = message
        return True

    def _begin(self, claim: object, turn: Decided) -> bool:
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
                or (message.repeatable and self._may_be_repeated(message))
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

        The end of a fence, a stopped actor, one that must be recovered first, a repeated command,
        receipts that must be read first.
        """
        if isinstance(message, Fence):
            message.callback()
        elif message.actor.stopped:
            dead(message)
        elif message.actor.asleep:
            return not self._awake(message)
        elif self.receipts is None:
            return not self._learned(message)
        else:
            return self._repeat(message, self.receipts)
        return True

    def _awake(self, message: Message) -> bool:
        """Recover the actor of a message; a recovery that fails is told to whoever asked."""
        try:
            message.actor.wake()
        except Exception as error:  # noqa: BLE001 - whatever stands in the way, the asker is told
            self.system.supervisor.judge(message.actor.address, error)
            _log.error(
                "%s could not be recovered", message.actor.address,
                exc_info=error, extra=about_message(message),
            )  # fmt: skip
            message.fail(error)
            return False
        return True

    def again(self, turn: Decided) -> None:
        """After a conflict: read the members anew and decide its messages again, one by one."""
        for actor in self.actors.values():
            actor.sleep()
        self.receipts = None
        messages, attempts = turn.taken, self._attempts + 1
        if attempts > ATTEMPTS:
            self._give_up(messages.pop(0))
            attempts = 1 if messages else 0
        self.put_back(messages)
        self.release(turn, attempts)

    def _give_up(self, message: Message) -> None:
        error = ConcurrencyError(message.actor.address, message.actor.version)
        if message.future is None:
            _log.error(
                "%s lost %r: %s", message.actor.address, message.command, error,
                extra=about_message(message),
            )  # fmt: skip
        message.fail(error)

    # The receipts.

    def _may_be_repeated(self, message: Message) -> bool:
        return self.receipts is None or message.id in self.receipts

    def _learned(self, message: Message) -> bool:
        """Read the receipts; where that fails, whoever asked is told."""
        try:
            self.receipts = Receipts(self.system.log, self.root)
        except Exception as error:  # noqa: BLE001 - whatever stands in the way, the asker is told
            _log.error(
                "The receipts of %s could not be read", self.root,
                exc_info=error, extra=about_message(message),
            )  # fmt: skip
            message.fail(error)
            return False
        return True

    def _repeat(self, message: Message, receipts: Receipts) -> bool:
        """Answer a command whose events are in the log already; False if they never were."""
        try:
            receipt = receipts.again(message.actor, message.id)
        except Exception as error:  # noqa: BLE001 - too late, or whatever stands in the way
            _log.warning("%s", error, extra=about_message(message))
            message.fail(error)
            return True
        if receipt is None:
            message.repeatable = False
            return False
        message.answer(receipt)
        return True

    # Sleep.

    @property
    def held(self) -> bool:
        """Whether users may hold a reference to a member, by pykka's registry."""
        return any(actor.mirrored for actor in self.actors.values())

    @property
    def may_sleep(self) -> bool:
        """Whether there is anything to forget, and nothing to do."""
        if self.busy:
            return False
        return any(not actor.asleep for actor in self.actors.values()) or not self.held

    def resting(self, now: datetime) -> Resting:
        """What the policy of passivation goes by."""
        return Resting(self.root, (now - self.last_turn).total_seconds(), self._weight)

    def _weight(self) -> int:
        """The bytes of the members' states, weighed once after each turn."""
        if self._weighed is None or self._weighed[0] != self.last_turn:
            actors = [actor for actor in self.actors.values() if not actor.asleep]
            initial = [actor.behaviour.initial for actor in actors]
            self._weighed = self.last_turn, weight([actor.state for actor in actors], initial)
        return self._weighed[1]

    def fall_asleep(self) -> bool:
        """Forget states and receipts, if no turn is at work and nothing waits.

        A family that nobody holds a reference to is forgotten altogether.
        """
        claim = object()
        if self._inbox or not self._claim(claim):
            return False
        for actor in self.actors.values():
            actor.sleep()
        self.receipts = None
        self.system.index.forget(self)
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
