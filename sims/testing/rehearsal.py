"""A rehearsal: an actor system for tests, the same at every run, and retold when it is closed.

Turns are taken on the thread of the test, whenever somebody waits for an answer. Time moves when
the test says so, ids and draws come from a fixed seed. When it is closed, every actor is folded
anew from its events, beginning with a copy of the initial state that was made when it was opened.
Where the live state differs from that, a state is changed in place, or `evolve` is not pure: after
a restart the actor would be somebody else. The first `LOOKED_INTO` events of each actor are evolved
once more, one by one, to see that none changes the state before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import Error as CannotCopy
from copy import deepcopy
from typing import Any, Self

import attrs

from ...actors.behaviour import Behaviour
from ...actors.options import Options
from ...actors.stepped import Stepped
from ...actors.system import ActorSystem
from ...events.address import kind
from ...events.clock import ManualClock
from ...events.errors import RetoldError
from ...events.fold import fold
from ...events.log import Log

SEED = "rehearsal"
LOOKED_INTO = 100


@attrs.frozen
class Difference:
    """A state that is not what so many events add up to; `retold` says what they do."""

    address: str
    events: int
    live: str
    retold: str


class NotAsTold(RetoldError, AssertionError):
    """Live states are not what the events in the log add up to."""

    def __init__(self, differences: tuple[Difference, ...]) -> None:
        self.differences = differences
        found = "".join(
            f"\n  {each.address} after {each.events} events\n"
            f"    live:   {each.live}\n    retold: {each.retold}"
            for each in differences
        )
        super().__init__(
            f"States are not what the log retells:{found}\nEither a decision or evolve changes a"
            " state in place (make a new one: {**old, key: value}, [*old, item]), or evolve depends"
            " on more than the state and the event."
        )


class Rehearsal(ActorSystem):
    """A system for one test. `differences` are known once it is closed."""

    # It is opened with these, so tests may use what only they have.
    clock: ManualClock  # pyright: ignore[reportIncompatibleVariableOverride]  # see above
    dispatcher: Stepped  # pyright: ignore[reportIncompatibleVariableOverride]  # see above
    differences: tuple[Difference, ...] = ()

    def __init__(self, log: Log, *behaviours: Behaviour, **more: Any) -> None:
        super().__init__(log, *behaviours, **more)
        kinds = self.index.behaviours
        self.begun = {each: _copied(kinds[each].initial) for each in kinds}
        """For each kind a copy of its initial state, as it was in the beginning."""

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
        for name, behaviour in self.index.behaviours.items():
            begun = self.begun[name]
            if behaviour.initial != begun == _copied(begun):
                yield Difference(f"any {name}", 0, repr(behaviour.initial), repr(begun))
        for address, count in self.log.addresses():
            if (name := kind(address)) not in self.begun:
                continue
            events = list(self.log.events(address))
            live, retold = self.state(address), fold(_copied(self.begun[name]), events)
            if live != retold:
                yield Difference(address, count, repr(live), repr(retold))
            else:
                yield from _changed(address, _copied(self.begun[name]), events)


def _changed(address: str, state: Any, events: list[Any]) -> Iterator[Difference]:
    """The first state that the next event changed in place."""
    for version, event in enumerate(events[:LOOKED_INTO]):
        before = _copied(state)
        after = state.evolve(event)
        if state != before:
            yield Difference(address, version, repr(state), repr(before))
            return
        state = after


def _copied(state: Any) -> Any:
    """A copy down to the leaves; the state itself where there can be none."""
    try:
        return deepcopy(state)
    except (TypeError, CannotCopy):
        return state
