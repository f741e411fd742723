"""Stored views and crashes, forks and full disks: always the truth at one position."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from retold import Log
from retold.events import Append
from retold.projections.errors import ProjectionStopped
from retold.projections.runner import Projections
from retold.projections.running import Running

from ..projections.tills import PATIENCE, Paid, expected, fill, in_file, in_memory, seen, stored
from .disk import Disk, sqlite
from .puppet import Puppet


def test_a_runner_killed_while_it_rebuilds_leaves_the_truth(tmp_path: Path) -> None:
    """Killed five times at any moment of a rebuild, under load: the file of the view is the truth
    at its place, which never goes back, and the next runner goes on there."""
    path, random, before = tmp_path / "log.db", Random(3), 0
    view = tmp_path / "log.db-views" / "stored.db"
    with Log.open(f"sqlite:///{path}") as log:
        fill(log, 5_000)
    for _ in range(5):
        with Puppet("viewing", path) as process:
            assert process.do("rebuild") == "rebuilding"
            process.kill_after(random.uniform(0.0, 0.4))
        tills, place, failure = in_file(view)
        assert (tills, failure) == (expected(place), "")
        assert place >= before
        before = place
    assert before > 5_000
    with Log.open(f"sqlite:///{path}") as log, Projections(log, stored()) as projections:
        last = log.last_position()
        projections.wait("stored", last, PATIENCE)
        projections["stored"].rebuild()
        assert in_file(view) == (expected(last), last, "")
    assert [each for each in os.listdir(view.parent) if "rebuilt" in each] == []


@pytest.mark.parametrize("how", ["closed", "collected", "just-so"])
def test_a_forked_child_leaves_its_parent_s_views_alone(tmp_path: Path, how: str) -> None:
    """Whatever it tries is refused, it hangs nowhere, and however it leaves the parent goes on and
    keeps the right to its views."""
    path = tmp_path / "log.db"
    with Puppet("viewing", path) as process:
        assert process.do("wait") == "100"
        for step in range(5):
            assert process.do("fork", how) == "7"
            assert process.do("wait") == str(200 + step * 100)
        held = f"{path}-views/stored.db-lease"
        script = f"from filelock import FileLock; FileLock({held!r}).acquire(blocking=False)"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
        assert b"Timeout" in done.stderr
    assert in_file(Path(f"{path}-views/stored.db"))[:2] == (expected(600), 600)


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk under every file of SQLite that is opened while it is inserted."""
    if sqlite() is None:
        pytest.skip("the SQLite of this Python is out of reach")
    made = Disk()
    yield made
    made.plan.mend()
    made.remove()


@pytest.mark.parametrize("broken", [{"write": 1}, {"write": 10**9}])
def test_a_view_whose_disk_fails_stops_alone(
    tmp_path: Path, disk: Disk, broken: dict[str, int]
) -> None:
    """It is failed visibly and the others go on; with the disk mended it is resumed."""
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}") as log:
        fill(log, 2_600)
        disk.insert()
        projections = Projections(log, in_memory(), stored(), folder=tmp_path / "views")
        disk.remove()
        with projections:
            for each in projections:
                each.wait(2_600, PATIENCE)
            disk.plan.broken = dict(broken)
            fill(log, 5_200, 2_600)
            projections.wait("memory", 5_200, PATIENCE)
            with suppress(ProjectionStopped):
                projections.wait("stored", 5_200, PATIENCE)
            assert projections["stored"].status == "failed"
            assert projections["stored"].position == 2_600
            disk.plan.mend()
            projections["stored"].resume()
            projections.wait("stored", 5_200, PATIENCE)
            with projections.view("stored") as view:
                assert seen(view) == expected(5_200)
    assert in_file(tmp_path / "views" / "stored.db") == (expected(5_200), 5_200, "")


def limit_pages(running: Running, pages: int) -> None:
    """Let the file of a view have so many pages and no more, as a disk that is full would."""
    file: Any = running
    with file._view.file.changing() as db:
        db.execute(f"PRAGMA max_page_count = {pages}")


def fill_wide(log: Log, addresses: int) -> None:
    """One event for each of many tills."""
    log.append(*(Append(f"till/wide-{n:0200}", 0, (Paid(1),)) for n in range(addresses)))


def test_a_view_whose_disk_is_full_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """It stands where it stood, says why, and is rebuilt or resumed afterwards."""
    with (
        Log.open(f"sqlite:///{tmp_path / 'log.db'}") as log,
        Projections(log, in_memory(), stored(), threads=False) as projections,
    ):
        running = projections["stored"]
        limit_pages(running, 20)
        fill(log, 2_600)
        fill_wide(log, 500)
        projections.catch_up()
        assert (projections["memory"].status, running.status) == ("running", "failed")
        assert "full" in str(running.failure)
        place = running.position
        with running.view() as view:
            tills = seen(view)
        assert sum(events for events, _ in tills.values()) == running.events
        assert place < log.last_position()
        limit_pages(running, 100_000)
        running.resume()
        projections.catch_up()
        assert running.position == log.last_position()
        with running.view() as view, projections.view("memory") as other:
            assert seen(view) == seen(other)
