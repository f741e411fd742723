"""Comparing a log with the code: what would not decode or be taken is named, and nothing else."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import Log, event, state
from retold.events.errors import UnknownKind
from retold.events.snapshots import Snapshot, SnapshotCodec
from retold.events.upcast import upcast
from retold.projections.schema import Comparison, KindFound, compare


@event("shelf.filled.v2")
class Filled:
    """Something was put there."""

    pieces: int


@event("shelf.emptied.v1")
class Emptied:
    """Some were taken out."""

    pieces: int


@upcast("shelf.filled.v1")
def counted(data: dict[str, Any]) -> dict[str, Any]:
    """It was a list once."""
    return {"pieces": len(data["what"].split())}


@state
class Shelf:
    """How many pieces there are; three are too many, none too few."""

    pieces: int = 0

    def evolve(self, event: Any) -> Any:
        """One more event, by a fold that is not total."""
        match event:
            case Filled(pieces) if self.pieces + pieces <= 3:
                return Shelf(self.pieces + pieces)
            case Emptied(pieces) if self.pieces >= pieces:
                return Shelf(self.pieces - pieces)
            case Emptied():
                return None
        raise OverflowError(f"{self.pieces} already")


@state
class Heap:
    """How many there were, by a fold of its own that does not take four."""

    pieces: int = 0

    def evolve(self, event: Any) -> Heap:
        """One more."""
        return Heap(self.pieces + event.pieces)

    def fold(self, events: Iterable[Any]) -> Heap:
        """All of them at once, and wrongly."""
        return Heap(sum([12 // (4 - each.pieces) for each in events]))


GOOD = ("shelf.filled.v2", '{"pieces":1}')
OLD = ("shelf.filled.v1", '{"what":"a"}')
OUT = ("shelf.emptied.v1", '{"pieces":1}')
FOUR = ("shelf.filled.v2", '{"pieces":4}')
CHANGED = ("shelf.emptied.v1", '{"parts":1}')
FAILS = ("shelf.filled.v1", '{"what":7}')
GONE = ("shelf.painted.v1", "{}")


def log_of(*rows: tuple[str, str], address: str = "shelf/1", into: Log | None = None) -> Log:
    """A log of one address with these rows: wire name and data."""
    log = into or Log.open("memory:")
    log.journal.write(
        [
            (
                address, version, name,
                f'{{"recorded_at":"2026-01-01T00:00:00Z","by":"x","data":{data}}}'.encode(),
            )
            for version, (name, data) in enumerate(rows, 1)
        ]
    )  # fmt: skip
    return log


def initial(address: str) -> Any:
    """What shelves and heaps began from."""
    known = {"shelf": Shelf(), "heap": Heap()}
    kind = address.partition("/")[0]
    if kind not in known:
        raise UnknownKind(address, kind, tuple(known))
    return known[kind]


def compared(*rows: tuple[str, str], address: str = "shelf/1") -> Comparison:
    """What is found in a log of one address with these rows."""
    with log_of(*rows, address=address) as log:
        return compare(log, initial)


def test_a_log_that_fits_is_told_with_its_chains() -> None:
    """Each wire name with its number, its class and the steps to it."""
    found = compared(GOOD, OLD, OUT, OLD)
    here = __name__
    assert found.ok
    assert [(each.name, each.events, each.cls, each.chain) for each in found.names] == [
        ("shelf.emptied.v1", 1, f"{here}.Emptied", ("shelf.emptied.v1",)),
        ("shelf.filled.v1", 2, f"{here}.Filled", ("shelf.filled.v1", "shelf.filled.v2")),
        ("shelf.filled.v2", 1, f"{here}.Filled", ("shelf.filled.v2",)),
    ]
    assert found.kinds == (KindFound("shelf", 1, 4, known=True),)


class Unknown(Exception):
    """An error of somebody else's, of no root that we know."""


@event("shelf.labelled.v1")
class Labelled:
    """An event whose class judges what it is made of."""

    label: str

    def __attrs_post_init__(self) -> None:
        """No label is empty, and none is unknown."""
        if not self.label:
            raise Unknown("what is it?")
        {"A": 1}[self.label]


@pytest.mark.parametrize(
    ("row", "decodes", "words"),
    [
        (("shelf.labelled.v1", '{"label":""}'), False, r"^Unknown: what is it\?$"),
        (("shelf.labelled.v1", '{"label":"B"}'), False, "^KeyError: 'B'$"),
        (GONE, False, "neither a class nor an upcaster is registered for it$"),
        (("shelf.filled.v9", "{}"), False, r"there is shelf\.filled\.v2"),
        (CHANGED, False, "required field `pieces`"),
        (FAILS, False, r"shelf\.filled\.v1 -> shelf\.filled\.v2, .*counted\) raised AttributeErr"),
        (FOUR, True, "OverflowError: 1 already"),
        (("shelf.emptied.v1", '{"pieces":2}'), True, "Shelf.evolve gave None"),
    ],
)  # fmt: skip
def test_what_fails_is_named(row: tuple[str, str], decodes: bool, words: str) -> None:
    """By place, wire name and reason; and the state goes on as if it were not there."""
    found = compared(GOOD, row, OUT)
    (failure,) = found.failures
    assert (failure.position, failure.address, failure.version) == (2, "shelf/1", 2)
    assert (failure.name, failure.decodes, failure.behind) == (row[0], decodes, 0)
    assert re.search(words, failure.reason)
    assert not found.ok
    (name,) = (each for each in found.names if each.name == row[0])
    assert (name.undecoded, name.untaken) == ((0, 1) if decodes else (1, 0))


