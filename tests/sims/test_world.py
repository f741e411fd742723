"""The simulated world: the classes that run live, in virtual time, by a seed."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pykka
import pytest
import simpy

from retold import ActorSystem, Rejected
from retold.actors import Stepped
from retold.actors.options import Options
from retold.actors.passivation import after
from retold.events import ManualClock
from retold.events.errors import AskInsideDecide, NotACommand
from retold.sims import AskInsideProcess, Simulation

from ..actors.totals import Do, add, fail, nothing, totals
from .lamps import Desk, Lamp, Light, Order, desk, lamp

DAWN = datetime(2000, 1, 1, tzinfo=UTC)
HOUSE = Path(__file__).resolve().parents[2]


def history(sim: Simulation) -> list[tuple[Any, ...]]:
    """Where, what and when, by position."""
    return [
        (each.address, type(each.event).__name__, (each.recorded_at - DAWN).total_seconds())
        for each in sim.log.scan()
    ]


def test_processes_ask_in_virtual_time() -> None:
    """The answer comes when it is decided; `recorded_at` is the world's time."""
    told: list[Any] = []

    def watchman(sim: Simulation) -> Generator[Any, Any, None]:
        for _ in range(3):
            yield sim.env.timeout(3600)
            receipt = yield sim.ask("total/a", add(), by="watchman", why="round")
            told.append((sim.now, receipt.version))

    with Simulation(totals, seed="night") as sim:
        sim.process(watchman(sim))
        sim.run()
        assert told == [(3600, 1), (7200, 2), (10800, 3)]
        assert [each.by for each in sim.log.scan()] == ["watchman"] * 3
        assert [each[2] for each in history(sim)] == [3600, 7200, 10800]


def test_errors_come_whole_into_the_process() -> None:
    """A refusal with its facts, a bug as it is, each thrown at the `yield`."""
    told: list[Any] = []

    def customer(sim: Simulation) -> Generator[Any, Any, None]:
        yield sim.ask("lamp/a", Light(10))
        for what in (("lamp/a", Light(5)), ("total/a", fail(ZeroDivisionError("x", 3)))):
            try:
                yield sim.ask(*what)
            except (Rejected, ZeroDivisionError) as error:
                told.append(error)

    with Simulation(totals, lamp, seed="s", options=Options()) as sim:
        sim.process(customer(sim))
        sim.run()
    assert (told[0].reason, told[0].facts) == (
        "burns already", {"until": DAWN + timedelta(seconds=10)}
    )  # fmt: skip
    assert type(told[1]).__name__ == "ZeroDivisionError"
    assert told[1].args == ("x", 3)


def test_timers_fire_on_the_virtual_clock_and_the_run_ends() -> None:
    """Each at its moment, none early; with nothing left to happen the world stands still."""
    with Simulation(lamp, seed="s") as sim:
        for number in range(20):
            sim.tell(f"lamp/{number}", Light(number), delay=1.5)
        sim.run()
        lit = [each for each in history(sim) if each[1] == "Lighted"]
        out = {each[0]: each[2] for each in history(sim) if each[1] == "Extinguished"}
        assert [each[2] for each in lit] == [1.5] * 20
        assert out == {f"lamp/{number}": 1.5 + number for number in range(20)}
        assert sim.now == 20.5


def test_a_delayed_message_arrives_when_it_should() -> None:
    """A tell and an ask with a delay are sent so many seconds from now."""
    with Simulation(totals, seed="s") as sim:
        sim.tell("total/a", add(1), delay=7)
        asked = sim.ask("total/a", add(10), delay=3)
        assert sim.run(asked).state.total == 10
        assert sim.now == 3
        sim.run()
        assert sim.state("total/a").total == 11
        assert sim.now == 7
        with pytest.raises(NotACommand):
            sim.tell("total/a", "no command", delay=1)


def test_reactions_run_on_the_virtual_clock_with_their_answers() -> None:
    """What goes out, what comes back, and the time that messages take."""
    with Simulation(lamp, desk, seed="s", latency=2.0) as sim:
        sim.tell("desk/front", Order("lamp/a"))
        sim.tell("desk/front", Order("lamp/a"))
        sim.run()
        assert sim.state("desk/front") == Desk(ordered=2, lit=1, refused=1)
        assert sim.state("lamp/a") == Lamp(None, out=1)
        assert [(each[1], each[2]) for each in history(sim)[-1:]] == [("Extinguished", 14.0)]


