"""What becomes of a turn once it is decided: believed, decided again, undone or broken off.

The second half of the ladder: the committer tells each batch exactly once what the log says of it,
and only then are states swapped and askers answered.

*submitted* -> committed | conflicted | failed | abandoned -> the family is released.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

from ..events.errors import Rejected
from ..events.journal import Due
from ..events.log import TailRow
from ..events.log_errors import OutcomeUncertain
from .behaviour import Receipt
from .letters import Letter
from .logs import about_message, in_words
from .message import Message, Outcome

if TYPE_CHECKING:
    from .actor import Actor
    from .family import Family

_log = logging.getLogger("retold")
_telling = Lock()


class Decided:
    """The events of one turn, the due times they bring, and who waits for what."""

    __slots__ = (
        "_family", "_outcomes", "_touched", "due", "rows", "taken", "told",
    )  # fmt: skip

    def __init__(self, family: Family) -> None:
        self.rows: list[TailRow] = []
        self.due: list[Due] = []
        self.told = False
        self.taken: list[Message] = []
        self._family = family
        self._touched: dict[Actor, int] = {}
        self._outcomes: list[Outcome] = []

    @property
    def at_work(self) -> bool:
        """Whether it still decides: it owns its family, and has not handed its batch over."""
        family = self._family
        return family.owned_by(self) and not family.system.committer.has(self)

    @property
    def deciding(self) -> str:
        """The address of the actor whose command it decides, or decided last."""
        return self.taken[-1].actor.address if self.taken else ""

    @property
    def carrying_out(self) -> str:
        """The name and id of the command that it decides, or decided last."""
        return in_words(self.taken[-1].command, self.taken[-1].id) if self.taken else ""

    @property
    def size(self) -> int:
        """The bytes of the batch's tails."""
        return sum([len(row[3]) for row in self.rows])

    @property
    def command_ids(self) -> Sequence[str]:
        """The ids of the commands that this batch carries."""
        return [message.id for message in self.taken]

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
        self._set_timers()
        if system.reactor is not None:
            system.reactor.notice(self.rows, positions)
        receipts = self._family.receipts
        for outcome in self._outcomes:
            message = outcome.message
            if receipts is not None and outcome.events:
                receipts.keep(message.id, positions[outcome.start])
            if outcome.error is not None:
                self._refuse(message, outcome.error)
                continue
            future = message.future or message.watch
            if future is None:
                continue
            if future.outcome is None:
                row = outcome.row
                position = positions[row] if row >= 0 else message.actor.position
                future.set(Receipt(outcome.version, position, outcome.events, outcome.state))
            else:
                future.wake()
        if receipts is not None:
            receipts.forget_oldest()
        system.snapshots.notice(self._touched)

    def _set_timers(self) -> None:
        for address, moment in self.due:
            self._family.actors[address].due_at = moment
            self._family.system.timers.set(address, moment)

    def conflicted(self) -> None:
        """Somebody else wrote: the family reloads and decides its commands again, one by one."""
        self._family.uninterrupted((self._conflicted,))

    def _conflicted(self) -> None:
        if self._undone():
            self._family.again(self)

    def failed(self, error: Exception) -> None:
        """Nothing was stored, or nobody knows: every asker whose answer depended on it gets the
        error, with the id of his own command where he has to ask again by it.
        """
        self._family.uninterrupted((self._failed, error))

    def _failed(self, error: Exception) -> None:
        if not self._undone():
            return
        for outcome in self._outcomes:
            message = outcome.message
            if isinstance(error, OutcomeUncertain):
                error = OutcomeUncertain(message.id, error.reason)
            if outcome.end == 0 and outcome.error is not None:
                self._refuse(message, outcome.error)
            elif message.future is None:
                _log.error(
                    "%s lost %r: %s", message.actor.address, message.command, error,
                    extra=about_message(message),
                )  # fmt: skip
            message.fail(error)
        self._family.release(self)

    def abandon(self, error: BaseException) -> None:
        """An interrupt inside the turn: its messages wait again, but a culprit gets the error."""
        self._undone()
        at_work = len(self.taken) > len(self._outcomes)
        if at_work and not self._family.spares(self.taken[-1], error):
            culprit = self.taken.pop()
            culprit.fail(error)
        self._family.put_back(self.taken)
        self._family.release(self)

    def _undone(self) -> bool:
        """Forget what was decided; only the answers of the batch may still be given. False where
        it was told before what became of it."""
        with _telling:
            first, self.told = not self.told, True
        if not first:
            return False
        for owner in self._touched:
            owner.tentative, owner.tentative_version = owner.state, owner.version
        receipts = self._family.receipts
        if receipts is not None:
            for outcome in self._outcomes:
                if outcome.end > outcome.start:
                    receipts.undo(outcome.message.id)
        return True

    def _refuse(self, message: Message, error: BaseException) -> None:
        if message.future is None and not isinstance(error, Rejected):
            letter = Letter(
                message.actor.address, message.command, message.by, message.why, message.id
            )
            self._family.system.letters.record(letter, error, 1)
        elif not isinstance(error, Rejected):
            _log.error(
                "%s failed on %r (%s)", message.actor.address, message.command, message.id,
                exc_info=error, extra=about_message(message),
            )  # fmt: skip
        elif message.future is None:
            _log.warning(
                "%s refused %r: %s", message.actor.address, message.command, error,
                extra=about_message(message),
            )  # fmt: skip
        message.fail(error)
