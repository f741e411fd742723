"""The disk fails or is full in the middle of a backup, a restore, a compaction: all is as before.

At every write, sync and truncation that SQLite makes.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from retold.events import seal
from retold.events.log_errors import StorageFailed, StorageFull
from retold.events.upkeep import backup, compact, restore
from retold.gateway.inspection import inspect

from ..actors.faults import EVER, Fault
from ..operations.laden import KINDS, make_laden
from ..operations.plain import Rows, beside, cut, rows_of
from .disk import Disk

FAULTS = [Fault("full"), Fault("full", {"write": EVER}), Fault("before"), Fault("after")]


@pytest.fixture(scope="module")
def laden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log with something in every table, and free pages."""
    return make_laden(tmp_path_factory.mktemp("laden") / "laden.db")


def at_every_point(
    disk: Disk, fault: Fault, place: Path, again: Callable[[], None], work: Callable[[], object]
) -> int:
    """Let the fault strike at each point of some work on a log; how many points there were.

    What the log holds stays in any case; if the work went well, it was not needed at that point.
    """
    point = 0
    while True:
        point += 1
        again()
        before, others = rows_of(place), beside(place)
        disk.plan.struck = False
        disk.plan.arm(point, fault)
        failed = raised(work)
        disk.plan.mend()
        if not disk.plan.struck:
            return point - 1
        if fault.what == "full" and failed is not None:
            assert isinstance(failed, StorageFull | StorageFailed), point
        judge(place, before, others)
        assert [each.name for each in place.parent.glob("*unfinished*")] == []


def raised(work: Callable[[], object]) -> StorageFailed | None:
    """The typed error that some work ends with, None if it ends well."""
    try:
        work()
    except StorageFailed as error:
        return error
    return None


def judge(place: Path, rows: Rows, others: dict[str, Rows]) -> None:
    """The log holds this and nothing is to be complained of, its seal least of all."""
    assert (rows_of(place), beside(place)) == (rows, others)
    assert seal.compare(str(place)).offsets == ()
    found = inspect(str(place), KINDS)
    assert found.problems == []


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_compaction_on_a_failing_disk_changes_nothing(
    fault: Fault, disk: Disk, laden: Path, tmp_path: Path
) -> None:
    """Every row stays, whether it was told that it failed or not."""
    place = tmp_path / "log.db"

    def again() -> None:
        Path(seal.seal_path(str(place))).unlink(missing_ok=True)
        shutil.copyfile(laden, place)

    points = at_every_point(disk, fault, place, again, lambda: compact(str(place)))
    assert points > 20


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_backup_on_a_failing_disk_leaves_the_one_before(
    fault: Fault, disk: Disk, laden: Path, tmp_path: Path
) -> None:
    """An earlier backup under the name is whole: itself, or the new one."""
    place, earlier = tmp_path / "saved.db", cut(laden, tmp_path / "earlier.db", 100)

    def work() -> object:
        return backup(str(laden), str(place), replace=True)

    def again() -> None:
        for each in tmp_path.glob("saved.db*"):
            each.unlink()
        shutil.copyfile(earlier, place)

    points = 0
    while True:
        points += 1
        again()
        disk.plan.struck = False
        disk.plan.arm(points, fault)
        failed = raised(work)
        disk.plan.mend()
        if not disk.plan.struck:
            break
        assert rows_of(place) == rows_of(earlier if failed else laden)
        assert list(tmp_path.glob("*unfinished*")) == []
    assert points > 5
    restore(str(place), str(tmp_path / "restored.db"))
    assert rows_of(tmp_path / "restored.db") == rows_of(laden)
