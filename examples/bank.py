"""A bank of accounts: a whole kind of actor in one file.

Run it to open an account, or look into a log with it:
`retold show account/alice --db bank.db --module examples/bank.py`
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

from retold import ActorSystem, Behaviour, Rejected, command, event, retell, state
from retold.actors import Context


@event("account.deposited.v1")
class Deposited:
    """Money came in."""

    amount: Decimal


@event("account.withdrawn.v1")
class Withdrawn:
    """Money went out."""

    amount: Decimal


@command
class Deposit:
    """Take money in."""

    amount: Decimal


@command
class Withdraw:
    """Give money out."""

    amount: Decimal


@state
class Account:
    """What is there."""

    balance: Decimal = Decimal(0)

    def evolve(self, event: Any) -> Account:
        """The account after one more event."""
        match event:
            case Deposited(amount):
                return Account(self.balance + amount)
            case Withdrawn(amount):
                return Account(self.balance - amount)
        return self


def decide(account: Account, command: Any, _: Context) -> tuple[Any, ...]:
    """Money goes out only if it is there."""
    match command:
        case Deposit(amount) if amount > 0:
            return (Deposited(amount),)
        case Withdraw(amount) if 0 < amount <= account.balance:
            return (Withdrawn(amount),)
    raise Rejected("not covered", balance=account.balance)


account = Behaviour("account", Account(), decide)


def main(url: str) -> None:
    """Put ten into an account, and tell its first version again."""
    with ActorSystem.open(url, account) as system:
        alice = system.ref("account/alice")
        receipt = alice.ask(Deposit(Decimal(10)), by="bank", why="salary")
        print(receipt.state.balance, receipt.version)
    print(retell(url, "account/alice", version=1, behaviour=account))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sqlite:///bank.db")
