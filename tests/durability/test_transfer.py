"""Transfers between a thousand accounts, killed with SIGKILL: no money is lost, made or left over.

The model knows what was asked for and what was answered, and nothing of how it is done: the states
that it judges come as answers to commands that change nothing.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from retold import ActorSystem

from .process import Writer
from .transfers import START, Account, Look, Transfer, begin, open_system, takes_none

ACCOUNTS = 1_000
PATIENCE = 60.0


class Book:
    """What writers said: which transfers they asked for, and which were answered as begun."""

    def __init__(self) -> None:
        self.asked: dict[str, Transfer] = {}
        self.begun: dict[str, int] = {}

    def take(self, line: list[Any]) -> None:
        """One line of a writer."""
        match line:
            case ["asked", name, source, target, amount]:
                self.asked[name] = Transfer(name, source, target, amount)
            case ["begun", name, version]:
                self.begun[name] = version


def test_killed_transfers_are_settled_or_compensated(tmp_path: Path) -> None:
    """Three kills on one file: each time all that was begun ends, with each effect once."""
    kill_again_and_again(tmp_path / "transfers.db", seed=1, kills=3)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 110))
def test_transfers_killed_a_hundred_times_are_settled(tmp_path: Path, seed: int) -> None:
    """Ten files, ten kills each: the same, at a hundred other moments."""
    kill_again_and_again(tmp_path / "transfers.db", seed, kills=10)


def kill_again_and_again(path: Path, seed: int, kills: int) -> None:
    """Kill one writer after the other on one file, and judge the file after each."""
    random, book, seen = Random(seed), Book(), Counter[str]()
    for kill in range(kills):
        threads, outstanding = random.randrange(2, 5), random.randrange(1, 60)
        settings = (f"s{seed}k{kill}", "many", ACCOUNTS, threads, outstanding)
        with Writer(path, book, *settings, program="tests.durability.transfer_writer") as writer:
            writer.await_lines("begun", random.randrange(1, 1_000))
            writer.kill()
        with open_system(str(path)) as system:
            try:
                seen += judged(system, book)
            except AssertionError as error:
                error.add_note(f"seed {seed}, kill {kill}")
                raise
    missing = {"unfinished", "completed", "refused", "compensated"} - seen.keys()
    assert not missing, f"never {missing}: the test tested less than it says"


def judged(system: ActorSystem, book: Book) -> Counter[str]:
    """Let a reopened file finish, and hold it against the book; what was seen how often.

    Each transfer is begun once more, as a client does who heard no answer: one that was answered
    must be there already.
    """
    seen: Counter[str] = Counter()
    for name, receipt in answers(system, book):
        assert not (receipt.events and name in book.begun), name
        seen["unfinished"] += not receipt.events and receipt.state.status == "running"
    system.wait_idle(PATIENCE)
    moves: dict[int, dict[str, tuple[int, ...]]] = {number: {} for number in range(ACCOUNTS)}
    for name, receipt in answers(system, book):
        seen[expect(moves, book.asked[name], receipt.state.status, receipt.state.steps)] += 1
    check_accounts(system, moves)
    return seen


def answers(system: ActorSystem, book: Book) -> list[tuple[str, Any]]:
    """How each transfer stands, by its answer to being begun."""
    futures = [(name, begin(system, deed)) for name, deed in book.asked.items()]
    return [(name, future.get(timeout=PATIENCE)) for name, future in futures]


def expect(
    moves: dict[int, dict[str, tuple[int, ...]]], deed: Transfer, status: str, steps: dict[str, str]
) -> str:
    """What a transfer must have moved, by how it ended; how that is called."""
    source, target = moves[deed.source], moves[deed.target]
    match status, tuple(steps.values()):
        case "completed", ("taken", "taken"):
            assert not takes_none(deed.target)
            source[f"{deed.name} out"] = (-deed.amount,)
            target[f"{deed.name} in"] = (deed.amount,)
            return "completed"
        case "compensated", ("compensated", "refused"):
            assert takes_none(deed.target)
            source[f"{deed.name} out"] = (-deed.amount,)
            source[f"{deed.name} back"] = (deed.amount,)
            return "compensated"
        case "compensated", ("refused", "waiting"):
            return "refused"
    raise AssertionError(f"{deed} ended {status} with {steps}")


def check_accounts(system: ActorSystem, moves: dict[int, dict[str, tuple[int, ...]]]) -> None:
    """Each account moved what it should have, each once; and nothing was lost or made."""
    refs = [system.ref(f"account/{number}") for number in range(ACCOUNTS)]
    futures = [ref.ask(Look(), block=False) for ref in refs]
    total = 0
    for number, future in enumerate(futures):
        account: Account = future.get(timeout=PATIENCE).state
        assert dict(account.moves) == moves[number], number
        assert account.balance == START + sum(sum(each) for each in moves[number].values())
        assert account.balance >= 0
        total += account.balance
    assert total == START * ACCOUNTS
