"""durable_many with a decoding follower and a stored projection at work in the same process.

The follower is called back for every event, decoded from its row; the projection keeps the balance
of each account in a table, and is told a piece at a time. Peer: as durable_many, with nobody
following. The note says how many events each was behind when the last ask was answered, and how
long until both had them all.
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from threading import Event
from time import perf_counter

from retold import ActorSystem
from retold.events.recorded import Recorded
from retold.projections.runner import Projections

from . import balances, bank, durable_many, files
from .measure import Benchmark, Sample, Scale

ACTORS = 100


class Counting:
    """A callback that adds up, and says when it has come to a position."""

    def __init__(self) -> None:
        self.total = Decimal(0)
        self.position = 0
        self._wanted = sys.maxsize
        self._there = Event()

    def take(self, each: Recorded) -> None:
        """One event."""
        self.total += each.event.amount
        self.position = each.position
        if each.position >= self._wanted:
            self._there.set()

    def await_position(self, position: int) -> None:
        """Wait until an event came that stands there or later."""
        self._wanted = position
        if self.position < position:
            assert self._there.wait(60)


def ours(folder: Path, scale: Scale) -> Sample:
    """Deposits a second."""
    count, counting = scale.of(50_000, 2_000), Counting()
    with (
        ActorSystem.open(bank.url(folder), bank.account) as system,
        Projections(system.log, balances.STORED) as projections,
    ):
        calling = system.log.follow().call(counting.take)
        refs = bank.accounts(system, ACTORS)
        bank.deposit(refs, ACTORS, outstanding=ACTORS)
        projections.wait("balances", ACTORS)
        start = perf_counter()
        bank.deposit(refs, count, outstanding=1_000)
        end = perf_counter()
        last = system.log.last_position()
        behind = (last - counting.position, last - projections["balances"].position)
        projections.wait("balances", last)
        counting.await_position(last)
        late = perf_counter() - end
        calling.close()
        durable = bank.pragmas(system)
    assert counting.total == (count + ACTORS) * bank.AMOUNT
    balances.check(folder, count + ACTORS)
    note = (
        f"at the end {behind[0]:,} and {behind[1]:,} behind, caught up {late * 1000:.0f} ms later"
    )
    found = files.rows(folder / "ours.db")
    return Sample(count / (end - start), count + ACTORS, found, durable, note)


BENCHMARK = Benchmark(
    name="durable_many_followed",
    unit="commands/s",
    ours=ours,
    peer=durable_many.peer,
    peer_name=f"{durable_many.BENCHMARK.peer_name}, not followed",
    target="ratio >= 8",
)
