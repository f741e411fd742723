"""sim_messages_latency: as sim_messages, and each message takes a time that is drawn for it.

Order is kept: what one process sends to one actor arrives in the order in which it was sent.

Peer: SimPy's own `Store`, put by one process and got by another, without a delay.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from . import worlds
from .measure import Benchmark, Sample, Scale


def drawn(chance: Random) -> float:
    """Half a second on average."""
    return chance.random()


def ours(_: Path, scale: Scale) -> Sample:
    """Messages that take their time."""
    return worlds.messages(scale, drawn)


BENCHMARK = Benchmark(
    name="sim_messages_latency",
    unit="messages/s",
    ours=ours,
    peer=worlds.store,
    peer_name="simpy Store, put and get",
    target="value >= 40000",
)
