"""One turn of a family: decide what waits, over tentative states, and hand it over as one batch.

The ladder stands here and nowhere else: decide, evolve a copy, append, and only then swap the state
and answer. Before the commit nothing of a turn can be seen from outside; a command that is refused
or raises leaves no trace in it.

*taken* -> decided -> submitted -> told (committed, conflicted or failed) -> the family is released.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..events.errors import BadDecision, Quarantined, Rejected
from ..events.journal import Due
from ..events.log import TailRow
from .behaviour import At, Receipt
from .context import Context
from .future import Future
from .letters import Letter
from .message import Message, Outcome, Wake

if TYPE_CHECKING:
    from .actor import Actor
    from .family import Family

MAX_SETTLING = 1_000
"""How many rounds a family may take to come to rest after one decision."""

_log = logging.getLogger("retold")


class Turn:
    """A batch in the making; told by the committer what became of it."""

    __slots__ = (
        "_encode", "_family", "_outcomes", "_receipts", "_settle", "_touched", "_undo", "due",
        "now", "rows", "taken", "told",
    )  # fmt: skip

    def __init__(self, family: Family, now: datetime) -> None:
        self.now = now
        self.rows: list[TailRow] = []
        self.due: list[Due] = []
        self.told = False
        self.taken: list[Message] = []
        self._family = family
        self._settle = family.settle
        self._receipts = family.receipts
        self._encode = family.system.log.codec.encode
        self._touched: dict[Actor, int] = {}
        self._undo: list[tuple[Actor, Any, int, int]] = []
        self._outcomes: list[Outcome] = []

    @property
    def at_work(self) -> bool:
        """Whether it still decides: its family is in its hands, and its batch not handed over."""
        family = self._family
        return family.owned_by(self) and not family.system.committer.has(self)

    @property
    def size(self) -> int:
        """The bytes of the batch's tails."""
        return sum([len(row[3]) for row in self.rows])

    @property
    def seed(self) -> str:
        """The system's seed, for the draws of contexts."""
        return self._family.system.seed

    @property
    def command_ids(self) -> Sequence[str]:
        """The ids of the commands that this batch carries."""
        return [message.id for message in self.taken]

    def member_state(self, name: str) -> Any:
        """The state of a member with what this turn has decided so far."""
        return self._family.member(name).tentative

    def decide(self, message: Message) -> None:
        """Carry one command through decision and evolution, or refuse it without a trace."""
        actor, rows = message.actor, self.rows
        start = len(rows)
        events: tuple[Any, ...] = ()
        failure: BaseException | None = None
        self._undo.clear()
        try:
            if not self._family.system.supervisor.quiet:
                self._check_quarantine(actor)
            if actor.due is not None:
                start = self._expire(message, actor)
            if type(message.command) is not Wake:
                events = self._carry_out(message, actor)
        except KeyboardInterrupt:
            self._take_back(start)
            raise
        except BaseException as error:  # noqa: BLE001 - an exit in one command is that command's
            self._take_back(start)
            failure = error
            if not isinstance(error, Rejected | Quarantined):
                self._family.system.supervisor.failed(actor.address, error)
        else:
            if not self._family.system.supervisor.quiet:
                self._family.system.supervisor.succeeded(actor.address)
        end = len(rows)
        if end > start:
            self._receipts[message.id] = None
            row = end - 1
        else:
            row = self._touched.get(actor, -1)
        self._outcomes.append(
            Outcome(
                message, actor.tentative_version, actor.tentative, events, start, end, row, failure
            )
        )

    def _carry_out(self, message: Message, actor: Actor) -> tuple[Any, ...]:
        context = Context(
            actor.address, actor.tentative_version, message.by, message.why, message.id, self
        )
        decided = actor.decide(actor.tentative, message.command, context)
        if type(decided) is not tuple:
            reason = f"a decision gives a tuple of events, not {decided!r}"
            raise BadDecision(actor.address, message.command, reason)
        events = self._evolve(message, decided)
        return events if self._settle is None else events + self._come_to_rest(message)

    def _check_quarantine(self, actor: Actor) -> None:
        failure = self._family.system.supervisor.quarantined(actor.address)
        if failure is not None:
            last = f"{type(failure.error).__name__}: {failure.error}"
            raise Quarantined(actor.address, failure.in_a_row, last)

    def _expire(self, message: Message, actor: Actor) -> int:
        """Store what the time makes of the actor, whatever becomes of the command; rows so far."""
        for _ in range(MAX_SETTLING):
            moment = actor.due(actor.tentative) if actor.due else None
            if moment is None or moment > self.now:
                self._undo.clear()
                return len(self.rows)
            expire = actor.behaviour.expire
            events = expire(actor.tentative, self.now) if expire else ()
            if not events:
                reason = f"it is due at {moment}, and expire gave nothing at {self.now}"
                raise BadDecision(actor.address, message.command, reason)
            due_id = f"due.{moment.isoformat()}"
            self._evolve(Message(actor, None, None, "system", "due", due_id, None), events)
        reason = f"it was still due after {MAX_SETTLING} rounds of expire"
        raise BadDecision(actor.address, message.command, reason)

    def _come_to_rest(self, message: Message) -> tuple[Any, ...]:
        """Run the root's `settle` until nothing follows."""
        events: tuple[Any, ...] = ()
        settle, states = self._settle, self._family.states
        for _ in range(MAX_SETTLING):
            if settle is None or not (following := settle(states)):
                return events
            if not all(type(each) is At for each in following):
                reason = f"settle gives At(member, event), not {following!r}"
                raise BadDecision(message.actor.address, message.command, reason)
            events += self._evolve(message, following)
        reason = f"the family was not at rest after {MAX_SETTLING} rounds of settle"
        raise BadDecision(message.actor.address, message.command, reason)

    def _evolve(self, message: Message, decided: tuple[Any, ...]) -> tuple[Any, ...]:
        """Encode events into rows and evolve the tentative states; gives the events as stored."""
        if len(decided) == 1:
            event = self._apply(message, decided[0])
            return decided if event is decided[0] else (event,)
        return tuple([self._apply(message, each) for each in decided])

    def _apply(self, message: Message, decided: Any) -> Any:
        apart = type(decided) is At
        owner = self._family.member(decided.member) if apart else message.actor
        name, tail, event = self._encode(
            decided.event if apart else decided,
            message.by,
            message.why,
            message.id,
            message.happened_at,
        )
        before, version, rows = owner.tentative, owner.tentative_version, self.rows
        state = before.evolve(event)
        if state is None:
            reason = f"{type(before).__name__}.evolve gave None for {event!r}"
            raise BadDecision(owner.address, message.command, reason)
        self._undo.append((owner, before, version, self._touched.get(owner, -1)))
        owner.tentative = state
        owner.tentative_version = version + 1
        self._touched[owner] = len(rows)
        rows.append((owner.address, version + 1, name, tail))
        return At(decided.member, event) if apart else event

    def _take_back(self, start: int) -> None:
        for owner, state, version, row in reversed(self._undo):
            owner.tentative, owner.tentative_version = state, version
            self._touched[owner] = row
        del self.rows[start:]

    def submit(self, *, guest: bool, hold: bool) -> None:
        """Hand the batch over; a turn that stored nothing is told at once."""
        self._note_due()
        if self.rows or self.due:
            self._family.system.committer.submit(self, guest=guest, hold=hold)
        else:
            self.committed((), self.now)

    def _note_due(self) -> None:
        """Put the actors that want to be woken at another time than before into the batch."""
        for owner in self._touched:
            if owner.due is not None and (moment := owner.due(owner.tentative)) != owner.due_at:
                self.due.append((owner.address, moment))

    def committed(self, positions: Sequence[int], recorded_at: datetime) -> None:
        """The rows are on disk: believe the states, answer the askers, free the family."""
        if not self.told:
            self._believe(positions)
            self.told = True
        self._family.release(self)

    def _believe(self, positions: Sequence[int]) -> None:
        for owner, row in self._touched.items():
            owner.state, owner.version = owner.tentative, owner.tentative_version
            if row >= 0:
                owner.position = positions[row]
        system = self._family.system
        for address, moment in self.due:
            self._family.actors[address].due_at = moment
            system.timers.set(address, moment)
        if system.reactor is not None:
            system.reactor.notice(self.rows, positions)
        receipts = self._receipts
        for outcome in self._outcomes:
            message = outcome.message
            if outcome.events:
                receipts[message.id] = positions[outcome.start]
            if outcome.error is not None:
                self._refuse(message, outcome.error)
            elif message.future is not None and message.future.outcome is None:
                row = outcome.row
                position = positions[row] if row >= 0 else message.actor.position
                message.future.set(
                    Receipt(outcome.version, position, outcome.events, outcome.state)
                )
        self._family.forget_oldest()

    def conflicted(self) -> None:
        """Somebody else wrote: the family reloads and decides its commands again, one by one."""
        if not self.told:
            self._undone()
            self._family.again(self)

    def failed(self, error: Exception) -> None:
        """Nothing was stored: every asker whose answer hung on it gets the error."""
        if self.told:
            self._family.release(self)
            return
        self._undone()
        for outcome in self._outcomes:
            message = outcome.message
            if outcome.end == 0 and outcome.error is not None:
                self._refuse(message, outcome.error)
            elif message.future is None:
                _log.error("%s lost %r: %s", message.actor.address, message.command, error)
            else:
                _answer(message.future, error)
        self._family.release(self)

    def abandon(self, error: BaseException) -> None:
        """An interrupt inside the turn: a command at work gets the error, the others wait again."""
        self._undone()
        if len(self.taken) > len(self._outcomes):
            culprit = self.taken.pop()
            if culprit.future is not None:
                _answer(culprit.future, error)
        self._family.put_back(self.taken)
        self._family.release(self)

    def _undone(self) -> None:
        """Forget what was decided; only the answers of the batch may still be given."""
        self.told = True
        for owner in self._touched:
            owner.tentative, owner.tentative_version = owner.state, owner.version
        for outcome in self._outcomes:
            if outcome.end > outcome.start:
                self._receipts.pop(outcome.message.id, None)

    def _refuse(self, message: Message, error: BaseException) -> None:
        if message.future is None and not isinstance(error, Rejected):
            letter = Letter(
                message.actor.address, message.command, message.by, message.why, message.id
            )
            self._family.system.letters.record(letter, error, 1)
        elif not isinstance(error, Rejected):
            _log.error(
                "%s failed on %r (%s)", message.actor.address, message.command, message.id,
                exc_info=error,
            )  # fmt: skip
        elif message.future is None:
            _log.warning("%s refused %r: %s", message.actor.address, message.command, error)
        if message.future is not None:
            _answer(message.future, error)


def _answer(future: Future[Any], answer: Receipt | BaseException) -> None:
    if future.outcome is not None:
        return
    if isinstance(answer, BaseException):
        future.fail(answer)
    else:
        future.set(answer)