def test_latency_keeps_the_order_of_each_sender() -> None:
    """However long each is drawn to take, what one sent to one family arrives in that order."""
    with Simulation(totals, seed="s", latency=lambda chance: chance.random()) as sim:
        asked = [sim.ref("total/a").ask(add(), block=False) for _ in range(50)]
        sim.run()
        assert [future.get().version for future in asked] == list(range(1, 51))


def test_it_lives_in_a_larger_model() -> None:
    """Actors stand beside the resources and stores of one SimPy environment."""
    environment = simpy.Environment()
    desk_clerk, shelf = simpy.Resource(environment, capacity=1), simpy.Store(environment)

    def customer(sim: Simulation, number: int) -> Generator[Any, Any, None]:
        with desk_clerk.request() as turn:
            yield turn
            yield environment.timeout(5)
            receipt = yield sim.ask("total/served", add(), by=f"customer {number}")
        yield shelf.put((environment.now, receipt.state.total))

    with Simulation(totals, seed="s", environment=environment) as sim:
        for number in range(3):
            environment.process(customer(sim, number))
        environment.run()
        assert shelf.items == [(5, 1), (10, 2), (15, 3)]


def test_what_would_wait_inside_says_so_at_once() -> None:
    """A blocking ask in a process would stop the world; in a decision it would wait for itself."""
    told: list[BaseException] = []

    def impatient(sim: Simulation) -> Generator[Any, Any, None]:
        try:
            sim.ref("total/a").ask(add())
        except AskInsideProcess as error:
            told.append(error)
        yield sim.env.timeout(1)

    with Simulation(totals, seed="s") as sim:
        other = sim.ref("total/b")
        with pytest.raises(AskInsideDecide, match="total/b"):
            sim.ref("total/a").ask(Do(lambda *_: other.ask(add())))
        sim.process(impatient(sim))
        sim.run()
    assert "yield sim.ask" in str(told[0])


def test_from_outside_an_ask_runs_the_world() -> None:
    """Until the answer is there, or nothing is left that could bring it."""
    with Simulation(totals, seed="s", latency=3.0) as sim:
        assert sim.ref("total/a").ask(add()).version == 1
        assert sim.now == 3.0
        with pytest.raises(pykka.Timeout):
            sim.ref("total/a").ask(add(), timeout=1.0)
        assert sim.now == 4.0
        with pytest.raises(pykka.Timeout, match="nothing is left"):
            pykka.get_all([sim.turns.future()])


def test_sleep_changes_nothing_and_does_not_keep_the_world_going() -> None:
    """With passivation by age the log is the same, and the run comes to its end."""

    def run(options: Options) -> list[Any]:
        with Simulation(lamp, desk, seed="s", options=options) as sim:
            for number in range(10):
                sim.tell("desk/front", Order(f"lamp/{number % 3}"), delay=7.0 * number)
            sim.run()
            return list(sim.log.rows())

    assert run(Options(passivate=after(2))) == run(Options())


def test_another_seed_is_another_order() -> None:
    """Whose turn it is, is drawn: over some seeds every order of three is seen."""

    def order(seed: int) -> tuple[str, ...]:
        with Simulation(totals, seed=seed) as sim:
            for name in "abc":
                sim.tell(f"total/{name}", add())
            sim.run()
            return tuple(each.address for each in sim.log.scan())

    assert len({order(seed) for seed in range(60)}) == 6


def test_one_behaviour_in_three_lives() -> None:
    """Live, stepped and simulated the same commands come to the same states."""

    def ends(system: Any) -> list[Any]:
        asked = [
            system.ref(f"total/{number % 3}").ask(add(number), block=False) for number in range(30)
        ]
        for each in asked:
            each.get()
        return [system.ref(f"total/{name}").ask(nothing()).state for name in range(3)]

    with ActorSystem.open("memory:", totals) as live:
        found = ends(live)
    with ActorSystem.open("memory:", totals, dispatcher=Stepped(), clock=ManualClock()) as stepped:
        assert ends(stepped) == found
    with Simulation(totals, seed="s") as sim:
        assert ends(sim) == found


def test_a_run_kept_in_a_file_goes_on_where_it_ended(tmp_path: Path) -> None:
    """The log of a run is a log: another world goes on from its end, and `recorded_at` with it."""
    url = f"sqlite:///{tmp_path}/run.db"
    with Simulation(lamp, seed="s", log=url) as sim:
        sim.tell("lamp/a", Light(100), delay=50)
        sim.run(60)
    with Simulation(lamp, seed="t", log=url) as sim:
        sim.run()
        assert [(each[1], each[2]) for each in history(sim)] == [
            ("Lighted", 50),
            ("Extinguished", 150),
        ]
