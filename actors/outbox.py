"""What is open in the outbox: events whose sends are not all settled, and the durable cursor."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from .courier import Courier
from .future import Future
from .reactions import CURSOR, Advance

if TYPE_CHECKING:
    from .system import ActorSystem

EVERY = 1_000
"""How many positions the cursor may lag behind what is settled before it is moved."""


class Outbox:
    """Positions with something unsettled, in their order. Safe to use from many threads."""

    def __init__(self, system: ActorSystem, courier: Courier) -> None:
        self._system = system
        self._courier = courier
        self._lock = threading.Lock()
        self._cursor = self._read = 0
        self.under_way = 0
        """How many sends are on their way."""
        self._open: dict[int, int] = {}
        self._order: deque[int] = deque()
        self._waiters: list[Future[None]] = []

    def begin(self, cursor: int) -> int:
        """Go on where the log says that everything is settled."""
        self._cursor = self._read = cursor
        return cursor

    def open(self, position: int, sends: int) -> None:
        """Note that so many sends of the event at this position are not settled."""
        if sends:
            with self._lock:
                self._open[position] = sends
                self._order.append(position)

    def sent(self) -> None:
        """A send is on its way."""
        with self._lock:
            self.under_way += 1

    def back(self) -> None:
        """A send has come to its end."""
        with self._lock:
            self.under_way -= 1

    def settle(self, position: int) -> None:
        """One send of the event at this position is done with."""
        with self._lock:
            self._open[position] -= 1
            if not self._open[position]:
                del self._open[position]
        self._move_cursor()

    def read_up_to(self, position: int) -> None:
        """Whatever stands up to here was noticed."""
        self._read = position
        self._move_cursor()

    def _move_cursor(self) -> None:
        """Move the durable cursor past everything that is settled, once in a while."""
        with self._lock:
            while self._order and self._order[0] not in self._open:
                self._order.popleft()
            reached = self._order[0] - 1 if self._order else self._read
            if reached - self._cursor < EVERY:
                return
            self._cursor = reached
        self._courier.note(CURSOR, Advance(reached), "cursor")

    @property
    def empty(self) -> bool:
        """Whether everything that was noticed is settled."""
        return not self._open

    def when_idle(self) -> Future[None]:
        """Answered by `tell_if_idle`."""
        future = self._system.dispatcher.future()
        self._waiters.append(future)
        return future

    def tell_if_idle(self, behind: bool) -> None:
        """Answer who waits, unless something is open or not noticed yet."""
        while self._waiters and not (behind or self._open):
            try:
                self._waiters.pop().set(None)
            except IndexError:
                return
