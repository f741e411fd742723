"""What is asked while storage fails, and the one judgement over what the askers were told.

The promise, whatever broke: who got a receipt has his events in the log, once; who got an error has
none there; who got `OutcomeUncertain` got it with his command's id, and has all or none. Opened
again, the same id gives the first receipt or has its effect once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import attrs

from retold import ActorSystem, Receipt
from retold.actors import Future, Stepped
from retold.actors.inbox import Inbox
from retold.events.log_errors import OutcomeUncertain

from .errands import Row, Start, errands, tallies
from .totals import Added, add, at, give, nothing, refuse, totals

BEHAVIOURS = (totals, errands, tallies)
FIRST = 1_000
"""What totals have before anything breaks."""
PREPARED = ("a", "b", "c", "c/total/x")
"""And which of them."""


class Together(Stepped):
    """Steps by hand; what was decided is committed in one transaction once nobody is ready."""

    def __init__(self) -> None:
        super().__init__(turn_size=10)
        self._system: ActorSystem | None = None

    def ready(self, family: Inbox, claim: object) -> None:
        """Note the family as ready; its batch waits for the others'."""
        self._system = family.system
        self._ready.append(lambda: family.turn(claim, self._turn_size, hold=True))

    lead = ready

    def step(self) -> bool:
        """One turn, or else one commit of all that were taken; False if nothing is left."""
        if super().step():
            return True
        if self._system is None or not self._system.committer._waiting:
            return False
        self._system.committer.lead()
        return True


@attrs.frozen
class Asked:
    """A command that was sent, and the events it should come to: address and number of each."""

    id: str
    address: str
    command: Any
    effect: list[tuple[str, int]]
    future: Future[Any] | None

    @property
    def told(self) -> Any:
        """The receipt or the error; None for a tell."""
        if self.future is None:
            return None
        assert self.future.outcome is not None, f"{self.id} was never answered"
        value, error = self.future.outcome
        return value if error is None else error


class Asking:
    """Sends commands to a system and remembers them."""

    def __init__(self, system: ActorSystem) -> None:
        self.system = system
        self.asked: list[Asked] = []

    def ask(self, id: str, address: str, command: Any, *effect: tuple[str, int]) -> None:
        """Ask, without waiting."""
        future = self.system.ref(address).ask(command, block=False, id=id)
        self.asked.append(Asked(id, address, command, list(effect), future))

    def tell(self, id: str, address: str, command: Any, *effect: tuple[str, int]) -> None:
        """Tell."""
        self.system.ref(address).tell(command, id=id)
        self.asked.append(Asked(id, address, command, list(effect), None))

    def add(self, id: str, address: str, n: int) -> None:
        """Ask a total to add a number."""
        self.ask(id, address, add(n), (address, n))

    def start(self, id: str, n: int) -> None:
        """Ask an errand to start."""
        self.ask(id, f"errand/{n}", Start(n), (f"errand/{n}", n))


Scenario: TypeAlias = Callable[[Asking], None]


def one_ask(asking: Asking) -> None:
    """A single ask."""
    asking.add("k1", "total/a", 1)


def one_turn(asking: Asking) -> None:
    """A turn of several asks, some of which store nothing."""
    asking.ask("k0", "total/a", refuse())
    asking.add("k1", "total/a", 1)
    asking.ask("k2", "total/a", nothing())
    asking.ask("k3", "total/a", give(Added(2), Added(3)), ("total/a", 2), ("total/a", 3))
    asking.ask("k4", "total/a", refuse())


def families(asking: Asking) -> None:
    """Several families in one transaction, one with events for two of its members."""
    asking.add("k1", "total/a", 1)
    asking.add("k2", "total/b", 2)
    both = give(Added(3), at("total/x", Added(4)))
    asking.ask("k3", "total/c", both, ("total/c", 3), ("total/c/total/x", 4))
    asking.add("k4", "total/a", 5)


def tells(asking: Asking) -> None:
    """Tells to two families, and an ask behind one of them."""
    asking.tell("k1", "total/a", add(1), ("total/a", 1))
    asking.tell("k2", "total/b", add(2), ("total/b", 2))
    asking.add("k3", "total/a", 3)


def outings(asking: Asking) -> None:
    """Commands with reactions and due times; the reactions are commits of their own."""
    asking.start("k1", 1)
    asking.tell("k2", "errand/2", Start(2), ("errand/2", 2))
    asking.start("k3", 3)


SCENARIOS: Sequence[Scenario] = (one_ask, one_turn, families, tells, outings)


def prepare(system: ActorSystem) -> None:
    """Something that was answered before, and actors that are awake."""
    for name in PREPARED:
        assert system.ref(f"total/{name}").ask(add(FIRST)).version == 1


def judge(asked: Sequence[Asked], readings: Sequence[Sequence[Row]]) -> set[str]:
    """Hold what the askers were told against the log; the names of what they were told."""
    for rows in readings:
        check_shape(rows)
        check_told(asked, rows)
    return {type(each.told).__name__ for each in asked}


def check_told(asked: Sequence[Asked], rows: Sequence[Row]) -> None:
    """Each was told what the log says."""
    for each in asked:
        found = [row for row in rows if row.cause == each.id]
        effect = [(row.address, row.n) for row in found]
        match each.told:
            case Receipt() as receipt:
                assert effect == each.effect, f"{each.id} got a receipt"
                assert not found or found[-1].position == receipt.position
                if each.address.startswith("total/"):
                    assert receipt.state.total == total(rows, each.address, receipt.version)
            case OutcomeUncertain() as error:
                assert error.command_id == each.id
                assert effect in ([], each.effect)
            case None:
                assert effect in ([], each.effect)
            case error:
                assert effect == [], f"{each.id} was told {error!r}"


def check_shape(rows: Sequence[Row]) -> None:
    """Positions increase, versions have no gap, and what was answered before is there."""
    positions = [row.position for row in rows]
    assert positions == sorted(set(positions))
    for address in {row.address for row in rows}:
        versions = [row.version for row in rows if row.address == address]
        assert versions == list(range(1, len(versions) + 1))
    assert sum(row.n == FIRST for row in rows) == len(PREPARED)


def total(rows: Sequence[Row], address: str, version: int) -> int:
    """What an address adds up to, by the log."""
    return sum(row.n for row in rows if row.address == address and row.version <= version)
