"""live_actors: seconds until 100,000 actors each have a committed event and an answered ask.

Peer: pykka's ThreadingActor, started and asked once, 10,000 of them: it has a thread an actor, and
a machine does not have 100,000. Nothing of the peer is durable. The seconds are those that each
took, so the ratio understates ours by the ratio of the counts. Each side has its own process.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any

import pykka

from retold import ActorSystem

from . import bank, files, fresh
from .measure import Benchmark, Sample, Scale

ACTORS = 100_000
PEER_ACTORS = 10_000


class ThreadedAccount(pykka.ThreadingActor):
    """An account as pykka alone has it: a thread, and a balance that nobody stores."""

    def __init__(self) -> None:
        super().__init__()
        self.balance = Decimal(0)

    def on_receive(self, message: Any) -> Decimal:
        """Add the amount."""
        self.balance += message.amount
        return self.balance


def ours_in_here(folder: Path, count: int) -> dict[str, Any]:
    """Seconds for `count` actors of ours."""
    start = perf_counter()
    system = ActorSystem.open(bank.url(folder), bank.account)
    refs = bank.accounts(system, count)
    bank.deposit(refs, count, outstanding=1_000)
    seconds = perf_counter() - start
    durable = bank.pragmas(system)
    system.close()
    return {"seconds": seconds, "pragmas": durable}


def peer_in_here(_folder: Path, count: int) -> dict[str, Any]:
    """Seconds for `count` actors of pykka."""
    message = bank.Deposit(bank.AMOUNT)
    start = perf_counter()
    refs = [ThreadedAccount.start() for _ in range(count)]
    answers = [ref.ask(message, block=False) for ref in refs]
    for answer in answers:
        answer.get()
    return {"seconds": perf_counter() - start}


def ours(folder: Path, scale: Scale) -> Sample:
    """Seconds."""
    count = scale.of(ACTORS, 1_000)
    found = fresh.call(__name__, "ours_in_here", folder, count)
    rows = files.rows(folder / "ours.db")
    return Sample(found["seconds"], count, rows, found["pragmas"])


def peer(folder: Path, scale: Scale) -> Sample:
    """Seconds of pykka."""
    count = scale.of(PEER_ACTORS, 100)
    return Sample(fresh.call(__name__, "peer_in_here", folder, count)["seconds"])


BENCHMARK = Benchmark(
    name="live_actors",
    unit="s",
    ours=ours,
    peer=peer,
    peer_name=f"pykka ThreadingActor, {PEER_ACTORS:,} actors",
    target="value < 15",
    rounds=3,
    note=f"ours {ACTORS:,} actors on disk, the peer {PEER_ACTORS:,} in memory",
)
