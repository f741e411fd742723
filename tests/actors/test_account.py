"""The account: given what happened, when this is asked, then that is stored; and against
a model.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from retold import ActorSystem, Rejected, retell
from retold.actors import Pool, Stepped
from retold.actors.dispatch import Dispatcher
from retold.events import Append, ManualClock

from .totals import WAIT, Account, Deposit, Deposited, Withdraw, Withdrawn, account, everything

CASES: list[tuple[list[Any], Any, tuple[Any, ...] | None, str]] = [
    ([], Deposit(Decimal(10)), (Deposited(Decimal(10)),), "10"),
    ([Deposited(Decimal(10))], Withdraw(Decimal(10)), (Withdrawn(Decimal(10)),), "0"),
    ([Deposited(Decimal(10))], Withdraw(Decimal("10.01")), None, "10"),
    ([Deposited(Decimal(10)), Withdrawn(Decimal(4))], Withdraw(Decimal(7)), None, "6"),
    ([], Withdraw(Decimal(1)), None, "0"),
    ([], Deposit(Decimal(0)), None, "0"),
    ([], Deposit(Decimal(-1)), None, "0"),
    (
        [Deposited(Decimal("0.1"))] * 3,
        Withdraw(Decimal("0.3")),
        (Withdrawn(Decimal("0.3")),),
        "0.0",
    ),
]


@pytest.mark.parametrize(("given", "when", "then", "balance"), CASES)
def test_given_when_then(
    system: ActorSystem, given: list[Any], when: Any, then: tuple[Any, ...] | None, balance: str
) -> None:
    """The events that follow are stored after those given; a refusal says why and stores
    nothing.
    """
    if given:
        system.log.append(Append("account/alice", 0, tuple(given)))
    alice = system.ref("account/alice")
    if then is None:
        with pytest.raises(Rejected) as caught:
            alice.ask(when, timeout=WAIT)
        assert caught.value.facts == {"balance": Decimal(balance)}
    else:
        receipt = alice.ask(when, by="bank", why="salary", timeout=WAIT)
        assert receipt.events == then
        assert receipt.version == len(given) + 1
        assert receipt.position == system.log.last_position()
        assert receipt.state == Account(Decimal(balance))
    stored = [event for _, _, event in everything(system)]
    assert stored == [*given, *(then or ())]


class Bank(RuleBasedStateMachine):
    """Accounts under any sequence of commands, sleeps and restarts, against plain numbers."""

    accounts = Bundle("accounts")
    dispatcher: type[Any] = Stepped

    @initialize()
    def open(self) -> None:
        """An empty log."""
        self.balances: dict[str, Decimal] = {}
        self.stored = 0
        self.system = self.over(ActorSystem.open("memory:", clock=ManualClock()).log)
        self.counts: dict[str, int] = {}

    def over(self, log: Any) -> ActorSystem:
        """A system over a log, with a dispatcher of its own."""
        made: Dispatcher = self.dispatcher()
        return ActorSystem(log, account, dispatcher=made)

    @rule(target=accounts, name=st.sampled_from("abc"))
    def name(self, name: str) -> str:
        """An account."""
        return f"account/{name}"

    @rule(address=accounts, amount=st.integers(-2, 20), wanted=st.booleans())
    def move(self, address: str, amount: int, wanted: bool) -> None:
        """Deposit or withdraw: answered as the model says."""
        balance = self.balances.get(address, Decimal(0))
        fine = amount > 0 and (not wanted or amount <= balance)
        asked = (Withdraw if wanted else Deposit)(Decimal(amount))
        if fine:
            receipt = self.system.ref(address).ask(asked, timeout=WAIT)
            self.balances[address] = balance + (-amount if wanted else amount)
            self.counts[address] = self.counts.get(address, 0) + 1
            assert receipt.state == Account(self.balances[address])
            assert receipt.version == self.counts[address]
        else:
            with pytest.raises(Rejected):
                self.system.ref(address).ask(asked, timeout=WAIT)

    @rule(moves=st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9)), max_size=8))
    def rush(self, moves: list[tuple[str, int]]) -> None:
        """Many asks at once, none waited for before the last is sent."""
        asked = []
        for name, amount in moves:
            ref = self.system.ref(f"account/{name}")
            asked.append(ref.ask(Deposit(Decimal(amount)), block=False))
        for (name, amount), future in zip(moves, asked, strict=True):
            address = f"account/{name}"
            self.balances[address] = self.balances.get(address, Decimal(0)) + amount
            self.counts[address] = self.counts.get(address, 0) + 1
            receipt = future.get(timeout=WAIT)
            assert (receipt.version, receipt.state.balance) == (
                self.counts[address], self.balances[address],
            )  # fmt: skip

    @rule()
    def restart(self) -> None:
        """Another system over the same log finds what this one left."""
        log, self.system.log = self.system.log, ActorSystem.open("memory:").log
        self.system.close()
        self.system = self.over(log)

    @invariant()
    def the_log_tells_the_balances(self) -> None:
        """Every account retold is what the model says, with versions 1, 2, 3."""
        for address, balance in self.balances.items():
            assert retell(self.system.log, address, behaviour=account).balance == balance
            versions = [each.version for each in self.system.log.read(address)]
            assert versions == list(range(1, self.counts[address] + 1))

    def teardown(self) -> None:
        """Close it."""
        self.system.close()


class PooledBank(Bank):
    """The same on threads."""

    dispatcher = Pool


class TestBankStepped(Bank.TestCase):  # type: ignore[name-defined, misc]  # made by Hypothesis
    """Stepped by hand."""

    settings = settings(max_examples=40, stateful_step_count=20)


class TestBankOnThreads(PooledBank.TestCase):
    """On a pool."""

    settings = settings(max_examples=20, stateful_step_count=20)
