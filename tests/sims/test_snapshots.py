"""Snapshots in simulated time: the log of a seed is the same with them and without."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from retold.actors.options import Options

from .seeds import Bank

SEEDS = 60


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A crash in the middle is what these runs are for: not a line for each."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def check(seeds: range) -> None:
    """Every seed gives one log, however often states are kept; and some begin at a snapshot."""
    resumed = crashes = 0
    for seed in seeds:
        without = Bank(seed, options=Options(snapshot_every=0))
        log = without.run()
        crashes += without.sim.lives > 1
        for every in (1, 3):
            bank = Bank(seed, options=Options(snapshot_every=every))
            assert bank.run() == log, f"seed {seed} gave another log"
            bank.judge()
            actors = [ref._actor for ref in bank.sim.system.refs()]
            resumed += any(actor.kept_version for actor in actors)
            assert any(bank.sim.log.snapshot(actor.address) for actor in actors)
            bank.sim.close()
        without.sim.close()
    assert resumed
    assert crashes


def test_a_seed_gives_the_same_log_with_snapshots_and_without() -> None:
    """Whatever it draws, whenever it crashes: to the byte."""
    check(range(SEEDS))


@pytest.mark.soak
def test_many_seeds_give_the_same_log_with_snapshots_and_without() -> None:
    """The same, more often."""
    check(range(SEEDS, 50 * SEEDS))
