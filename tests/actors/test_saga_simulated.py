"""Sagas in simulated time: messages that take long, deadlines, crashes of the whole system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from random import Random
from typing import Any

import pytest

from retold.sims import Simulation
from retold.sims.crash import Crashed

from .trips import Offer, Travel, provider, trip

GUESTS = 10
LEFT = {"taken": "+", "compensated": "+-", "uncompensated": "+"}
"""What a guest's trail at a provider is, by the status of the step; for any other it is empty."""


def slow(random: Random) -> float:
    """How many seconds a message takes: a quarter of a deadline, and sometimes more than one."""
    return random.expovariate(1 / 15)


def traveller(sim: Simulation, number: int, when: float) -> Generator[Any, Any, None]:
    """Begins a trip, and begins it again under the same id until somebody answers."""
    yield sim.env.timeout(when)
    answered = False
    while not answered:
        try:
            yield sim.ask(f"trip/{number}", Travel(f"guest {number}"), id=f"travel {number}")
            answered = True
        except Crashed:
            yield sim.env.timeout(5)


def run(seed: int) -> Counter[str]:
    """Ten trips that want too few places, in a world that crashes up to three times."""
    random, seen = Random(f"trips {seed}"), Counter[str]()
    with Simulation(
        provider, trip, seed=str(seed), latency=lambda rng: rng.expovariate(1 / 15)
    ) as sim:
        for name in ("flight", "hotel", "insurance"):
            final = random.random() < 0.1
            sim.ref(f"provider/{name}").ask(Offer(random.randrange(9), final))
        for number in range(GUESTS):
            sim.process(traveller(sim, number, random.uniform(0, 100)))
        for _ in range(random.randrange(4)):
            commit, after = sim.commits + random.randrange(1, 80), random.uniform(0, 60)
            sim.crash_at(commit=commit, stored=random.random() < 0.5, restart_after=after)
        sim.run()
        seen["crashed"] = sim.lives - 1
        for number in range(GUESTS):
            seen += judged(sim, number)
    return seen


def judged(sim: Simulation, number: int) -> Counter[str]:
    """A trip has ended, and what each provider did for its guest is what the trip says."""
    saga = sim.state(f"trip/{number}")
    assert saga.status in ("completed", "compensated", "stuck"), saga
    for name, status in saga.steps.items():
        trail = sim.state(f"provider/{name}").trail
        mine = "".join(each[0] for each in trail if each[1:] == f"guest {number}")
        assert mine == LEFT.get(status, ""), (number, saga, mine)
    late = "timed out" in saga.reasons.values()
    return Counter({saga.status: 1, "late": late})


def test_sagas_end_as_their_effects_say_through_crashes_and_delays() -> None:
    """A hundred worlds: every trip ends, and each booking and cancelling took effect once."""
    seen = sum(map(run, range(100)), Counter[str]())
    assert seen.keys() >= {"completed", "compensated", "stuck", "late", "crashed"}


@pytest.mark.soak
@pytest.mark.parametrize("thousand", range(1, 11))
def test_sagas_end_as_their_effects_say_in_ten_thousand_worlds(thousand: int) -> None:
    """The same, under other seeds."""
    for seed in range(thousand * 1_000, thousand * 1_000 + 1_000):
        run(seed)
