"""follow_latency: ms from `recorded_at` of an event to its callback, one ask at a time; the median.

`recorded_at` is stamped before the commit, so the sync of the disk is in it. The note has the 99th
of a hundred, and both for a follower in another process, which looks for commits. Peer: the
library's subscription on its recorder in memory, in the same process and without a disk: for SQLite
it has none.

`python -m benchmarks.follow_latency FOLDER COUNT` is that other process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from statistics import quantiles
from threading import Event, Thread
from typing import Any
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.projection import ApplicationSubscription

from retold import ActorSystem, Log
from retold.events.clock import WallClock
from retold.events.recorded import Recorded

from . import bank, files, library
from .fresh import HOUSE
from .measure import Benchmark, Sample, Scale


class Stopwatch:
    """Takes the milliseconds since moments, until it has so many."""

    def __init__(self, count: int) -> None:
        self.taken: list[float] = []
        self.all = Event()
        self._clock = WallClock()
        self._count = count

    def since(self, moment: datetime) -> None:
        """One more."""
        self.taken.append((self._clock.now() - moment).total_seconds() * 1000)
        if len(self.taken) == self._count:
            self.all.set()

    def take(self, each: Recorded) -> None:
        """One more: a callback."""
        self.since(each.recorded_at)


def middle_and_late(taken: list[float]) -> tuple[float, float]:
    """The median, and what one in a hundred exceeds."""
    parts = quantiles(taken, n=100)
    return parts[49], parts[98]


def ours(folder: Path, scale: Scale) -> Sample:
    """Milliseconds."""
    count, watch = scale.of(1_000, 50), Stopwatch(scale.of(1_000, 50))
    with ActorSystem.open(bank.url(folder), bank.account) as system:
        elsewhere = _elsewhere(folder, count)
        calling = system.log.follow().call(watch.take)
        ref = system.ref("account/0")
        for _ in range(count):
            ref.ask(bank.Deposit(bank.AMOUNT))
        assert watch.all.wait(60)
        output, _ = elsewhere.communicate(timeout=60)
        calling.close()
        durable = bank.pragmas(system)
    here, late = middle_and_late(watch.taken)
    there, later = middle_and_late(json.loads(output))
    note = f"p99 {late:.2f} ms; in another process p50 {there:.2f}, p99 {later:.2f} ms"
    return Sample(here, count, files.rows(folder / "ours.db"), durable, note)


def _elsewhere(folder: Path, count: int) -> subprocess.Popen[str]:
    """The other process, once it follows."""
    command = [sys.executable, "-m", "benchmarks.follow_latency", str(folder), str(count)]
    started = subprocess.Popen(command, cwd=HOUSE, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


def peer(_folder: Path, scale: Scale) -> Sample:
    """Milliseconds of the library."""
    count, watch = scale.of(1_000, 50), Stopwatch(scale.of(1_000, 50))
    with Application[UUID](env={"PERSISTENCE_MODULE": "eventsourcing.popo"}) as app:
        account = library.Account()
        app.save(account)
        with ApplicationSubscription(app, gt=1) as subscription:
            thread = Thread(target=_follow, args=(subscription, watch, count))
            thread.start()
            for _ in range(count):
                account.deposit(bank.AMOUNT, bank.BY, bank.WHY)
                app.save(account)
            assert watch.all.wait(60)
            thread.join()
    return Sample(middle_and_late(watch.taken)[0])


def _follow(subscription: Any, watch: Stopwatch, count: int) -> None:
    for _ in range(count):
        event, _ = next(subscription)
        watch.since(event.timestamp)


def main() -> None:
    """Follow so many events and print how late each was."""
    folder, count = Path(sys.argv[1]), int(sys.argv[2])
    watch = Stopwatch(count)
    with Log.open(bank.url(folder), read_only=True) as log:
        calling = log.follow().call(watch.take)
        print("ready", flush=True)
        assert watch.all.wait(60)
        calling.close()
    print(json.dumps(watch.taken))


BENCHMARK = Benchmark(
    name="follow_latency",
    unit="ms",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} subscription in memory",
    rounds=3,
)

if __name__ == "__main__":
    main()
