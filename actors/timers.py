"""Timers: the table of due times, and who is woken when.

A timer is only a wake-up: what the time makes of an actor is decided by its `expire`, before every
command and when it is woken. So a late timer, a lost one and one that rings twice change nothing
but when it is seen. The table is kept in the transaction of the events (`Journal.dues`); opening a
system reads it and recovers nobody. At most `AWAKE` actors are being woken at a time.
"""

from __future__ import annotations

import heapq
import threading
from datetime import datetime
from typing import TYPE_CHECKING

from ..events.address import kind
from ..events.fold import fold
from .message import Message, Wake

if TYPE_CHECKING:
    from .system import ActorSystem

AWAKE = 1_000
"""How many actors are woken at a time; the next when these have committed."""


class Timers:
    """Due times by address, the earliest armed with the dispatcher."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self._due: dict[str, datetime] = {}
        self._queue: list[tuple[datetime, str]] = []
        self._armed: datetime | None = None
        self._ringing = 0
        self._lock = threading.Lock()

    def load(self) -> None:
        """Read the table of the log; fold the actors of a store that has none."""
        dues = self._system.log.journal.dues()
        found = self._folded() if dues is None else dues
        self._due = {address: moment for address, moment in found if self._known(address)}
        self._queue = [(moment, address) for address, moment in self._due.items()]
        heapq.heapify(self._queue)
        self._arm()

    def set(self, address: str, moment: datetime | None) -> None:
        """Let an actor be woken at `moment` instead of whenever it was, or never."""
        with self._lock:
            if moment is None:
                self._due.pop(address, None)
                return
            self._due[address] = moment
            heapq.heappush(self._queue, (moment, address))
        self._arm()

    def next(self) -> datetime | None:
        """The earliest due time, None if nobody waits for any."""
        with self._lock:
            self._skip()
            return self._queue[0][0] if self._queue else None

    def ring(self) -> None:
        """Wake those whose time has come."""
        now = self._system.clock.now()
        with self._lock:
            self._armed = None
            woken = []
            while self._ringing < AWAKE and self._skip() and self._queue[0][0] <= now:
                woken.append(heapq.heappop(self._queue)[1])
                self._ringing += 1
        for address in woken:
            self._wake(address)
        self._arm()

    def _wake(self, address: str) -> None:
        system = self._system
        actor = system.actor(address)
        future = system.dispatcher.future()
        future.when_done(self._rang)
        message = Message(actor, Wake(), future, "system", "due", system.next_id(), None)
        if claim := actor.family.post(message):
            system.dispatcher.ready(actor.family, claim)

    def _rang(self) -> None:
        with self._lock:
            self._ringing -= 1
            waiting = self._ringing == 0 and self._armed is None
        if waiting:
            self._arm()

    def _arm(self) -> None:
        """Have the dispatcher ring at the earliest due time, if it does not already."""
        with self._lock:
            if not self._skip() or self._ringing >= AWAKE:
                return
            moment = self._queue[0][0]
            if self._armed is not None and self._armed <= moment:
                return
            self._armed = moment
        self._system.dispatcher.wake_at(moment, self._system.clock, self.ring)

    def _skip(self) -> bool:
        """Drop what was set anew from the front of the queue; whether anything is left."""
        while self._queue and self._due.get(self._queue[0][1]) != self._queue[0][0]:
            heapq.heappop(self._queue)
        return bool(self._queue)

    def _known(self, address: str) -> bool:
        behaviour = self._system.index.behaviours.get(kind(address))
        return behaviour is not None and behaviour.due is not None

    def _folded(self) -> list[tuple[str, datetime]]:
        found = []
        for address, _ in self._system.log.addresses():
            behaviour = self._system.index.behaviours.get(kind(address))
            if behaviour is not None and behaviour.due is not None:
                state = fold(behaviour.initial, self._system.log.events(address))
                if (moment := behaviour.due(state)) is not None:
                    found.append((address, moment))
        return found
