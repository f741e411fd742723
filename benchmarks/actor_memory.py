"""actor_memory: bytes an actor that has a committed event and an answered ask, at 100,000 of them.

RSS of a fresh process after, less RSS before the first of them (the system open, one actor used),
by the number of actors; SQLite's page cache is in it. Peer: pykka's ThreadingActor at 5,000.
"""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

from retold import ActorSystem

from . import bank, files, fresh
from .live_actors import ThreadedAccount
from .measure import Benchmark, Sample, Scale

ACTORS = 100_000
PEER_ACTORS = 5_000


def ours_in_here(folder: Path, count: int) -> dict[str, Any]:
    """Bytes an actor of ours."""
    system = ActorSystem.open(bank.url(folder), bank.account)
    bank.deposit([system.ref("account/first")], 1, outstanding=1)
    gc.collect()
    before = fresh.resident_bytes()
    refs = bank.accounts(system, count)
    bank.deposit(refs, count, outstanding=1_000)
    gc.collect()
    each = (fresh.resident_bytes() - before) / count
    assert all(ref.is_alive() for ref in refs)
    system.close()
    return {"bytes": each}


def peer_in_here(_folder: Path, count: int) -> dict[str, Any]:
    """Bytes an actor of pykka."""
    message = bank.Deposit(bank.AMOUNT)
    ThreadedAccount.start().ask(message)
    gc.collect()
    before = fresh.resident_bytes()
    refs = [ThreadedAccount.start() for _ in range(count)]
    for ref in refs:
        ref.ask(message)
    gc.collect()
    return {"bytes": (fresh.resident_bytes() - before) / count}


def ours(folder: Path, scale: Scale) -> Sample:
    """Bytes each."""
    count = scale.of(ACTORS, 2_000)
    each = fresh.call(__name__, "ours_in_here", folder, count)["bytes"]
    return Sample(each, count + 1, files.rows(folder / "ours.db"))


def peer(folder: Path, scale: Scale) -> Sample:
    """Bytes each of pykka."""
    count = scale.of(PEER_ACTORS, 100)
    return Sample(fresh.call(__name__, "peer_in_here", folder, count)["bytes"])


BENCHMARK = Benchmark(
    name="actor_memory",
    unit="bytes",
    ours=ours,
    peer=peer,
    peer_name=f"pykka ThreadingActor, {PEER_ACTORS:,} actors",
    target="value < 4096",
    rounds=3,
    note=f"ours at {ACTORS:,} actors, the peer at {PEER_ACTORS:,}",
)
