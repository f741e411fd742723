"""Reactions: what committed events make other families do. The log is the outbox.

The reactor reads the log after the commits, asks `react` of each event's behaviour what to send,
and has it sent with the id `r.<position>.<index>`. Nothing of this is kept in memory only: what was
sent and took effect has that id in the log as the cause of its events; what had no effect is marked
by an event of `reactions/cursor`. After a crash the reactor reads on from the cursor and sends what
has neither; its effect comes once, because whatever it did is found before it is done again.

*noticed* -> sent by the courier -> ended -> settled

What fails for good becomes a dead letter and is settled then, so that it holds up nothing. At most
`IN_FLIGHT` are under way. Commands are sent in the order of the events and of each event's sends;
one that has to be sent again may come after later ones.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ..events.address import kind
from ..events.errors import NoSuchLetter, Rejected, RetoldError
from ..events.log_errors import LogClosed, StorageFailed
from ..events.reactions import Reactions
from ..events.recorded import Recorded
from .courier import ATTEMPTS, STORAGE_SECONDS, Courier
from .delivery import Delivery, Ending, sends
from .future import Future
from .letters import Letter
from .outbox import Outbox
from .reactions import CURSOR, Settle

if TYPE_CHECKING:
    from ..events.journal import StoredRow
    from ..events.log import TailRow
    from .system import ActorSystem

IN_FLIGHT = 1_000
_log = logging.getLogger("retold")

LAG = 10_000
"""How many positions of actors that do not react may pile up before they are read past."""


class Reactor:
    """Sends what events react with, and settles it."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._kinds = {
            each.kind: each.react for each in system.index.behaviours.values() if each.react
        }
        self._courier = Courier(system)
        self._outbox = Outbox(system, self._courier)
        self._read = self._heard = self._opened = 0
        self._known: set[str] = set()
        self._waiting: deque[Delivery] = deque()
        self._pumping = threading.Lock()
        self._called = False

    def start(self) -> None:
        """Find in the log what was settled before, and send what was not."""
        log = self._system.log
        settled: Reactions = self._system.state(CURSOR)
        self._read = self._outbox.begin(settled.cursor)
        self._known = {f"r.{position}.{index}.settled" for position, index in settled.beyond}
        for row in log.rows(self._read):
            self._opened = row[0]
            cause = log.codec.stamp(*row).cause
            if cause.startswith("r."):
                self._known.add(cause)
        self._heard = self._opened
        self._call()

    def notice(self, rows: Sequence[TailRow], positions: Sequence[int]) -> None:
        """Rows were committed; called with each batch, so it only looks whether any may react."""
        kinds, last = self._kinds, positions[-1] if positions else 0
        if last > self._heard and (
            last > self._read + LAG or any(kind(row[0]) in kinds for row in rows)
        ):
            self._heard = last
            self._call()

    def _call(self) -> None:
        if not self._called:
            self._called = True
            self._system.dispatcher.run(self.pump)

    def pump(self) -> None:
        """Read on and send, as far as what is under way allows; one thread at a time."""
        self._called = False
        while self._may_go_on() and self._pumping.acquire(blocking=False):
            try:
                self._read_on()
                self._send_waiting()
            except LogClosed:
                return
            except (OSError, sqlite3.Error, RetoldError) as error:
                _log.error("The log cannot be read after position %d: %s", self._read, error)
                self._courier.later(STORAGE_SECONDS, self.pump)
                return
            finally:
                self._pumping.release()
        self._outbox.tell_if_idle(self._behind)

    @property
    def _behind(self) -> bool:
        return self._read < self._heard or bool(self._waiting)

    def _may_go_on(self) -> bool:
        return self._behind and self._outbox.under_way < IN_FLIGHT and not self._system.ended

    def _read_on(self) -> None:
        log = self._system.log
        for row in log.rows(self._read):
            if len(self._waiting) >= IN_FLIGHT:
                return
            if kind(row[1]) in self._kinds:
                self._react(row)
            self._read = row[0]
        if self._read >= self._opened:
            self._known = set()
        self._heard = max(self._heard, self._read)
        self._outbox.read_up_to(self._read)

    def _react(self, row: StoredRow) -> None:
        position, address, *_ = row
        again = position <= self._opened
        try:
            recorded = self._system.log.codec.recorded(*row)
            found = sends(self._kinds[kind(address)], recorded)
        except Exception as error:  # noqa: BLE001 - a reaction is somebody else's code
            self._outbox.open(position, 1)
            letter = Letter(address, None, "system", "reaction", f"r.{position}")
            self._bury(letter, error, 1, position)
            return
        new = [
            Delivery(recorded, index, send, again=again, end=self._ended)
            for index, send in enumerate(found)
        ]
        unsettled = [each for each in new if not again or not each.settled(self._known)]
        self._outbox.open(recorded.position, len(unsettled))
        self._waiting.extend(unsettled)

    def _send_waiting(self) -> None:
        while self._waiting and self._outbox.under_way < IN_FLIGHT:
            delivery = self._waiting.popleft()
            self._outbox.sent()
            self._courier.send(delivery, delivery.first())

    def _ended(self, ending: Ending) -> None:
        position, index = ending.delivery.recorded.position, ending.delivery.index
        self._outbox.back()
        if ending.error is None:
            self._settled(position, None if ending.stored else index)
        else:
            part = ending.part
            letter = Letter(part.address, part.command, part.by, part.why, part.id)
            self._bury(letter, ending.error, max(1, ending.delivery.attempts), position, index)

    def _bury(
        self,
        letter: Letter,
        failure: BaseException,
        attempts: int,
        position: int,
        index: int | None = None,
    ) -> None:
        """Make a dead letter of what failed for good; once it is in the log it is settled."""
        kept = self._system.letters.record(letter, failure, attempts)

        def settle() -> None:
            error = kept.outcome[1] if kept.outcome else None
            if error is None:
                self._settled(position, index)
            elif isinstance(error, StorageFailed):
                self._courier.later(
                    STORAGE_SECONDS, lambda: self._bury(letter, failure, attempts, position, index)
                )

        kept.when_done(settle)

    def _settled(self, position: int, mark: int | None) -> None:
        """A send is done with; one that left no event of its own gets a mark in the log."""
        if mark is not None:
            self._courier.note(CURSOR, Settle(position, mark), "settled")
        self._outbox.settle(position)
        if self._behind:
            self._call()
        else:
            self._outbox.tell_if_idle(self._behind)

    def when_idle(self) -> Future[None]:
        """A future, answered once everything committed has been reacted to and settled."""
        future = self._outbox.when_idle()
        self._outbox.tell_if_idle(self._behind)
        return future

    @property
    def idle(self) -> bool:
        """Whether everything that was committed has been reacted to and settled."""
        return not self._behind and self._outbox.empty

    # Dead letters of reactions.

    def deliver(self, letter_id: str) -> list[Future[None]]:
        """Send again what a dead letter names; each future has an answer when its send ended."""
        recorded, index = self._named(letter_id)
        found = sends(self._kinds[kind(recorded.address)], recorded)
        futures: list[Future[None]] = []
        for each in range(len(found)) if index is None else (index,):
            futures.append(future := self._system.dispatcher.future())
            delivery = Delivery(recorded, each, found[each], again=True, end=_tell(future))
            delivery.attempts = ATTEMPTS - 1
            self._courier.send(delivery, delivery.first())
        return futures

    def refuse(self, letter_id: str, reason: str) -> None:
        """Let what a dead letter names count as refused: what goes back then goes back."""
        recorded, index = self._named(letter_id)
        if index is None or not letter_id.endswith(f".{index}"):
            return
        send = sends(self._kinds[kind(recorded.address)], recorded)[index]
        ended: Future[None] = self._system.dispatcher.future()
        delivery = Delivery(recorded, index, send, again=True, end=_tell(ended))
        if back := delivery.after(delivery.first(), Rejected(reason)):
            self._courier.send(delivery, back)

    def _named(self, letter_id: str) -> tuple[Recorded, int | None]:
        """The event, and which of its sends, that `r.<position>.<index>` names."""
        _, position, *rest = letter_id.split(".")
        recorded = next(self._system.log.scan(after=int(position) - 1, upto=int(position)), None)
        if recorded is None or kind(recorded.address) not in self._kinds:
            raise NoSuchLetter(letter_id)
        return recorded, int(rest[0]) if rest else None


def _tell(future: Future[None]) -> Callable[[Ending], None]:
    def tell(ending: Ending) -> None:
        if ending.error is None:
            future.set(None)
        else:
            future.fail(ending.error)

    return tell
