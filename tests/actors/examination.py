"""Let a fault strike at every point of a scenario, and see whether what was told holds."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

from retold import ActorSystem, Receipt
from retold.actors import Stepped
from retold.events.log_errors import OutcomeUncertain

from .errands import MINUTE
from .faults import Fault
from .scenarios import Asked, Asking, Scenario, judge, prepare
from .stores import Store, numbers
from .totals import nothing


def drive(system: ActorSystem) -> None:
    """Step until nothing is left to do."""
    assert isinstance(system.dispatcher, Stepped)
    system.dispatcher.run_all()


def examine(store: Store, scenario: Scenario, point: int, fault: Fault) -> set[str]:
    """Let a fault strike at a point of a scenario, and judge what everybody was told.

    First against the log as it stands, then after the system was opened again and everything asked
    again under its id, then once the time of what is due has come.
    """
    system = store.open()
    prepare(system)
    store.arm(point, fault)
    asking = Asking(system)
    scenario(asking)
    drive(system)
    asking.add("k9", "total/y", 9)
    drive(system)
    told = judge(asking.asked, store.readings())
    store.mend()
    probe(store, system, told)
    system.close()
    with store.open() as again:
        ask_again(store, again, asking.asked)
        let_time_pass(store, again)
    return told


def probe(store: Store, system: ActorSystem, told: set[str]) -> None:
    """A system that does not know what it stored takes no more; any other goes on."""
    asking = Asking(system)
    asking.add("probe-1", "total/a", 7)
    asking.add("probe-2", "total/z", 8)
    asking.ask("probe-3", "total/a", nothing())
    drive(system)
    refuses = isinstance(asking.asked[0].told, OutcomeUncertain)
    assert refuses or OutcomeUncertain.__name__ not in told
    judge(asking.asked, store.readings())
    kinds = {type(each.told) for each in asking.asked}
    assert kinds == {OutcomeUncertain if refuses else Receipt}
    for rows in store.readings():
        assert sum(row.cause.startswith("probe") for row in rows) == (0 if refuses else 2)


def ask_again(store: Store, system: ActorSystem, asked: list[Asked]) -> None:
    """Under the same ids: each has its effect once, and who had a receipt gets the same again."""
    asking = Asking(system)
    for each in asked:
        asking.ask(each.id, each.address, each.command, *each.effect)
    drive(system)
    judge(asking.asked, store.readings())
    for first, second in zip(asked, asking.asked, strict=True):
        if first.effect:
            assert isinstance(second.told, Receipt)
            assert first.told == second.told or not isinstance(first.told, Receipt)


def let_time_pass(store: Store, system: ActorSystem) -> None:
    """What was started is due, was counted once, and lapses once when its time has come."""
    started = numbers(store, "errand.started.v1")
    assert due_errands(store) == [f"errand/{n}" for n in started]
    assert numbers(store, "errand.counted.v1") == started
    store.clock.advance(MINUTE)
    drive(system)
    assert numbers(store, "errand.lapsed.v1") == started
    assert due_errands(store) == []


def due_errands(store: Store) -> list[str]:
    """The addresses of errands in the table of due times."""
    return sorted(address for address in store.dues() if address.startswith("errand/"))


def at_every_point(
    make: Callable[[int], Any], scenario: Scenario, fault: Fault
) -> tuple[int, set[str]]:
    """Examine a scenario with the fault at its first, second, … point until it strikes nowhere."""
    told: set[str] = set()
    for point in count(1):
        store: Store = make(point)
        told |= examine(store, scenario, point, fault)
        if not store.struck:
            return point - 1, told
    raise AssertionError
