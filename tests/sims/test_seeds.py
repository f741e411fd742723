"""Transfers under a thousand seeds with crashes: the money is there, and each run can be rerun."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from retold.actors.delivery import Delivery, sends
from retold.events.address import kind
from retold.sims.commits import DrawnCommitter
from retold.sims.system import SimulatedSystem

from .seeds import Bank

SEEDS = 1_000


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """A crash in the middle is what these runs are for: not a line for each."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def judged(seed: int) -> Counter[str]:
    """Run a seed twice: the same log to the byte, and an end that adds up."""
    first, again = Bank(seed), Bank(seed)
    assert first.run() == again.run(), f"seed {seed} gave another log"
    try:
        seen = first.judge()
    except AssertionError as error:
        error.add_note(f"seed {seed}")
        raise
    first.sim.close()
    again.sim.close()
    return seen


def check(seeds: range) -> None:
    """Every seed comes out right, and every kind of end was seen."""
    seen = Counter[str]()
    for seed in seeds:
        seen += judged(seed)
    missing = {"completed", "compensated", "refused", "crashed"} - seen.keys()
    assert not missing, f"never {missing}: the test tested less than it says"


def test_a_thousand_seeds_conserve_the_money() -> None:
    """Whatever order, delay and crash a seed draws: each effect once, each transfer at its end."""
    check(range(SEEDS))


@pytest.mark.soak
@pytest.mark.parametrize("thousands", range(0, 100, 10))
def test_a_hundred_thousand_seeds_conserve_the_money(thousands: int) -> None:
    """The same, a hundred times as often."""
    check(range(thousands * SEEDS, (thousands + 10) * SEEDS))


class HastyCommitter(DrawnCommitter):
    """The bug: what events make others do is sent when it is decided, not when it is committed."""

    system: HastySystem

    def submit(self, batch: Any, *, guest: bool = False, hold: bool = False) -> None:
        """Send first, commit later."""
        log, reactor = self.system.log, self.system.reactor
        assert reactor is not None
        for position, (address, version, name, tail) in enumerate(
            batch.rows, log.last_position() + 1
        ):
            react = reactor._kinds.get(kind(address))
            if react is None:
                continue
            state = log.codec.seal([tail], log.clock.now())[0]
            recorded = log.codec.recorded(position, address, version, name, state)
            for index, send in enumerate(sends(react, recorded)):
                early = Delivery(recorded, index, send, again=True, end=lambda _: None)
                reactor._courier.send(early, early.first())
        super().submit(batch)


class HastySystem(SimulatedSystem):
    """A system with that bug."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        turns = options["turns"]
        hasty = HastyCommitter(self.log, turns.run, turns.decided, turns.wake)
        hasty.system = self
        self.committer = turns.committer = hasty


def rows_of_a_run_gone_wrong(seed: int) -> int:
    """How many events the log has of a run in which the bug shows; 0 where it does not."""
    bank = Bank(seed, system_class=HastySystem)
    rows = bank.run()
    try:
        bank.judge()
    except AssertionError:
        return len(rows)
    return 0


def test_a_reaction_sent_before_its_commit_is_found() -> None:
    """The judge is no formality: it finds the bug that the outbox is there against."""
    wrong = {seed: rows for seed in range(50) if (rows := rows_of_a_run_gone_wrong(seed))}
    assert wrong, "the bug was not found"
    smallest = min(wrong, key=lambda seed: wrong[seed])
    print(f"first by seed {min(wrong)}; the smallest log has {wrong[smallest]} events ({smallest})")
    for seed in wrong:
        assert judged(seed), "without the bug nothing is wrong"
