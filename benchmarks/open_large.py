"""open_large: seconds to open a log of 1,000,000 events of 100 accounts as an actor system.

Peer: the library's Application over as many, up to where it knows its last notification.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from retold import ActorSystem

from . import bank, files, ledger, library
from .measure import Benchmark, Sample, Scale


def ours(folder: Path, scale: Scale) -> Sample:
    """Seconds."""
    count = scale.of(1_000_000, 2_000)
    ledger.write_ours(folder, count)
    start = perf_counter()
    with ActorSystem.open(bank.url(folder), bank.account) as system:
        seconds = perf_counter() - start
        assert system.log.last_position() == count
        start = perf_counter()
        system.ref("account/0").ask(bank.Deposit(bank.AMOUNT))
        first = perf_counter() - start
    note = f"the first ask of an actor of {count // ledger.ACCOUNTS:,} events: {first:.2f} s"
    return Sample(seconds, count + 1, files.rows(folder / "ours.db"), note=note)


def peer(folder: Path, scale: Scale) -> Sample:
    """Seconds of the library."""
    count = scale.of(1_000_000, 2_000)
    ledger.write_peer(folder, count)
    start = perf_counter()
    with library.application(folder) as app:
        last = app.recorder.max_notification_id()
        seconds = perf_counter() - start
    assert last == count
    return Sample(seconds, count, files.rows(folder / "peer.db"))


BENCHMARK = Benchmark(
    name="open_large",
    unit="s",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} Application over as many",
    target="value < 1",
    rounds=1,
)
