"""The standard projections against a diary of what was asked, stopped and started in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retold import ActorSystem
from retold.actors import Stepped
from retold.actors.channel import channel
from retold.actors.workflow import workflow
from retold.events import ManualClock
from retold.projections.runner import Projections
from retold.projections.standard import STANDARD, snapshots_of

from .diary import ROOTS, Diary
from .expected import check_all

SPELLS = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=6)
"""How many commands before a runner is opened again, and whether it was open meanwhile."""


@contextmanager
def diary_of(seed: int, url: str = "memory:") -> Iterator[Diary]:
    """A diary over a system that takes its steps by hand."""
    clock = ManualClock()
    with ActorSystem.open(
        url, workflow, channel, dispatcher=Stepped(), clock=clock, seed="seed"
    ) as system:
        yield Diary(system, clock, seed)


def live_through(diary: Diary, spells: list[tuple[int, bool]], folder: str, threads: bool) -> None:
    """Run the views in several spells, and check them at the end of each."""
    for steps, open_meanwhile in spells:
        if not open_meanwhile:
            diary.go_on(steps)
        with Projections(diary.log, *STANDARD, folder=folder, threads=threads) as views:
            if open_meanwhile:
                diary.go_on(steps)
            for each in views:
                each.wait(diary.last, 30)
            check_all(views, diary)


@given(st.integers(0, 2**32), SPELLS)
@settings(max_examples=30)
def test_views_show_what_was_asked(seed: int, spells: list[tuple[int, bool]]) -> None:
    """Each shows every fact once, wherever its runner was stopped and started."""
    with diary_of(seed) as diary, TemporaryDirectory() as folder:
        live_through(diary, spells, folder, threads=False)


@pytest.mark.parametrize("seed", range(3))
def test_views_on_threads_show_what_was_asked(seed: int, tmp_path: Path) -> None:
    """The same where each follows a file on a thread of its own."""
    spells = [(30, True), (0, True), (50, False), (70, True)]
    with diary_of(seed, f"sqlite:///{tmp_path}/log.db") as diary:
        live_through(diary, spells, f"{tmp_path}/views", threads=True)


def test_a_long_past_is_shown_whole(tmp_path: Path) -> None:
    """With merges, conflicts, refusals and documents that were kept whole: all of them occur."""
    with diary_of(1) as diary:
        live_through(diary, [(150, True)] * 4, str(tmp_path), threads=False)
        assert diary.merges
        assert any(conflicts for _, conflicts in diary.merges)
        assert {"opened", "closed", "failed"} <= set(diary.channels)
        assert len(diary.entries) > 20
        with Projections(diary.log, *STANDARD, folder=tmp_path, threads=False) as views:
            for name in ("snapshots", "versions"):
                with views.view(name) as db:
                    assert all(list(snapshots_of(db, root)) for root in ROOTS)
