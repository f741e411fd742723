"""The deep verification finds what is wrong beside the rows, and accuses nobody who writes."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest

from retold import ActorSystem
from retold.actors.options import Options
from retold.gateway.inspection import Inspected, inspect

from ..actors.leases import Renew, lease
from ..actors.totals import add, totals
from .laden import KINDS, make_laden
from .plain import digest_of, rows_of

DAMAGES = {
    "a due time moved": (
        "UPDATE due SET moment = moment + 1 WHERE address = 'lease/l3'", "lease/l3", "due time is",
    ),
    "a due time lost": ("DELETE FROM due WHERE address = 'lease/l3'", "lease/l3", "is never"),
    "a due time of nobody": (
        "UPDATE due SET address = 'lease/m3' WHERE address = 'lease/l3'", "lease/m3", "no events",
    ),
    "a due time of no address": ("INSERT INTO due VALUES ('lease/', 5)", "lease/", "no address"),
    "a due time that is none": (
        "UPDATE due SET moment = 'soon' WHERE address = 'lease/l3'", "lease/l3", "no number",
    ),
    "a due time of no year": ("UPDATE due SET moment = 1 << 62", "lease/l3", "beyond"),
    "a kind listed no more": ("DELETE FROM due WHERE address = 'lease'", "lease/l3", "has none"),
    "a kind listed wrongly": ("UPDATE due SET moment = 1 WHERE address = 'lease'", "", "listed"),
    "a snapshot changed": (
        "UPDATE snapshots SET state = replace(state, 'total', 'tutal') WHERE address = 'total/t3'",
        "total/t3", "not what was kept",
    ),
    "a snapshot of no event": (
        "UPDATE snapshots SET position = 7 WHERE address = 'total/t3'", "total/t3", "no such event",
    ),
    "tracking of before the first": ("INSERT INTO tracking VALUES ('other', -1)", "", "'other'"),
    "tracking of no number": ("INSERT INTO tracking VALUES ('other', 'x')", "", "'other'"),
    "a lease of nobody": ("UPDATE lease SET fence = -4", "", "lease"),
    "positions counted too low": ("UPDATE sqlite_sequence SET seq = 12", "", "counted from"),
    "the last row lost": (
        "DELETE FROM stored_events WHERE position = 252", "", "missing at the end",
    ),
    "all rows of an actor lost": (
        "DELETE FROM stored_events WHERE originator_id = 'lease/l3'", "", "is missing",
    ),
    "rows lost in a row": (
        "DELETE FROM stored_events WHERE position BETWEEN 30 AND 33", "", "positions 30 to 33 are",
    ),
    "positions not counted": ("DELETE FROM sqlite_sequence", "", "counted from"),
}  # fmt: skip


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log with something in every table."""
    return make_laden(tmp_path / "log.db")


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_wrong_in_a_table_is_named(log: Path, damage: str) -> None:
    """By its address where it has one, without any help of the seal."""
    statement, address, reason = DAMAGES[damage]
    (log.parent / "log.db-seal").unlink()
    with closing(sqlite3.connect(log, isolation_level=None)) as plain:
        plain.execute(statement)
    found = inspect(str(log), KINDS).problems
    assert [each for each in found if each.address == address and reason in each.reason], found


def test_a_snapshot_of_another_state_is_named(log: Path) -> None:
    """Whole in itself, and not what the events add up to: one kept for another actor."""
    (log.parent / "log.db-seal").unlink()
    with closing(sqlite3.connect(log, isolation_level=None)) as plain:
        other = plain.execute("SELECT * FROM snapshots WHERE address = 'total/t3'").fetchone()
        assert other is not None
    codec_row = renamed(other, "total/t4", log)
    with closing(sqlite3.connect(log, isolation_level=None)) as plain:
        plain.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?, ?, ?)", codec_row)
    found = inspect(str(log), KINDS).problems
    assert [(each.address, each.version) for each in found] == [("total/t4", codec_row[1])]
    assert "add up to" in found[0].reason


def renamed(
    row: tuple[str, int, int, str, str, int], address: str, log: Path
) -> tuple[object, ...]:
    """A snapshot under another address, with a checksum that fits and an event that is there."""
    with closing(sqlite3.connect(log)) as plain:
        (position,) = plain.execute(
            "SELECT position FROM stored_events WHERE originator_id = ? AND originator_version = ?",
            (address, row[1]),
        ).fetchone()
    head = f"{address} {row[1]} {position} {row[3]}".encode()
    return (address, row[1], position, row[3], row[4], crc32(row[4].encode(), crc32(head)))


def test_a_log_that_is_written_is_not_accused(tmp_path: Path) -> None:
    """Due times and snapshots change while they are compared; no problem is seen in that."""
    path, options = tmp_path / "log.db", Options(snapshot_every=1)
    found: list[Inspected] = []
    with ActorSystem.open(f"sqlite:///{path}", totals, lease, options=options) as system:

        def write() -> None:
            for _ in range(120):
                system.ref("lease/a").ask(Renew(1000))
                system.ref("total/a").ask(add(1))

        writer = threading.Thread(target=write)
        writer.start()
        while writer.is_alive():
            found.append(inspect(str(path), KINDS))
        writer.join()
    assert [each.problems for each in found] == [[]] * len(found)
    assert {each.unchecked for each in found} == {"there is no seal"}
    assert len({each.prefix.last_position for each in found if each.prefix}) > 3


def test_the_digest_is_that_of_a_prefix(log: Path) -> None:
    """By its definition, of all events and of those up to a position."""
    for upto in (None, 252, 100, 1, 0):
        prefix = inspect(str(log), KINDS, upto).prefix
        assert prefix is not None
        assert prefix.digest == digest_of(rows_of(log, upto))
    assert inspect(str(log), KINDS, 1000).prefix == inspect(str(log), KINDS).prefix
