"""Reactions: what committed events make other families do. The log is the outbox.

The reactor reads the log behind the commits, asks `react` of each event's behaviour what to send,
and sends it with the id `r.<position>.<index>`. Nothing of this is kept in memory only: what was
sent and took effect has that id in the log as the cause of its events; what had no effect is marked
by an event of `reactions/cursor`. After a crash the reactor reads on from the cursor and sends what
has neither; its effect comes once, because whatever it did is found before it is sent again.

*noticed* -> sent -> taken or refused -> (its `taken` or `refused` command sent back) -> settled

What fails (any error but a refusal) is sent again, `ATTEMPTS` times in all, then recorded as a dead
letter and settled, so that it holds up nothing. At most `IN_FLIGHT` are under way. Sends of one
event go out in their order, and so do those of one actor, unless one has to be repeated.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pykka

from ..events.address import kind
from ..events.errors import Rejected
from ..events.log_errors import LogClosed, OutcomeUncertain
from ..events.reactions import Reactions
from ..events.recorded import Recorded
from .behaviour import Send
from .delivery import Delivery, Part
from .letters import Letter
from .reactions import CURSOR, Advance, Settle

if TYPE_CHECKING:
    from ..events.log import TailRow
    from .system import ActorSystem

ATTEMPTS = 3
IN_FLIGHT = 1_000
EVERY = 1_000
"""So many positions the cursor may lag behind before it is moved."""


class Reactor:
    """Sends what events react with, and settles it."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._kinds = {
            each.kind: each.react for each in system.index.behaviours.values() if each.react
        }
        self._read = 0
        self._heard = 0
        self._cursor = 0
        self._open: dict[int, int] = {}
        self._waiting: deque[Delivery] = deque()
        self._under_way = 0
        self._done: set[str] = set()
        self._lock = threading.Lock()
        self._pumping = False

    def start(self) -> None:
        """Find in the log what was settled before, and send what was not."""
        log = self._system.log
        settled: Reactions = self._system.state(CURSOR)
        self._cursor = self._read = settled.cursor
        marks = {f"r.{position}.{index}.settled" for position, index in settled.beyond}
        causes = (log.codec.stamp(*row).cause for row in log.rows(self._cursor))
        self._done = marks.union(cause for cause in causes if cause.startswith("r."))
        self.pump()

    def notice(self, rows: Sequence[TailRow], positions: Sequence[int]) -> None:
        """Rows were committed; called with each batch, so it only looks whether any may react."""
        kinds = self._kinds
        for row, position in zip(rows, positions, strict=True):
            if kind(row[0]) in kinds:
                self._heard = max(self._heard, position)
        if self._heard > self._read:
            self._system.dispatcher.run(self.pump)

    def pump(self) -> None:
        """Read on and send, as far as what is under way allows; one thread at a time."""
        with self._lock:
            if self._pumping or self._system.ended:
                return
            self._pumping = True
        try:
            self._read_on()
        finally:
            self._pumping = False
        self._send_waiting()

    def _read_on(self) -> None:
        log = self._system.log
        for row in log.rows(self._read):
            react = self._kinds.get(kind(row[1]))
            if react is not None:
                self._react(log.codec.recorded(*row))
            self._read = row[0]
            if len(self._waiting) >= IN_FLIGHT:
                break
        self._move_cursor()

    def _react(self, recorded: Recorded) -> None:
        react = self._kinds[kind(recorded.address)]
        sends: tuple[Send, ...] = react(recorded)
        deliveries = [Delivery(recorded, index, send) for index, send in enumerate(sends)]
        unsettled = [each for each in deliveries if not each.settled(self._done)]
        if unsettled:
            with self._lock:
                self._open[recorded.position] = len(unsettled)
                self._waiting.extend(unsettled)

    def _send_waiting(self) -> None:
        while True:
            with self._lock:
                if not self._waiting or self._under_way >= IN_FLIGHT:
                    return
                delivery = self._waiting.popleft()
                self._under_way += 1
            self._send(delivery, delivery.first(self._done))

    def _send(self, delivery: Delivery, part: Part) -> None:
        """Put one command of a delivery into its actor's inbox."""
        try:
            future = self._system.post(
                part.address,
                part.command,
                by=part.by,
                why=part.why,
                command_id=part.id,
                repeatable=True,
            )
        except Exception as error:  # noqa: BLE001 - an address or command that cannot be sent
            self._failed(delivery, part, error)
            return
        future.when_done(lambda: self._answered(delivery, part, future.outcome))

    def _answered(self, delivery: Delivery, part: Part, outcome: Any) -> None:
        receipt, error = outcome
        if isinstance(error, pykka.ActorDeadError | LogClosed | OutcomeUncertain):
            return  # the system ends: what is not settled is sent again when it is opened
        if error is not None and not isinstance(error, Rejected):
            self._failed(delivery, part, error)
            return
        following = delivery.after(part, refused=error is not None)
        if following is not None:
            self._system.dispatcher.run(lambda: self._send(delivery, following))
        else:
            stored = error is None and bool(receipt.events)
            self._system.dispatcher.run(lambda: self._settle(delivery, marked=stored))

    def _failed(self, delivery: Delivery, part: Part, error: BaseException) -> None:
        delivery.attempts += 1
        if delivery.attempts < ATTEMPTS:
            self._system.dispatcher.run(lambda: self._send(delivery, part))
            return
        self._system.letters.record(
            Letter(part.address, part.command, part.by, part.why, part.id), error, delivery.attempts
        )
        self._system.dispatcher.run(lambda: self._settle(delivery, marked=False))

    def _settle(self, delivery: Delivery, *, marked: bool) -> None:
        """A delivery is done with; without an event of its own in the log it gets a mark."""
        position = delivery.recorded.position
        if not marked:
            self._system.post(CURSOR, Settle(position, delivery.index), by="system", why="settled")
        with self._lock:
            self._under_way -= 1
            self._open[position] -= 1
            if not self._open[position]:
                del self._open[position]
        self._move_cursor()
        self.pump()

    def _move_cursor(self, *, every: int = EVERY) -> None:
        """Move the durable cursor behind everything that is settled, once in a while."""
        with self._lock:
            reached = min(self._open) - 1 if self._open else self._read
            if reached - self._cursor < every:
                return
            self._cursor = reached
        self._system.post(CURSOR, Advance(reached), by="system", why="cursor")

    @property
    def idle(self) -> bool:
        """Whether everything that was committed has been reacted to and settled."""
        with self._lock:
            behind = self._read < self._heard
            return not (self._open or self._waiting or self._pumping or behind)
