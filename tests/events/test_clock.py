"""Clocks never run backwards; draws are the same wherever the same command is decided."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone

import pytest

from retold.events.clock import Draws, ManualClock, WallClock

START = datetime(2020, 1, 1, tzinfo=UTC)


def test_the_wall_clock_is_held_by_the_end_of_a_log() -> None:
    """Told that the log ends in the future, it stands there until the machine has caught up."""
    clock = WallClock()
    ahead = clock.now() + timedelta(days=1)
    clock.not_before(ahead)
    assert clock.now() == ahead
    clock.not_before(START)
    assert clock.now() == ahead


def test_the_wall_clock_never_runs_backwards() -> None:
    """Read a thousand times it never gives an earlier moment, and always one in UTC."""
    clock = WallClock()
    moments = [clock.now() for _ in range(1_000)]
    assert moments == sorted(moments)
    assert moments[0].tzinfo is UTC


def test_a_manual_clock_moves_when_told() -> None:
    """By seconds forward, and never back: that raises and moves nothing."""
    clock = ManualClock(START)
    clock.advance(1.5)
    assert clock.now() == START + timedelta(seconds=1.5)
    with pytest.raises(ValueError, match="cannot go back"):
        clock.advance(-1)
    clock.not_before(START)
    assert clock.now() == START + timedelta(seconds=1.5)
    later = datetime(2020, 1, 1, 3, tzinfo=timezone(timedelta(hours=1)))
    clock.not_before(later)
    assert clock.now() == later


def test_draws_depend_on_seed_actor_and_command_alone() -> None:
    """The same three give the same ids and numbers; any other gives others; ids differ."""

    def drawn(*key: str) -> tuple[str, str, float]:
        draws = Draws(*key)
        return draws.id(), draws.id(), draws.rng().random()

    first = drawn("s", "a/b", "c")
    assert first == drawn("s", "a/b", "c")
    assert first[0] != first[1]
    keys = [("t", "a/b", "c"), ("s", "a/c", "c"), ("s", "a/b", "d"), ("sa", "/b", "c")]
    everything = [first, *(drawn(*key) for key in keys)]
    assert len({each[0] for each in everything}) == len({each[2] for each in everything}) == 5


def test_draws_are_the_same_in_another_process() -> None:
    """Nothing of the process, such as its hash seed, goes into a draw."""
    code = "from retold.events.clock import Draws; print(Draws('s', 'a/b', 'c').id())"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == Draws("s", "a/b", "c").id()
