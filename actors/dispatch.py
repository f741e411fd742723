"""Dispatchers: who gives a family its turn, and on which thread.

The seam between actors and time. A dispatcher is told which families are ready; it runs their
turns, one at a time a family. `Pool` runs them on a few threads; `Stepped` when a test says so. A
world of simulated time is a third.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Protocol

import pykka

from ..events.errors import AskInsideDecide
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
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
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
        """Queue a piece of work behind the turns; on this thread once the pool is closed."""
        if self._closed:
            work()
        else:
            self._queue.put(work)

    def close(self, timeout: float | None = None) -> None:
        """End the threads once the queue is empty, waiting up to `timeout` seconds for each."""
        self._closed = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout)

    def _more(self) -> bool:
        """Whether another turn is ready: then the commit waits for it, to be a larger one."""
        return not (self._closed or self._queue.empty())

    def _work(self) -> None:
        inside.pool = True
        while (work := self._queue.get()) is not None:
            self._do(work)
            if not self._more():
                self._do(self._commit)
        self._do(self._commit)

    @staticmethod
    def _do(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException:  # noqa: BLE001 - one behaviour's SystemExit must not end the pool
            _log.exception("A turn was broken off")


class Stepped:
    """Turns by hand, one command each, on the caller's thread: order is what the test says it is.

    `choose(n)` picks which of `n` ready families is next, by default the first. A future that is
    waited for drives the steps until it is answered, and raises `pykka.Timeout` when nothing is
    left to run.
    """

    def __init__(self, choose: Callable[[int], int] = lambda ready: 0, turn_size: int = 1) -> None:
        self._choose = choose
        self._turn_size = turn_size
        self._ready: list[Callable[[], None]] = []
        self._deciding = False
        drive = self._drive
        self.future = type(
            "SteppedFuture", (Future,), {"_wait": lambda future, timeout: drive(future)}
        )

    def ready(self, family: Inbox, claim: object) -> None:
        """Note the family as ready."""
        self._ready.append(lambda: family.turn(claim, self._turn_size))

    lead = ready

    def may_wait(self, address: str) -> None:
        """Raise `AskInsideDecide` inside a step."""
        if self._deciding:
            raise AskInsideDecide(address)

    def run(self, work: Callable[[], None]) -> None:
        """Note a piece of work as ready."""
        self._ready.append(work)

    def step(self) -> bool:
        """Run one ready turn; False if there was none."""
        if not self._ready:
            return False
        work = self._ready.pop(self._choose(len(self._ready)))
        self._deciding = True
        try:
            work()
        finally:
            self._deciding = False
        return True

    def run_all(self) -> int:
        """Step until nothing is ready; how many steps it took."""
        steps = 0
        while self.step():
            steps += 1
        return steps

    def close(self, timeout: float | None = None) -> None:
        """Run what is ready."""
        self.run_all()

    def _drive(self, future: Future[Any]) -> None:
        self.may_wait("a future")
        while not future.done:
            if not self.step():
                raise pykka.Timeout("nothing is left to run that could answer")
