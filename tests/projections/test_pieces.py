"""A stored projection that is told a piece at a time makes what one told event by event makes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import Log
from retold.events.recorded import Recorded
from retold.projections.errors import ProjectionFailed, ProjectionStopped
from retold.projections.projection import StoredProjection
from retold.projections.runner import Projections

from .tills import CHUNK, PATIENCE, TABLES, Trap, at, expected, fill, in_file, no_trap, seen, stored

EVENTS = 2_600
ADD_ALL = (
    "INSERT INTO tills SELECT value ->> 0, 1, value ->> 1 FROM json_each(?) WHERE true "
    "ON CONFLICT DO UPDATE SET events = events + 1, sum = sum + excluded.sum"
)


class Pieces:
    """A projection that counts what each till was paid, and the sizes of what it was told."""

    def __init__(self, trap: Trap = no_trap) -> None:
        self.sizes: list[int] = []
        self._trap = trap

    def projection(self, *kinds: str) -> StoredProjection:
        """It, under the name "pieces"."""
        return StoredProjection(name="pieces", tables=TABLES, apply_all=self._add_all, kinds=kinds)

    def _add_all(self, db: Any, events: Sequence[Recorded]) -> None:
        self.sizes.append(len(events))
        db.execute(ADD_ALL, (json.dumps([(each.address, each.event.amount) for each in events]),))
        for each in events:
            self._trap(each)


@given(chunks=st.lists(st.integers(1, 15), min_size=1, max_size=4), sweets=st.booleans())
def test_however_the_log_is_cut_the_tables_are_the_same(chunks: list[int], sweets: bool) -> None:
    """By arithmetic; and nobody is told a piece without events."""
    pieces, kinds, upto = Pieces(), ("sweets",) if sweets else (), 0
    with (
        Log.open("memory:") as log,
        Projections(log, pieces.projection(*kinds), threads=False) as projections,
    ):
        for chunk in chunks:
            fill(log, upto + chunk * CHUNK, upto)
            upto += chunk * CHUNK
            projections.wait("pieces", upto)
        with projections.view("pieces") as db:
            assert seen(db) == expected(upto, *kinds)
    assert 0 not in pieces.sizes
    assert sum(pieces.sizes) == sum(count for count, _ in expected(upto, *kinds).values())


def test_a_piece_is_more_than_one_event() -> None:
    """What lies there is told a thousand at a time."""
    pieces = Pieces()
    with Log.open("memory:") as log:
        fill(log, EVENTS)
        with Projections(log, pieces.projection(), threads=False) as projections:
            projections.wait("pieces", EVENTS)
    assert pieces.sizes == [1000, 1000, 600]


@pytest.mark.parametrize("bug", [1, 2, 1_000, 1_001, 1_777, EVENTS])
def test_the_event_at_which_a_piece_fails_is_found(tmp_path: Path, bug: int) -> None:
    """The view stands right before it, and goes on with mended code without a repeat."""
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}") as log:
        fill(log, EVENTS)
        with Projections(log, Pieces(at(bug)).projection()) as projections:
            with pytest.raises(ProjectionStopped):
                projections.wait("pieces", EVENTS, PATIENCE)
            failure = projections["pieces"].failure
            assert isinstance(failure, ProjectionFailed)
            assert failure.position == bug
            tills, place, said = in_file(tmp_path / "log.db-views/pieces.db")
            assert (tills, place) == (expected(bug - 1), bug - 1)
            assert f"the bug at {bug}" in said
            projections["pieces"].resume(Pieces().projection())
            projections.wait("pieces", EVENTS, PATIENCE)
            with projections.view("pieces") as db:
                assert seen(db) == expected(EVENTS)


def test_what_fails_only_in_company_is_told_alone() -> None:
    """A statement that cannot take two of one till at once is no bug of an event."""

    def add_all(db: Any, events: Sequence[Recorded]) -> None:
        assert len({each.address for each in events}) == len(events), "one till twice"
        db.execute(ADD_ALL, (json.dumps([(each.address, each.event.amount) for each in events]),))

    choosy = StoredProjection(name="choosy", tables=TABLES, apply_all=add_all)
    with Log.open("memory:") as log:
        fill(log, EVENTS)
        with Projections(log, choosy, threads=False) as projections:
            projections.wait("choosy", EVENTS)
            assert projections["choosy"].events == EVENTS
            with projections.view("choosy") as db:
                assert seen(db) == expected(EVENTS)


def test_a_view_goes_on_from_events_to_pieces(tmp_path: Path) -> None:
    """Which of the two it is told by is a matter of its code, not of its file."""
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}") as log:
        fill(log, 1_300)
        with Projections(log, stored(name="pieces")) as projections:
            projections.wait("pieces", 1_300, PATIENCE)
        fill(log, EVENTS, 1_300)
        pieces = Pieces()
        with Projections(log, pieces.projection()) as projections:
            projections.wait("pieces", EVENTS, PATIENCE)
            with projections.view("pieces") as db:
                assert seen(db) == expected(EVENTS)
    assert sum(pieces.sizes) == EVENTS - 1_300


def test_a_projection_has_one_way_of_being_told() -> None:
    """Neither and both are refused with the projection's name, before anything is made."""

    def never(_db: Any, _told: Any) -> None:
        raise AssertionError

    with pytest.raises(TypeError, match="'neither'"):
        StoredProjection(name="neither", tables=TABLES)
    with pytest.raises(TypeError, match="'both'"):
        StoredProjection(name="both", tables=TABLES, apply=never, apply_all=never)
