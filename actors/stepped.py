"""The dispatcher of tests: turns by hand, in the order that the test chooses."""

from __future__ import annotations

from collections.abc import Callable, Generator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pykka

from ..events.clock import Clock
from ..events.commit import do
from .future import Future, ask_inside_decide

if TYPE_CHECKING:
    from .inbox import Inbox


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
        self._alarms: dict[Callable[[], None], tuple[datetime, Clock]] = {}
        self._deciding = False
        drive = self._drive
        self.future = type(
            "SteppedFuture",
            (Future,),
            {"_wait": lambda future, timeout: drive(future), "__await__": _got, "__iter__": _got},
        )

    def ready(self, family: Inbox, claim: object) -> None:
        """Note the family as ready."""
        self._ready.append(lambda: family.turn(claim, self._turn_size))

    lead = ready
    leave = staticmethod(do)

    def may_wait(self, address: str) -> None:
        """Raise `AskInsideDecide` inside a step."""
        if self._deciding:
            raise ask_inside_decide(address)

    def run(self, work: Callable[[], None]) -> None:
        """Note a piece of work as ready."""
        self._ready.append(work)

    def wake_at(self, moment: datetime, clock: Clock, ring: Callable[[], None]) -> None:
        """Note when to ring; it is looked at before each step."""
        self._alarms[ring] = (moment, clock)

    def step(self) -> bool:
        """Run one ready turn; False if there was none. An alarm whose time has come is ready."""
        for ring, (moment, clock) in list(self._alarms.items()):
            if clock.now() >= moment:
                del self._alarms[ring]
                self._ready.append(ring)
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


def _got(future: Future[Any]) -> Generator[Any, None, Any]:
    """Await by driving the steps, as waiting does: under asyncio nobody else would."""
    yield from ()
    return future.get()
