"""durable_hot: one actor, 1,000 asks outstanding, one thread that asks; commands a second.

Peer: `Application.save` of one event a save on one aggregate that is kept in memory.
"""

from __future__ import annotations

from pathlib import Path

from . import durable_many, library
from .measure import Benchmark, Sample, Scale


def ours(folder: Path, scale: Scale) -> Sample:
    """Deposits a second."""
    return durable_many.ours(folder, scale, actors=1)


def peer(folder: Path, scale: Scale) -> Sample:
    """Deposits a second of the library."""
    return durable_many.peer(folder, scale, actors=1)


BENCHMARK = Benchmark(
    name="durable_hot",
    unit="commands/s",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} Application.save, one aggregate",
    target="ratio >= 15",
)
