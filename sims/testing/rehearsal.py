"""A rehearsal: an actor system for tests, the same at every run, and retold when it is closed.

Turns are taken on the thread of the test, whenever somebody waits for an answer. Time moves when
the test says so, ids and draws come from a fixed seed. When it is closed, every actor is folded
anew from its events in the log: a behaviour whose live state differs from that changes state in
place, or has an `evolve` that is not pure, and would be somebody else after a restart.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Self

import attrs

from ...actors.behaviour import Behaviour
from ...actors.options import Options
from ...actors.stepped import Stepped
from ...actors.system import ActorSystem
from ...events.address import kind
from ...events.clock import ManualClock
from ...events.errors import RetoldError
from ...events.fold import fold

SEED = "rehearsal"


@attrs.frozen
class Difference:
    """An actor whose events do not add up to its live state; `retold` says to what instead."""

    address: str
    events: int
    live: str
    retold: str


class NotAsTold(RetoldError, AssertionError):
    """Live states are not what the events in the log add up to."""

    def __init__(self, differences: tuple[Difference, ...]) -> None:
        self.differences = differences
        found = "".join(
            f"\n  {each.address}: live {each.live}\n    its {each.events} events: {each.retold}"
            for each in differences
        )
        super().__init__(
            f"{len(differences)} of the actors are not what the log retells:{found}\nEither a"
            " state is changed in place, or evolve depends on more than the state and the event."
        )


class Rehearsal(ActorSystem):
    """A system for one test. `differences` are known once it is closed."""

    # It is opened with these, so tests may use what only they have.
    clock: ManualClock  # pyright: ignore[reportIncompatibleVariableOverride]  # see above
    dispatcher: Stepped  # pyright: ignore[reportIncompatibleVariableOverride]  # see above
    differences: tuple[Difference, ...] = ()

    @classmethod
    def begin(
        cls, *behaviours: Behaviour, url: str = "memory:", options: Options | None = None
    ) -> Self:
        """Open a system of these behaviours over an empty log in memory, or that at `url`."""
        return cls.open(
            url,
            *behaviours,
            dispatcher=Stepped(),
            clock=ManualClock(),
            seed=SEED,
            options=options,
        )

    def wait_idle(self, timeout: float | None = None) -> None:
        """Run all that is ready: told commands, reactions, sagas, and what is due by now."""
        self.dispatcher.run_all()
        super().wait_idle(timeout)

    def close(self, timeout: float | None = 30.0) -> None:
        """As live, after everything that is ready was run and every actor was retold."""
        try:
            if not (self.closed or self.forked):
                self.dispatcher.run_all()
                self.differences = tuple(self._retold())
        finally:
            super().close(timeout)

    def check(self) -> None:
        """Raise `NotAsTold` if, when it was closed, an actor was not what its events add up to."""
        if self.differences:
            raise NotAsTold(self.differences)

    def _retold(self) -> Iterator[Difference]:
        for address, events in self.log.addresses():
            behaviour = self.index.behaviours.get(kind(address))
            if behaviour is None:
                continue
            live = self.state(address)
            retold = fold(behaviour.initial, self.log.events(address))
            if live != retold:
                yield Difference(address, events, repr(live), repr(retold))
