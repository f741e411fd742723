"""Dispatchers: who gives a family its turn, and on which thread.

The seam between actors and time. A dispatcher is told which families are ready; it runs their
turns, one at a time a family. `Pool` runs them on a few threads; `Stepped` when a test says so. A
world of simulated time is a third.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

from ..events.clock import Clock, Countdown
from ..events.commit import Work, do
from .alarm import Alarm
from .future import Future, inside, may_wait

if TYPE_CHECKING:
    from .inbox import Inbox

_log = logging.getLogger("retold")


class Dispatcher(Protocol):
    """What an actor system asks of whoever gives turns."""

    def ready(self, family: Inbox, claim: object) -> None:
        """A family has messages and was claimed: see that it takes its turn."""
        ...

    def lead(self, family: Inbox, claim: object) -> None:
        """As `ready`, for a caller that will wait for the answer and may take the turn itself."""
        ...

    def may_wait(self, address: str) -> None:
        """Raise `AskInsideDecide` on a thread that is inside a turn."""
        ...

    @property
    def future(self) -> Callable[[], Future[Any]]:
        """Makes futures that can be waited for under this dispatcher."""
        ...

    def run(self, work: Callable[[], None]) -> None:
        """Do a piece of the system's own work soon."""
        ...

    @property
    def leave(self) -> Callable[[Work], None]:
        """Leaves work to a thread that no Ctrl-C reaches, and does so in one step, so that none
        comes between. Where all runs on the caller's thread it is done at once.
        """
        ...

    def wake_at(self, moment: datetime, clock: Clock, ring: Callable[[], None]) -> None:
        """Call `ring` once the clock has reached `moment`; a later call for a `ring` moves it."""
        ...

    def close(self, timeout: float | None = None) -> None:
        """Take no more turns and give threads back, once what is ready was run."""
        ...


class Pool:
    """Turns on a small pool of threads; a thread that waits for its answer takes the turn itself.

    At least two threads: while one commits, the other decides what the next commit will hold.
    """

    future = Future

    def __init__(self, threads: int = 2, turn_size: int = 200) -> None:
        if threads < 2:
            raise ValueError(f"a pool has at least 2 threads, not {threads}")
        self._turn_size = turn_size
        self._closed = False
        self._commit: Callable[[], None] = lambda: None
        self._alarm = Alarm(self.run)
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self.leave: Callable[[Work], None] = self._queue.put
        self._threads = [
            threading.Thread(target=self._work, name=f"retold-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def ready(self, family: Inbox, claim: object) -> None:
        """Queue the family's turn."""
        self._commit = family.system.committer.lead
        self.run(lambda: family.turn(claim, self._turn_size, hold=self._more()))

    def lead(self, family: Inbox, claim: object) -> None:
        """Take the family's turn on this thread."""
        family.turn(claim, self._turn_size, guest=True)

    def may_wait(self, address: str) -> None:
        """Raise `AskInsideDecide` on a thread that is inside a turn."""
        may_wait(address)

    def run(self, work: Callable[[], None]) -> None:
        """Queue a piece of work after the turns; once the pool is closed, do it on this thread."""
        if self._closed:
            work()
        else:
            self._queue.put((work,))

    def wake_at(self, moment: datetime, clock: Clock, ring: Callable[[], None]) -> None:
        """Ring on a thread of the pool."""
        self._alarm.set(moment, clock, ring)

    def close(self, timeout: float | None = None) -> None:
        """End the threads once the queue is empty, waiting up to `timeout` seconds for all."""
        left = Countdown(timeout)
        self._closed = True
        self._alarm.close()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(left.seconds())
        if not any(thread.is_alive() for thread in self._threads):
            self._do_what_is_left()

    def _do_what_is_left(self) -> None:
        while not self._queue.empty():
            if (work := self._queue.get()) is not None:
                self._do(work)

    def _more(self) -> bool:
        """Whether another turn is ready: then the commit waits for it, to be a larger one."""
        return not (self._closed or self._queue.empty())

    def _work(self) -> None:
        inside.pool = True
        while (work := self._queue.get()) is not None:
            self._do(work)
            if not self._more():
                self._do((self._commit,))
        self._do((self._commit,))

    @staticmethod
    def _do(work: Work) -> None:
        try:
            do(work)
        except BaseException:  # noqa: BLE001 - one behaviour's SystemExit must not end the pool
            _log.exception("A turn was broken off")
