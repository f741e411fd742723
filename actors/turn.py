"""One turn of a family: decide what waits, over tentative states, and hand it over as one batch.

The ladder stands here and nowhere else: decide, evolve a copy, append, and only then swap the state
and answer. Before the commit nothing of a turn can be seen from outside; a command that is refused
or raises leaves no trace in it.

*taken* -> decided -> submitted; what becomes of it then is told in `decided`.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..events.address import member
from ..events.errors import BadDecision
from .behaviour import At
from .context import Context
from .decided import Decided
from .dues import due_moment
from .message import Message, Outcome, Wake

if TYPE_CHECKING:
    from .actor import Actor
    from .family import Family

MAX_SETTLING = 1_000
"""How many rounds a family may take to come to rest after one decision."""

EVERY_EVENT = "it gives a state for every event, self for those that change nothing"

_log = logging.getLogger("retold")


class Turn(Decided):
    """A batch in the making."""

    __slots__ = ("_encode", "_settle", "_supervisor", "_timed", "_undo", "now")

    def __init__(self, family: Family, now: datetime) -> None:
        super().__init__(family)
        self.now = now
        self._settle = family.settle
        self._encode = family.system.log.codec.encode
        self._supervisor = family.system.supervisor
        self._timed = family.system.timers.used
        self._undo: list[tuple[Actor, Any, int, int]] = []

    @property
    def seed(self) -> str:
        """The system's seed, for the draws of contexts."""
        return self._family.system.seed

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
            if self._supervisor.troubled:
                self._supervisor.check(actor.address)
            if actor.due is not None:
                start = self._expire(message, actor)
            if type(message.command) is not Wake:
                events = self._carry_out(message, actor)
                if self._timed:
                    self._check_due(message)
        except KeyboardInterrupt:
            self._take_back(start)
            raise
        except BaseException as error:  # noqa: BLE001 - an exit in one command is that command's
            self._take_back(start)
            failure = error
        if failure is not None or self._supervisor.troubled:
            self._supervisor.judge(actor.address, failure)
        end = len(rows)
        if end > start:
            if (receipts := self._family.receipts) is not None:
                receipts.begin(message.id)
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

    def _check_due(self, message: Message) -> None:
        """Raise `BadDecision` where a state that came of a command has no sensible due time."""
        for owner, *_ in self._undo:
            if owner.due is not None:
                due_moment(owner, message.command)

    def apply_late(self) -> None:
        """Store what the time makes of the family, before any of its commands is decided.

        What fails is left as it is; that is reported when its own actor is woken or asked.
        """
        timers = self._family.system.timers
        for address in timers.late(self._family.root, self.now) if self._timed else ():
            start = len(self.rows)
            self._undo.clear()
            try:
                actor = self._family.member(member(address))
                self._expire(Message(actor, Wake(), None, "system", "due", "", None), actor)
            except Exception:  # noqa: BLE001 - its deadline must not refuse another's command
                self._take_back(start)

    def _expire(self, message: Message, actor: Actor) -> int:
        """Store what the time makes of the actor, whatever becomes of the command; gives the rows
        so far."""
        for _ in range(MAX_SETTLING):
            moment = due_moment(actor, message.command)
            if moment is None or moment > self.now:
                self._touched.setdefault(actor, -1)
                self._undo.clear()
                return len(self.rows)
            expire = actor.behaviour.expire
            events = expire(actor.tentative, self.now) if expire else ()
            if type(events) is not tuple or not events:
                reason = f"it is due at {moment}, and expire gave {events!r} at {self.now}"
                raise BadDecision(actor.address, message.command, reason)
            due_id = f"due.{moment.isoformat()}"
            expiry = Message(actor, message.command, None, "system", "due", due_id, None)
            self._evolve(expiry, events)
            if self._settle is not None:
                self._come_to_rest(expiry)
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
        if type(state) is not type(before) and not hasattr(state, "evolve"):
            reason = f"{type(before).__name__}.evolve gave {state!r} for {event!r}; {EVERY_EVENT}"
            raise BadDecision(owner.address, message.command, reason)
        self._undo.append((owner, before, version, self._touched.get(owner, -1)))
        self._touched[owner] = len(rows)
        owner.tentative = state
        owner.tentative_version = version + 1
        rows.append((owner.address, version + 1, name, tail))
        return At(decided.member, event) if apart else event

    def _take_back(self, start: int) -> None:
        for owner, state, version, row in reversed(self._undo):
            owner.tentative, owner.tentative_version = state, version
            self._touched[owner] = row
        del self.rows[start:]

    def submit(self, *, guest: bool, hold: bool) -> None:
        """Hand the batch over; a turn that stored nothing is told at once."""
        if self._timed:
            self._note_due()
        if self.rows or self.due:
            self._family.system.committer.submit(self, guest=guest, hold=hold)
        elif not self._family.system.committer.refuses(self):
            self.committed((), self.now)

    def _note_due(self) -> None:
        """Put the actors that want to be woken at another time than before into the batch."""
        for owner in self._touched:
            if owner.due is not None and (moment := due_moment(owner, None)) != owner.due_at:
                self.due.append((owner.address, moment))
