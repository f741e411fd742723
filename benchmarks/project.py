"""project: events a second that a projection in memory takes from a file, 100,000 of 100 accounts.

Ours by the runner, from opening the log to the last event in the view. Peer: the library's
recorder read in pieces of a thousand notifications (its notification log gives ten), each decoded
by the application's mapper and added to such a dictionary; a runner around that is left out.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from time import perf_counter
from typing import Any
from uuid import UUID

from retold import Log
from retold.projections.runner import Projections

from . import balances, bank, files, ledger, library
from .measure import Benchmark, Sample, Scale, stopped

PIECE = 1_000


def ours(folder: Path, scale: Scale) -> Sample:
    """Events a second."""
    count = scale.of(100_000, 2_000)
    ledger.write_ours(folder, count)
    start = perf_counter()
    with (
        Log.open(bank.url(folder), read_only=True) as log,
        Projections(log, balances.MEMORY) as projections,
    ):
        projections.wait(balances.NAME, count)
        seconds = perf_counter() - start
        with projections.view(balances.NAME) as view:
            assert sum(view.values()) == count * bank.AMOUNT
    return Sample(count / seconds, count, files.rows(folder / "ours.db"))


def peer(folder: Path, scale: Scale) -> Sample:
    """Events a second of the library."""
    count, taken = scale.of(100_000, 2_000), 0
    ledger.write_peer(folder, count)
    start, view = perf_counter(), dict[UUID, Decimal]()
    with library.application(folder) as app:
        for first in stopped(range(1, count, PIECE)):
            for each in app.recorder.select_notifications(first, PIECE):
                event: Any = app.mapper.to_domain_event(each)
                view[event.originator_id] = view.get(event.originator_id, Decimal(0)) + event.amount
                taken += 1
        seconds = perf_counter() - start
    assert sum(view.values()) == taken * bank.AMOUNT
    return Sample(taken / seconds, count, files.rows(folder / "peer.db"))


BENCHMARK = Benchmark(
    name="project",
    unit="events/s",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} select_notifications and mapper",
    target="value >= 100000",
    rounds=3,
)
