"""Verification finds planted damage of each kind, where it is, and nothing in a whole log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from retold import Log
from retold.events.clock import ManualClock
from retold.events.codec import Codec
from retold.events.journal import StoredRow
from retold.events.log_errors import CorruptedRow
from retold.events.recorders import MemoryRecorder
from retold.projections import verify
from retold.projections.verification import Problem

from .approvals import BUDGET, LEGAL, START, WORKFLOW, approval, initial


class Damaged(MemoryRecorder):
    """A journal that gives rows as somebody left them; position 0 in `broken` cannot be read."""

    def __init__(self, rows: list[StoredRow], broken: int = 0) -> None:
        super().__init__()
        self._damaged, self._broken = rows, broken

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """Those of an address, in their order."""
        mine = (row for row in self._damaged if row[1] == address and row[2] > after)
        yield from self._checked(iter(sorted(mine, key=lambda row: row[2])))

    def scan(self, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """All, in their order."""
        yield from self._checked(row for row in self._damaged if row[0] > after)

    def addresses(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Those that have rows."""
        last = {row[1]: row[2] for row in self._damaged}
        yield from sorted(last.items())

    def _checked(self, rows: Iterator[StoredRow]) -> Iterator[StoredRow]:
        for row in rows:
            if row[0] == self._broken:
                raise CorruptedRow(row[0], row[1], row[2], "its checksum is wrong")
            yield row


def problems(rows: list[StoredRow], broken: int = 0) -> list[Problem]:
    """What verification finds in these rows."""
    return list(verify(Log(Damaged(rows, broken), Codec(), ManualClock()), initial))


@pytest.fixture
def rows() -> list[StoredRow]:
    """The rows of a whole log."""
    return list(approval().rows())


def replaced(rows: list[StoredRow], position: int, **changed: Any) -> list[StoredRow]:
    """The rows with one of them changed."""
    names = ("position", "address", "version", "name", "state")
    made = []
    for row in rows:
        fields = dict(zip(names, row, strict=True))
        if row[0] == position:
            fields |= changed
        made.append(tuple(fields.values()))
    return made  # type: ignore[return-value]  # the same fields in the same order


def test_a_whole_log_has_no_problem(rows: list[StoredRow]) -> None:
    """Nothing is found, and every event is counted for the progress bar."""
    assert problems(rows) == []
    ticks: list[int] = []
    assert not list(verify(approval(), initial, ticks.append))
    assert sum(ticks) == 13


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_missing_version_is_found(rows: list[StoredRow], missing: int) -> None:
    """Where the next one stands, with the number of the one that is not there; and its position."""
    left = [row for row in rows if not (row[1] == BUDGET and row[2] == missing)]
    (position,) = {row[0] for row in rows} - {row[0] for row in left}
    found = [(each.address, each.version, each.reason) for each in problems(left)]
    gap = [(BUDGET, missing + 1, f"version {missing} is missing")] if missing < 3 else []
    assert found == [*gap, ("", 0, f"the row at position {position} is missing")]


def test_an_actor_that_is_gone_altogether_is_found(rows: list[StoredRow]) -> None:
    """Nobody misses a version of it, but its positions are not there."""
    positions = [row[0] for row in rows if row[1] == BUDGET]
    found = problems([row for row in rows if row[1] != BUDGET])
    runs = [each.reason for each in found]
    assert {each.position for each in found} <= set(positions)
    assert sum("is missing" in each for each in runs) + sum("are missing" in each for each in runs)
    said = [int(number) for each in runs for number in re.findall(r"\d+", each)]
    assert {min(positions), max(positions)} <= {*said}


def test_a_row_that_does_not_decode_is_found(rows: list[StoredRow]) -> None:
    """No JSON, a key nobody knows, a name nobody knows: each where it stands, once an address."""
    opened = next(row for row in rows if row[1] == LEGAL)
    for changed in (
        {"state": b"{"},
        {"state": opened[4].replace(b'"document"', b'"document":{},"more"')},
        {"name": "channel.forgotten.v1"},
    ):
        found = problems(replaced(rows, opened[0], **changed))
        assert {(each.address, each.version) for each in found if each.address} == {(LEGAL, 1)}
        assert len([each for each in found if each.address]) == 1


def test_a_row_that_cannot_be_read_is_found(rows: list[StoredRow]) -> None:
    """By its address and by position, each with the place; the other addresses are looked at."""
    broken = next(row for row in rows if row[1] == BUDGET and row[2] == 2)
    opened = next(row for row in rows if row[1] == LEGAL)
    found = problems(replaced(rows, opened[0], name="channel.forgotten.v1"), broken[0])
    assert (broken[0], BUDGET, 2) in [(e.position, e.address, e.version) for e in found]
    assert [each for each in found if each.address == LEGAL]
    assert any("reading on by position stopped" in each.reason for each in found)


def test_a_wrong_checksum_is_found(rows: list[StoredRow]) -> None:
    """A document that adds up to something else than what was stored with it."""
    version = next(row for row in rows if b'"value":6' in row[4] and row[1] == WORKFLOW)
    state = version[4].replace(b'"value":6', b'"value":7')
    found = problems(replaced(rows, version[0], state=state))
    assert [(each.position, each.address, each.version) for each in found] == [
        (version[0], WORKFLOW, version[2])
    ]
    assert "checksum" in found[0].reason


def test_time_that_runs_backwards_is_found(rows: list[StoredRow]) -> None:
    """At the row that was recorded before the one in front of it."""
    late = (START + timedelta(days=9)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    fifth = rows[4]
    first_key = fifth[4].split(b'"')[3]
    state = fifth[4].replace(first_key, late, 1)
    found = problems(replaced(rows, fifth[0], state=state))
    assert [(each.position, each.address, each.version) for each in found] == [rows[5][:3]]
    assert "recorded at" in found[0].reason
    assert datetime.fromisoformat(late.decode()) == START + timedelta(days=9)


def test_an_event_that_its_state_cannot_take_is_found(rows: list[StoredRow]) -> None:
    """A delta whose path leads nowhere is reported, and the rest of the log is looked at."""
    patched = next(row for row in rows if row[3] == "channel.patched.v1")
    state = patched[4].replace(b'"path":"/ok"', b'"path":"/no/where"')
    found = problems(replaced(rows, patched[0], state=state))
    assert [(each.address, each.version) for each in found] == [(LEGAL, patched[2])]


def test_a_missing_version_that_others_stand_on_is_found(rows: list[StoredRow]) -> None:
    """The deltas after a gap do not fit any more; the gap is reported all the same."""
    left = [row for row in rows if row[0] != 1]
    assert "version 1 is missing" in [each.reason for each in problems(left)]
