"""Crashes of a simulated world, and that each run can be run again, to the byte."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pykka
import pytest

from retold.sims import Crashed, Simulation

from ..actors.totals import add, totals
from .lamps import Desk, Order, desk, lamp
from .test_world import history

HOUSE = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("stored", [True, False])
def test_a_crash_at_a_commit_leaves_all_of_it_or_nothing(stored: bool) -> None:
    """The asker is told that it crashed; asked again by its id it is carried out once in all."""
    told: list[Any] = []

    def customer(sim: Simulation) -> Generator[Any, Any, None]:
        while True:
            try:
                receipt = yield sim.ask("total/a", add(5), id="k")
            except Crashed as error:
                told.append(("crashed", error.command_id, sim.log.last_position()))
                yield sim.env.timeout(1)
            else:
                told.append((receipt.version, receipt.state.total))
                return

    with Simulation(totals, seed="s") as sim:
        sim.crash_at(commit=1, stored=stored, restart_after=0.5)
        sim.process(customer(sim))
        sim.run()
        assert told == [("crashed", "k", int(stored)), (1, 5)]
        assert sim.log.last_position() == 1
        assert sim.lives == 2


def test_what_waited_is_lost_in_a_crash_and_what_is_due_is_not() -> None:
    """Inboxes go, the log stays; timers and reactions are taken up again after the restart."""
    with Simulation(lamp, desk, seed="s", latency=1.0) as sim:
        sim.tell("desk/front", Order("lamp/a"))
        sim.crash_at(position=1, restart_after=30)
        sim.run(20)
        assert [each[1] for each in history(sim)] == ["Ordered"]
        with pytest.raises(pykka.ActorDeadError):
            sim.ref("desk/front").tell(Order("lamp/b"))
        sim.run()
        assert sim.state("desk/front") == Desk(ordered=1, lit=1)
        assert sim.state("lamp/a").out == 1
        assert [each[1] for each in history(sim)] == [
            "Ordered",
            "Lighted",
            "Answered",
            "Extinguished",
        ]


def test_a_crash_may_strike_after_any_step() -> None:
    """Wherever it strikes, the end is the same: each effect once."""
    for step in range(1, 25):
        with Simulation(lamp, desk, seed="s") as sim:
            sim.crash_at(step=step, restart_after=0.25)
            sim.process(_order_until_heard(sim))
            sim.run()
            assert sim.state("desk/front") == Desk(ordered=1, lit=1), step
            assert sim.state("lamp/a").out == 1


def _order_until_heard(sim: Simulation) -> Generator[Any, Any, None]:
    while True:
        try:
            yield sim.ask("desk/front", Order("lamp/a"), id="order")
        except Crashed:
            yield sim.env.timeout(1)
        else:
            return


PROGRAM = """
import sys
from tests.sims.seeds import Bank
bank = Bank(int(sys.argv[1]), *sys.argv[2:])
for row in bank.run():
    print(row)
"""


@pytest.mark.parametrize("where", ["memory:", "sqlite"])
def test_the_log_is_the_same_in_every_process(tmp_path: Path, where: str) -> None:
    """To the byte, in other processes, under other hash seeds, in memory and in a file."""
    found = []
    for hash_seed in ("0", "1", "4711"):
        url = f"sqlite:///{tmp_path}/{hash_seed}.db" if where == "sqlite" else where
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, "8", url],
            cwd=HOUSE,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        found.append(done.stdout)
    assert len(found[0].splitlines()) > 20
    assert found[0] == found[1] == found[2]
