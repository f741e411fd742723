"""time_travel: ms to the state in the middle of 20,000 versions of one actor, opening included.

Ours by version; noted, the same state by position, by a recorded and by a happened time. Every
event carries by, why and cause. Peer: `repository.get` at that version of an aggregate of as many
events with the same information. Both files were written and closed before, and neither side has
snapshots to begin at.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from retold import ActorSystem, Log, retell
from retold.actors.options import Options
from retold.events.point import Point

from . import bank, files, library
from .measure import Benchmark, Sample, Scale

ADDRESS = "account/0"


def ours(folder: Path, scale: Scale) -> Sample:
    """Milliseconds of `retell` by version; and, noted, by the other sorts of point."""
    count = scale.of(20_000, 1_000)
    options = Options(snapshot_every=0)
    with ActorSystem.open(bank.url(folder), bank.account, options=options) as system:
        bank.deposit([system.ref(ADDRESS)], count, outstanding=1_000)
    with Log.open(bank.url(folder), read_only=True) as log:
        middle = next(log.read(ADDRESS, after=count // 2 - 1))
    milliseconds = _told(folder, Point(version=count // 2), count // 2)
    others = (
        Point(position=middle.position),
        Point(recorded=middle.recorded_at),
        Point(happened=middle.happened_at),
    )
    note = ", ".join(
        f"{str(point).partition(':')[0]} {_told(folder, point, count // 2):.0f}" for point in others
    )
    return Sample(milliseconds, count, files.rows(folder / "ours.db"), note=note)


def _told(folder: Path, point: Point, version: int) -> float:
    """Milliseconds to a state. Of moments there is the whole commit: it may hold more events."""
    start = perf_counter()
    account = retell(bank.url(folder), ADDRESS, at=point, behaviour=bank.account)
    milliseconds = (perf_counter() - start) * 1_000
    exact = point.version is not None or point.position is not None
    assert account.balance == version * bank.AMOUNT or (
        not exact and account.balance > version * bank.AMOUNT
    )
    return milliseconds


def peer(folder: Path, scale: Scale) -> Sample:
    """Milliseconds of the library."""
    count = scale.of(20_000, 1_000)
    with library.application(folder) as app:
        account = library.Account()
        for _ in range(count - 1):
            account.deposit(bank.AMOUNT, bank.BY, bank.WHY)
        app.save(account)
    start = perf_counter()
    with library.application(folder) as app:
        past = app.repository.get(account.id, version=count // 2)
        milliseconds = (perf_counter() - start) * 1_000
    assert isinstance(past, library.Account)
    assert past.balance == (count // 2 - 1) * bank.AMOUNT
    return Sample(milliseconds, count, files.rows(folder / "peer.db"))


BENCHMARK = Benchmark(
    name="time_travel",
    unit="ms",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} repository.get at a version",
)