STEPS = {GOOD: 1, OLD: 1, OUT: -1, FOUR: 4, CHANGED: None, FAILS: None, GONE: None}


@given(st.lists(st.sampled_from([*STEPS]), max_size=12))
def test_every_failure_is_found_in_any_order(rows: list[tuple[str, str]]) -> None:
    """What does not decode, what is not taken, and behind which failure that may have come."""
    expected: list[tuple[int, bool, int]] = []
    pieces = behind = 0
    for position, row in enumerate(rows, 1):
        step = STEPS[row]
        if step is not None and 0 <= pieces + step <= 3:
            pieces += step
            continue
        expected.append((position, step is not None, behind if step is not None else 0))
        behind = behind or position
    found = compared(*rows)
    assert [(each.position, each.decodes, each.behind) for each in found.failures] == expected
    assert found.events == len(rows)


def test_an_unknown_kind_is_told_once() -> None:
    """Its events are decoded all the same, and nobody can say more of them."""
    found = compared(GOOD, FOUR, FAILS, address="attic/1")
    assert not found.ok
    assert found.kinds == (KindFound("attic", 1, 3, known=False),)
    assert [each.position for each in found.failures] == [3]
    found = compared(GOOD, FOUR, address="attic/1")
    assert (found.failures, found.ok) == ((), False)


def test_a_fold_of_the_states_own_is_tried_too() -> None:
    """It is what a recovery does; where evolve takes all, the event at which it fails is named."""
    found = compared(GOOD, FOUR, GOOD, address="heap/1")
    assert [(each.position, each.name, each.decodes) for each in found.failures] == [
        (2, "shelf.filled.v2", True)
    ]
    assert "ZeroDivisionError" in found.failures[0].reason
    assert compared(GOOD, GOOD, address="heap/1").ok


def test_a_damaged_row_is_named_and_those_behind_it_are_checked(tmp_path: Path) -> None:
    """A checksum that does not hold stops nothing."""
    url = f"sqlite:///{tmp_path}/shelf.db"
    with Log.open(url) as log:
        log_of(GOOD, GOOD, GONE, GOOD, into=log)
    with closing(sqlite3.connect(tmp_path / "shelf.db")) as connection, connection:
        connection.execute("UPDATE stored_events SET checksum = 1 WHERE position = 2")
    with Log.open(url, read_only=True) as log:
        found = compare(log, initial)
    assert [(each.position, each.version, each.name) for each in found.failures] == [
        (2, 2, ""),
        (3, 3, "shelf.painted.v1"),
    ]
    assert "damaged" in found.failures[0].reason
    assert (found.events, found.kinds[0].events) == (4, 4)


def test_actors_are_told_by_address_and_counted_by_kind() -> None:
    """Each begins from its own state, and `tick` hears of all of them."""
    heard: list[int] = []
    with log_of(GOOD, FOUR, address="shelf/2") as log:
        log_of(GOOD, GOOD, GOOD, GOOD, address="shelf/1", into=log)
        log_of(FOUR, address="attic/1", into=log)
        found = compare(log, initial, heard.append)
    assert [(each.address, each.version) for each in found.failures] == [
        ("shelf/1", 4),
        ("shelf/2", 2),
    ]
    assert heard == [1, 4, 2]
    assert [(each.kind, each.actors, each.events) for each in found.kinds] == [
        ("attic", 1, 1),
        ("shelf", 2, 6),
    ]


def test_snapshots_of_another_fold_are_counted_and_no_problem() -> None:
    """By their fingerprint; one of a kind that nobody knows is of no use either."""
    with log_of(GOOD) as log:
        log_of(GOOD, address="heap/1", into=log)
        log_of(GOOD, address="attic/1", into=log)
        log_of(GOOD, address="shelf/2", into=log)
        fitting = SnapshotCodec("shelf", Shelf(), log.codec).encode(
            Snapshot("shelf/1", 1, 1, Shelf(1))
        )
        other = SnapshotCodec("shelf", Shelf(2), log.codec).encode(
            Snapshot("shelf/2", 1, 4, Shelf(1))
        )
        log.save_snapshots([fitting, other, ("attic/1", 1, 3, *fitting[3:])])
        found = compare(log, initial)
    assert (found.snapshots, found.unfit) == (3, 2)
    assert found.failures == ()
