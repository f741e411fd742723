"""durable_single: one blocking ask at a time on one actor; committed commands a second.

Peer: raw sqlite3, an insert and a commit each, into a file that our own recorder made and gave back
(same tables, same index, same pragmas), of rows as ours are, made before the clock starts.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from zlib import crc32

from retold import ActorSystem
from retold.events.codec import Codec
from retold.events.recorders import SqliteRecorder
from retold.events.recorders.opening import CHECKPOINT_PAGES, WAL_BYTES_KEPT

from . import bank, files
from .library import LEVELS
from .measure import Benchmark, Sample, Scale, stopped

STARTED_WITH = 100
_INSERT = (
    "INSERT INTO stored_events (originator_id, originator_version, topic, state, checksum) "
    "VALUES (?, ?, ?, ?, ?)"
)


def ours(folder: Path, scale: Scale) -> Sample:
    """Deposits a second."""
    with ActorSystem.open(bank.url(folder), bank.account) as system:
        (ref,) = bank.accounts(system, 1)
        bank.deposit([ref], STARTED_WITH, outstanding=1)
        message = bank.Deposit(bank.AMOUNT)
        start, count = perf_counter(), 0
        for _ in stopped(range(scale.of(10_000, 200))):
            ref.ask(message, by=bank.BY, why=bank.WHY)
            count += 1
        seconds = perf_counter() - start
        durable = bank.pragmas(system)
    found = files.rows(folder / "ours.db")
    return Sample(count / seconds, count + STARTED_WITH, found, durable)


def peer(folder: Path, scale: Scale) -> Sample:
    """Rows a second."""
    path = folder / "peer.db"
    SqliteRecorder.open(path).close()
    rows = _rows(STARTED_WITH + scale.of(10_000, 200))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        connection.execute(f"PRAGMA journal_size_limit = {WAL_BYTES_KEPT}")
        _insert(connection, rows[:STARTED_WITH])
        start = perf_counter()
        count = _insert(connection, rows[STARTED_WITH:])
        seconds = perf_counter() - start
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        (level,) = connection.execute("PRAGMA synchronous").fetchone()
    durable = {"journal_mode": str(mode), "synchronous": LEVELS[level]}
    return Sample(count / seconds, count + STARTED_WITH, files.rows(path), durable)


def _rows(count: int) -> list[tuple[str, int, str, str, int]]:
    """Rows to the letter as ours are."""
    deposited, moment = bank.Deposited(bank.AMOUNT), datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    made = []
    for version in range(1, count + 1):
        cause = f"0123456789abcdef.0.{version:x}"
        name, tail, _ = Codec().encode(deposited, bank.BY, bank.WHY, cause)
        (state,) = Codec().seal([tail], moment)
        made.append(("account/0", version, name, state.decode(), crc32(state, version)))
    return made


def _insert(connection: sqlite3.Connection, rows: list[tuple[str, int, str, str, int]]) -> int:
    count = 0
    for row in stopped(rows):
        connection.execute(_INSERT, row)
        connection.commit()
        count += 1
    return count


BENCHMARK = Benchmark(
    name="durable_single",
    unit="commands/s",
    ours=ours,
    peer=peer,
    peer_name="raw sqlite3 insert and commit",
    target="ratio >= 0.6",
)
