"""recover: actors rehydrated a second by a new system, 2,000 actors of 200 events each, on file.

Both sides are ours: with snapshots, as they stand half-way between two of `snapshot_every=100`, so
that 50 events are folded after each; and, as the peer, without, so that all 200 are. The events of
the actors lie between each other in the file, as they do after a life of commands. No target.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from retold import ActorSystem
from retold.actors.options import Options
from retold.events.log import Append, Log

from . import bank, files
from .measure import Benchmark, Sample, Scale

EVENTS = 200
SINCE = 50
"""Events after the snapshot."""

SNAPSHOTS = Options(snapshot_every=100)
NONE = Options(snapshot_every=0)


def ours(folder: Path, scale: Scale) -> Sample:
    """Actors a second, from a snapshot and the events since."""
    count = scale.of(2_000, 50)
    _write(folder, count, 0, EVENTS - SINCE)
    for first in range(0, count, 500):
        with ActorSystem.open(bank.url(folder), bank.account, options=SNAPSHOTS) as system:
            _wake(system, range(first, min(first + 500, count)))
    _write(folder, count, EVENTS - SINCE, EVENTS)
    return _measured(folder, count, SNAPSHOTS, EVENTS - SINCE)


def peer(folder: Path, scale: Scale) -> Sample:
    """Actors a second, from all their events."""
    count = scale.of(2_000, 50)
    _write(folder, count, 0, EVENTS)
    return _measured(folder, count, NONE, 0)


def _measured(folder: Path, count: int, options: Options, kept: int) -> Sample:
    with ActorSystem.open(bank.url(folder), bank.account, options=options) as system:
        start = perf_counter()
        _wake(system, range(count))
        seconds = perf_counter() - start
        actors = [system.actor(f"account/{number}") for number in range(count)]
        assert {actor.state.balance for actor in actors} == {EVENTS * bank.AMOUNT}
        assert {actor.kept_version for actor in actors} == {kept}
        durable = bank.pragmas(system)
    return Sample(count / seconds, count * EVENTS, files.rows(folder / "ours.db"), durable)


def _wake(system: ActorSystem, numbers: range) -> None:
    """As the first message of each actor does."""
    for number in numbers:
        system.actor(f"account/{number}").wake()


def _write(folder: Path, count: int, after: int, upto: int) -> None:
    """Deposits of every actor, in turns."""
    events = (bank.Deposited(bank.AMOUNT),)
    with Log.open(bank.url(folder)) as log:
        for version in range(after, upto):
            log.append(
                *(
                    Append(f"account/{number}", version, events, bank.BY, bank.WHY, "cause")
                    for number in range(count)
                )
            )


BENCHMARK = Benchmark(
    name="recover",
    unit="actors/s",
    ours=ours,
    peer=peer,
    peer_name="the same without snapshots",
    rounds=3,
)
