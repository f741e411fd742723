"""Killed with SIGKILL at any moment: what was answered is there, and nothing is half there."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from .checking import check_file, check_life
from .process import History, Writer


def test_a_killed_writer_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    """Five kills in a row on one file: each time all that was answered is there, once, in order."""
    kill_again_and_again(tmp_path / "killed.db", seed=1, kills=5)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 120))
def test_a_writer_killed_two_hundred_times_loses_nothing(tmp_path: Path, seed: int) -> None:
    """Twenty files, ten kills each: the same, at two hundred other moments."""
    kill_again_and_again(tmp_path / "killed.db", seed, kills=10)


def kill_again_and_again(path: Path, seed: int, kills: int) -> None:
    """Kill one writer after the other on one file, and judge the file after each."""
    random, history, in_flight, rows = Random(seed), History(), 0, 0
    for kill in range(kills):
        threads, outstanding = random.randrange(2, 5), random.randrange(1, 60)
        families = random.randrange(1, 5)
        what = (history, f"s{seed}k{kill}", "many", families, threads, outstanding)
        with Writer(path, *what) as writer:
            if random.random() < 0.2:
                writer.kill_after(random.uniform(0.0, 0.6))
            else:
                writer.await_lines("answered", random.randrange(1, 1_500))
                writer.kill()
        in_flight += threads * outstanding
        where = f"seed {seed}, kill {kill}"
        rows = judged(path, history, in_flight, where)
    assert rows > len(history.answers) / 2, "hardly anything was stored: the test tested nothing"


def judged(path: Path, history: History, in_flight: int, where: str) -> int:
    """The judgement, with the seed beside whatever it finds."""
    try:
        rows = check_file(path, history, in_flight)
        check_life(path, history, f"after {where}")
    except AssertionError as error:
        error.add_note(where)
        raise
    return rows
