"""Backups taken while another process writes at full load: each is a prefix of the log.

And a backup that is killed in the middle leaves nothing under its name, or a whole one.
"""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import attrs
import pytest

from retold import Log
from retold.events.recorders import SqliteRecorder
from retold.gateway.inspection import inspect
from retold.gateway.kinds import Kinds
from retold.projections import replay

from ..gateway.calling import start
from ..operations.plain import beside, cut, digest_of, rows_of
from .ledger import BEHAVIOURS
from .process import PATIENCE, History, Writer

KINDS = Kinds(*BEHAVIOURS)
FAMILIES = 120
"""Of three accounts, a bank, a workflow and channels each."""

WAL_BYTES = 64 * 1024 * 1024
"""The WAL keeps no more between checkpoints; while a backup copies it holds what is written."""


@attrs.frozen
class Taken:
    """A backup: its file and what the command said of it."""

    path: Path
    last_position: int
    digest: str
    answered: int
    """The last position that somebody was told of before it was begun."""


def test_backups_under_full_load_are_prefixes_of_the_log(tmp_path: Path) -> None:
    """Five backups at random moments, then the writer is killed; each holds to its last row."""
    back_up_and_judge(tmp_path, seed=1, count=3, answers=700)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(300, 310))
def test_many_backups_under_full_load_are_prefixes(tmp_path: Path, seed: int) -> None:
    """A hundred backups of ten larger logs."""
    back_up_and_judge(tmp_path, seed, count=10, answers=10_000)


def back_up_and_judge(folder: Path, seed: int, count: int, answers: int) -> None:
    """Take so many backups, one after so many answers each, and judge them all at the end."""
    path, random, taken, peak = folder / "live.db", Random(seed), list[Taken](), 0
    history = History()
    with Writer(path, history, f"s{seed}", "many", FAMILIES, 2, 100) as writer:
        writer.await_lines("answered", 200)
        for number in range(count):
            writer.await_lines("answered", writer.said("answered") + random.randrange(answers))
            answered = max(each.position for each in list(history.answers.values()))
            process = start("backup", folder / f"b{number}.db", "--db", path, "--json")
            peak = max(peak, watch_wal(process, path))
            said = answer_of(process)
            place, last, digest = said["path"], said["last_position"], said["digest"]
            taken.append(Taken(Path(place), last, digest, answered))
        writer.kill()
    print(f"seed {seed}: positions {[each.last_position for each in taken]}, WAL up to {peak:,}")
    rows = rows_of(path)
    assert [each.last_position for each in taken] == sorted({each.last_position for each in taken})
    assert taken[-1].last_position < rows[-1][0]
    assert peak <= WAL_BYTES
    for each in taken:
        judge(path, each, folder / "cut.db")


def watch_wal(process: subprocess.Popen[str], path: Path) -> int:
    """The largest size of the log's WAL until a process ends."""
    peak = 0
    while True:
        peak = max(peak, os.stat(f"{path}-wal").st_size)
        try:
            process.wait(0.01)
        except subprocess.TimeoutExpired:
            continue
        return peak


def answer_of(process: subprocess.Popen[str]) -> dict[str, Any]:
    """What a command that ended well said as JSON."""
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (0, "")
    said: dict[str, Any] = json.loads(out)
    return said


def judge(path: Path, taken: Taken, place: Path) -> None:
    """The backup is the log up to its last position: rows, digests, and all states.

    And whatever was answered before it was begun is in it.
    """
    assert taken.last_position >= taken.answered > 0
    inspected = inspect(str(taken.path), KINDS)
    assert (inspected.problems, inspected.sealed) == ([], True)
    rows = rows_of(path, taken.last_position)
    assert rows_of(taken.path) == rows
    assert taken.digest == digest_of(rows)
    place.unlink(missing_ok=True)
    restored = answer_of(start("restore", taken.path, "--db", place, "--json"))
    assert (restored["digest"], restored["sealed"]) == (taken.digest, True)
    assert rows_of(place) == rows
    theirs = inspect(str(path), KINDS, taken.last_position).prefix
    assert theirs is not None
    assert theirs.digest == taken.digest
    assert states_digest(taken.path) == states_digest(cut(path, place, taken.last_position))


def states_digest(path: Path) -> str:
    """The digest of all states that a log adds up to."""
    with Log.open(f"sqlite:///{path}", read_only=True) as log:
        return replay(log, KINDS.initial).digest


def test_a_killed_backup_leaves_none_or_a_whole_one(tmp_path: Path) -> None:
    """Killed at moments all over its life: under the name stands nothing, or the whole log."""
    kill_backups(tmp_path, seed=1, kills=6)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(400, 410))
def test_backups_killed_two_hundred_times(tmp_path: Path, seed: int) -> None:
    """Twenty kills of ten runs, more moments."""
    kill_backups(tmp_path, seed, kills=20)


def kill_backups(folder: Path, seed: int, kills: int) -> None:
    """Kill a backup after a time of its own, again and again; then one ends well."""
    path, place, random, left = folder / "live.db", folder / "saved.db", Random(seed), 0
    with Writer(path, History(), f"s{seed}", "many", FAMILIES, 1, 100) as writer:
        writer.await_lines("answered", 1_000)
        for _ in range(kills):
            process = start("backup", place, "--db", path, "--force")
            killed = wait_or_kill(process, random.uniform(0.3, 1.2))
            left += len(list(folder.glob("saved.db-unfinished-*")))
            if place.exists():
                found = inspect(str(place), KINDS)
                assert found.problems == []
            else:
                assert killed
        answer_of(start("backup", place, "--db", path, "--force", "--json"))
        writer.kill()
    print(f"seed {seed}: {left} unfinished files were left and taken away")
    assert list(folder.glob("saved.db-unfinished-*")) == []
    assert rows_of(place) == rows_of(path, rows_of(place)[-1][0])
    assert beside(place)["tracking"] == beside(path)["tracking"]


def test_what_appears_under_the_name_is_whole(tmp_path: Path) -> None:
    """Killed in the moment in which its name is seen, a backup has every row."""
    path, place = tmp_path / "log.db", tmp_path / "saved.db"
    with closing(SqliteRecorder.open(path)) as log:
        for first in range(0, 120_000, 4_000):
            these = range(first, first + 4_000)
            log.write([(f"a/{n}", 1, "a.b.v1", b"%d" % n * 40) for n in these])
    before = rows_of(path)
    for _ in range(3):
        process = start("backup", place, "--db", path)
        while process.poll() is None and not place.exists():
            pass
        process.kill()
        process.communicate()
        assert rows_of(place) == before
        place.unlink()


def wait_or_kill(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill a process unless it ends before; whether it was killed."""
    try:
        process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return True
    return False
