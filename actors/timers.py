"""Timers: the table of due times, and who is woken when.

A timer is only a wake-up: what the time makes of an actor is decided by its `expire`, before every
command of its family and when it is woken. So a timer that is late, lost or rings twice changes
nothing but when this is seen. The table is kept in the transaction of the events; opening a system
reads it and recovers nobody. At most `AWAKE` actors are being woken at a time.

*waiting* in the queue -> late -> woken -> (its commit sets another due time, or none)
                                        -> failed -> waiting again, a little longer each time
"""

from __future__ import annotations

import heapq
import logging
import threading
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from ..events.address import family
from .dues import known_dues
from .logs import about
from .message import Wake

if TYPE_CHECKING:
    from .system import ActorSystem

AWAKE = 1_000
"""How many actors are woken at a time; the next follow when these have committed."""

LONGEST_SECONDS = 60.0
"""An actor that fails when it is woken is woken again after 1, 2, 4 … seconds, up to so many."""

_log = logging.getLogger("retold")


class Timers:
    """Due times by address, the earliest armed with the dispatcher. Holds addresses only."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system
        self.used = any(each.due for each in system.index.behaviours.values())
        self._due: dict[str, datetime] = {}
        self._queue: list[tuple[datetime, str, datetime]] = []
        self._late: dict[str, dict[str, datetime]] = {}
        self._next: deque[tuple[str, datetime]] = deque()
        self._failures: dict[str, int] = {}
        self._armed: datetime | None = None
        self._ringing = 0
        self._lock = threading.Lock()

    def load(self) -> None:
        """Take over what the log knows of due times."""
        self._due = known_dues(self._system)
        self._queue = [(moment, address, moment) for address, moment in self._due.items()]
        heapq.heapify(self._queue)
        self._arm()

    def moment(self, address: str) -> datetime | None:
        """When an actor is to be woken, by the table."""
        return self._due.get(address)

    def set(self, address: str, moment: datetime | None) -> None:
        """Let an actor be woken at `moment` instead of whenever it was, or never."""
        with self._lock:
            self._forget_late(address)
            self._failures.pop(address, None)
            if moment is None:
                self._due.pop(address, None)
                return
            self._due[address] = moment
            heapq.heappush(self._queue, (moment, address, moment))
        self._arm()

    def late(self, root: str, now: datetime) -> Sequence[str]:
        """The actors of a family whose time has come, whether or not they have been woken."""
        queue = self._queue
        if root not in self._late and (not queue or queue[0][0] > now):
            return ()
        with self._lock:
            self._collect(now)
            return sorted(self._late.get(root, ()))

    def _collect(self, now: datetime) -> None:
        """Move those whose time has come from the queue to the late ones, in their order."""
        while self._skip() and self._queue[0][0] <= now:
            _, address, moment = heapq.heappop(self._queue)
            self._late.setdefault(family(address), {})[address] = moment
            self._next.append((address, moment))

    def _forget_late(self, address: str) -> None:
        root = family(address)
        late = self._late.get(root)
        if late is not None and late.pop(address, None) is not None and not late:
            del self._late[root]

    def ring(self) -> None:
        """Wake those whose time has come."""
        with self._lock:
            self._armed = None
            self._collect(self._system.clock.now())
            woken = []
            while self._next and self._ringing < AWAKE:
                address, moment = self._next.popleft()
                if self._late.get(family(address), {}).get(address) == moment:
                    woken.append((address, moment))
                    self._ringing += 1
        for address, moment in woken:
            self._wake(address, moment)
        self._arm()

    def _wake(self, address: str, moment: datetime) -> None:
        future = self._system.post(address, Wake(), by="system", why="due")
        future.when_done(lambda: self._rang(address, moment, future.outcome))

    def _rang(self, address: str, moment: datetime, outcome: Any) -> None:
        failed = outcome[1] is not None
        with self._lock:
            self._ringing -= 1
            if self._late.get(family(address), {}).get(address) == moment:
                self._forget_late(address)
                if failed and not self._system.closed:
                    self._wake_again(address, moment)
        self._arm()

    def _wake_again(self, address: str, moment: datetime) -> None:
        failures = self._failures[address] = self._failures.get(address, 0) + 1
        seconds = min(2.0 ** (failures - 1), LONGEST_SECONDS)
        _log.warning(
            "%s is due since %s, and is woken again in %g s", address, moment, seconds,
            extra=about(address),
        )  # fmt: skip
        again = self._system.clock.now() + timedelta(seconds=seconds)
        heapq.heappush(self._queue, (again, address, moment))

    def _arm(self) -> None:
        """Have the dispatcher ring at the earliest due time, if it does not already."""
        with self._lock:
            if self._system.closed or self._ringing > AWAKE // 2:
                return
            if self._next:
                moment = self._next[0][1]
            elif self._skip():
                moment = self._queue[0][0]
            else:
                return
            if self._armed is not None and self._armed <= moment:
                return
            self._armed = moment
        self._system.dispatcher.wake_at(moment, self._system.clock, self.ring)

    def _skip(self) -> bool:
        """Drop from the front of the queue what was set anew; True if anything is left."""
        while self._queue and self._due.get(self._queue[0][1]) != self._queue[0][2]:
            heapq.heappop(self._queue)
        return bool(self._queue)
