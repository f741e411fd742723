"""What the figures of simulated time have in common: senders, and SimPy's own store beside them."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from time import perf_counter
from typing import Any

import simpy

from retold.sims import Simulation
from retold.sims.latency import Latency

from . import bank
from .measure import Sample, Scale

SENDERS = 100
BURST = 10
"""Messages that a sender sends before it lets a second go by."""


def sender(sim: Simulation, number: int, messages: int) -> Generator[simpy.Event, Any, None]:
    """A process of the world that tells an actor something now and then."""
    ref, deposit = sim.ref(f"account/{number}"), bank.Deposit(bank.AMOUNT)
    for _ in range(messages // BURST):
        for _ in range(BURST):
            ref.tell(deposit, by=bank.BY, why=bank.WHY)
        yield sim.env.timeout(1)


def messages(scale: Scale, latency: Latency | None) -> Sample:
    """Messages a second: each sent by a process, decided by its actor, and in the journal."""
    each = scale.of(1_000, 50)
    with Simulation(bank.account, seed="bench", latency=latency) as sim:
        for number in range(SENDERS):
            sim.process(sender(sim, number, each))
        start = perf_counter()
        sim.run()
        seconds = perf_counter() - start
        found = sim.log.last_position()
    asked = SENDERS * each
    return Sample(asked / seconds, asked, found)


def store(_: Path, scale: Scale) -> Sample:
    """Items a second through a store of SimPy: put by one process, got by another."""
    count = scale.of(100_000, 1_000)
    environment = simpy.Environment()
    shelf = simpy.Store(environment)

    def put() -> Generator[simpy.Event, Any, None]:
        for number in range(count):
            yield shelf.put(number)

    def get() -> Generator[simpy.Event, Any, None]:
        for _ in range(count):
            yield shelf.get()

    environment.process(put())
    environment.process(get())
    start = perf_counter()
    environment.run()
    return Sample(count / (perf_counter() - start))
