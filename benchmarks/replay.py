"""replay: the state of one actor with 20,000 events from its file, opening included.

Every event carries by, why and cause. Peer: `repository.get` of an aggregate of as many events with
the same information, opening its application included. Both files were written and closed before.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from retold import ActorSystem, retell
from retold.actors.options import Options

from . import bank, files, library
from .measure import Benchmark, Sample, Scale

ADDRESS = "account/0"


def ours(folder: Path, scale: Scale) -> Sample:
    """Events a second of `retell`; and, noted, of an actor's recovery by a new system."""
    count = scale.of(20_000, 1_000)
    with ActorSystem.open(bank.url(folder), bank.account) as system:
        bank.deposit([system.ref(ADDRESS)], count, outstanding=1_000)
    start = perf_counter()
    account = retell(bank.url(folder), ADDRESS, behaviour=bank.account)
    seconds = perf_counter() - start
    assert account.balance == count * bank.AMOUNT
    note = f"an actor's recovery: {count / _recovery(folder):,.0f}"
    return Sample(count / seconds, count, files.rows(folder / "ours.db"), note=note)


def _recovery(folder: Path) -> float:
    """Seconds until a new system knows the actor again."""
    start = perf_counter()
    options = Options(snapshot_every=0)
    with ActorSystem.open(bank.url(folder), bank.account, options=options) as system:
        system.actor(ADDRESS).wake()
        return perf_counter() - start


def peer(folder: Path, scale: Scale) -> Sample:
    """Events a second of the library."""
    count = scale.of(20_000, 1_000)
    with library.application(folder) as app:
        account = library.Account()
        for _ in range(count - 1):
            account.deposit(bank.AMOUNT, bank.BY, bank.WHY)
        app.save(account)
    start = perf_counter()
    with library.application(folder) as app:
        again = app.repository.get(account.id)
        seconds = perf_counter() - start
    assert isinstance(again, library.Account)
    assert again.balance == (count - 1) * bank.AMOUNT
    return Sample(count / seconds, count, files.rows(folder / "peer.db"))


BENCHMARK = Benchmark(
    name="replay",
    unit="events/s",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} repository.get",
    target="ratio >= 5",
)
