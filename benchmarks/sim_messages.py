"""sim_messages: actor messages a second in simulated time, the journal on, no latency.

A hundred processes of a SimPy environment send to a hundred actors; each message is decided,
evolved, encoded and stored in the journal in memory.

Peer: SimPy's own `Store`, put by one process and got by another, which keeps nothing.
"""

from __future__ import annotations

from pathlib import Path

from . import worlds
from .measure import Benchmark, Sample, Scale


def ours(_: Path, scale: Scale) -> Sample:
    """Messages that arrive at once."""
    return worlds.messages(scale, None)


BENCHMARK = Benchmark(
    name="sim_messages",
    unit="messages/s",
    ours=ours,
    peer=worlds.store,
    peer_name="simpy Store, put and get",
    target="value >= 100000",
)
