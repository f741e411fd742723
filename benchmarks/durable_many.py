"""durable_many: 100 actors, 1,000 asks outstanding, one thread that asks; commands a second.

Peer: `Application.save` of one event a save, round 100 aggregates that are kept in memory. Both
files are new, hold 100 events before the clock starts, and fold in their WAL when they please.
"""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from time import perf_counter

from retold import ActorSystem

from . import bank, files, library
from .measure import Benchmark, Sample, Scale, stopped


def ours(folder: Path, scale: Scale, actors: int = 100) -> Sample:
    """Deposits a second."""
    count = scale.of(50_000, 2_000)
    with ActorSystem.open(bank.url(folder), bank.account) as system:
        refs = bank.accounts(system, actors)
        bank.deposit(refs, actors, outstanding=actors)
        start = perf_counter()
        bank.deposit(refs, count, outstanding=1_000)
        seconds = perf_counter() - start
        durable = bank.pragmas(system)
    found = files.rows(folder / "ours.db")
    return Sample(count / seconds, count + actors, found, durable)


def peer(folder: Path, scale: Scale, actors: int = 100) -> Sample:
    """Deposits a second of the library."""
    with library.application(folder) as app:
        accounts = [library.Account() for _ in range(actors)]
        app.save(*accounts)
        start, count = perf_counter(), 0
        for account in stopped(cycle(accounts), scale.of(8_000, 200)):
            account.deposit(bank.AMOUNT, bank.BY, bank.WHY)
            app.save(account)
            count += 1
        seconds = perf_counter() - start
        durable = library.pragmas(app)
    found = files.rows(folder / "peer.db")
    return Sample(count / seconds, count + actors, found, durable)


BENCHMARK = Benchmark(
    name="durable_many",
    unit="commands/s",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} Application.save, 100 aggregates",
    target="ratio >= 12",
)
