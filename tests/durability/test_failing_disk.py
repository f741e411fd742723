"""The disk fails at every write and sync of a commit: what was told holds, after a crash as well.

A commit whose last sync failed is the worst: the transaction stands in the WAL, whole and valid,
and nobody sees it, until a crash makes whoever opens the file read the WAL anew.
"""

from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from retold import ActorSystem
from retold.events import ManualClock
from retold.events.log_errors import OutcomeUncertain, StorageFailed

from ..actors.errands import Row
from ..actors.examination import at_every_point
from ..actors.faults import EVER, Fault
from ..actors.scenarios import BEHAVIOURS, SCENARIOS, Scenario, Together, prepare
from ..actors.stores import read_dues, read_file
from ..actors.totals import add
from .disk import Disk

DEAD = {"write": EVER, "reopen": EVER, "rows": EVER}
FAULTS = [Fault(what, broken) for what in ("before", "after", "full") for broken in ({}, DEAD)]
MORE = [
    Fault(what, broken)
    for what in ("before", "after", "full")
    for broken in ({"write": 1}, {"write": EVER}, {"reopen": 1}, {"rows": 1}, {"rows": EVER})
]


class DiskStore:
    """A log in an SQLite file on a disk that fails."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.clock = ManualClock()
        self._path = folder / "log.db"
        self._image = folder / "image.db"
        folder.mkdir()
        self._disk = disk
        disk.plan.struck = False
        self.arm, self.mend = disk.plan.arm, disk.plan.mend

    @property
    def struck(self) -> bool:
        """Whether the fault has struck."""
        return self._disk.plan.struck

    def open(self) -> ActorSystem:
        """A system over the file."""
        url = f"sqlite:///{self._path}"
        return ActorSystem.open(url, *BEHAVIOURS, dispatcher=Together(), clock=self.clock)

    def readings(self) -> list[list[Row]]:
        """What another connection sees, and what is there after a crash at this moment."""
        self._disk.remove()
        try:
            return [read_file(self._path), read_file(crashed(self._path, self._image))]
        finally:
            self._disk.insert()

    def dues(self) -> dict[str, datetime]:
        """The table, by plain SQL."""
        return read_dues(self._path)


def crashed(path: Path, image: Path) -> Path:
    """The files as a crash would leave them: the log and its WAL, without the WAL's index.

    Another process copies them: closing a file here would drop SQLite's locks on it.
    """
    copy = 'rm -f "$2" "$2-wal" "$2-shm"; cp "$1" "$2"; [ ! -e "$1-wal" ] || cp "$1-wal" "$2-wal"'
    subprocess.run(["sh", "-c", copy, "sh", str(path), str(image)], check=True)
    return image


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_on_a_failing_disk_every_asker_is_told_the_truth(
    fault: Fault, disk: Disk, tmp_path: Path
) -> None:
    """Whichever write or sync fails: what is in the log, and what a crash would make of it."""
    examine(SCENARIOS[2], fault, disk, tmp_path)


@pytest.mark.soak
@pytest.mark.parametrize("fault", FAULTS + MORE, ids=str)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_on_a_failing_disk_every_asker_is_told_the_truth_of_all_faults(
    scenario: Scenario, fault: Fault, disk: Disk, tmp_path: Path
) -> None:
    """The same, of everything that is asked in these tests."""
    examine(scenario, fault, disk, tmp_path)


def examine(scenario: Scenario, fault: Fault, disk: Disk, folder: Path) -> None:
    """Let the fault strike at every write and sync of a scenario."""
    points, _ = at_every_point(lambda point: DiskStore(folder / str(point), disk), scenario, fault)
    assert points >= 7


def test_a_commit_that_failed_does_not_come_back(disk: Disk, tmp_path: Path) -> None:
    """The sync fails when all is written: told that nothing is stored, nothing ever is."""
    store = DiskStore(tmp_path / "log", disk)
    with store.open() as system:
        prepare(system)
        store.arm(1, Fault(""))
        system.ref("total/a").ask(add(1))
        writes = disk.plan.uses
        for number in (2, 3):
            store.arm(writes, Fault("before", {"reopen": number - 2}))
            with pytest.raises(StorageFailed if number == 2 else OutcomeUncertain):
                system.ref("total/a").ask(add(number), id=f"k{number}")
        live, crashed = store.readings()
    assert [row.n for row in live if row.cause.startswith("k")] == []
    assert [row.n for row in crashed if row.cause.startswith("k")] == [3]
