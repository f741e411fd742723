"""Transfers between accounts as sagas: money is taken, then given, and taken back if refused.

Run it to see one transfer go through and one come back, then look into the log of it:
`retold history transfer/2 --db transfers.db --module examples/transfer.py`
"""

from __future__ import annotations

import sys
from decimal import Decimal
from typing import Any

from retold import ActorSystem, Behaviour, Rejected, command, event, state
from retold.actors import Context, Send
from retold.actors.saga import Step, saga
from retold.events.saga import Saga


@event("purse.deposited.v1")
class Deposited:
    """Money came in."""

    amount: Decimal


@event("purse.withdrawn.v1")
class Withdrawn:
    """Money went out."""

    amount: Decimal


@event("purse.closed.v1")
class Closed:
    """No more money comes in."""


@command("purse.deposit")
class Deposit:
    """Take money in."""

    amount: Decimal


@command("purse.withdraw")
class Withdraw:
    """Give money out."""

    amount: Decimal


@command("purse.close")
class Close:
    """Let no more money come in."""


@command("purse.transfer")
class Transfer:
    """Move money from one purse to another."""

    source: str
    target: str
    amount: Decimal


@state
class Purse:
    """What is in it, and whether more may come."""

    balance: Decimal = Decimal(0)
    closed: bool = False

    def evolve(self, event: Any) -> Purse:
        """The purse after one more event."""
        match event:
            case Deposited(amount):
                return Purse(self.balance + amount, self.closed)
            case Withdrawn(amount):
                return Purse(self.balance - amount, self.closed)
            case Closed():
                return Purse(self.balance, True)
        return self


def decide(purse: Purse, command: Any, _: Context) -> tuple[Any, ...]:
    """Nobody gives what is not there, and a closed purse takes nothing."""
    match command:
        case Deposit() if purse.closed:
            raise Rejected("closed")
        case Deposit(amount) if amount > 0:
            return (Deposited(amount),)
        case Withdraw(amount) if 0 < amount <= purse.balance:
            return (Withdrawn(amount),)
        case Close():
            return () if purse.closed else (Closed(),)
    raise Rejected("not covered", balance=purse.balance)


def withdraw(saga: Saga) -> Send:
    """First the money goes out of the one."""
    return Send(f"purse/{saga.command.source}", Withdraw(saga.command.amount))


def put_back(saga: Saga) -> Send:
    """What undoes that."""
    return Send(f"purse/{saga.command.source}", Deposit(saga.command.amount))


def deposit(saga: Saga) -> Send:
    """Then it comes into the other."""
    return Send(f"purse/{saga.command.target}", Deposit(saga.command.amount))


purse = Behaviour("purse", Purse(), decide)
transfer = saga(
    "transfer",
    Transfer,
    Step("withdraw", withdraw, compensate=put_back),
    Step("deposit", deposit),
    timeout_seconds=60,
)


def main(url: str) -> None:
    """One transfer to a purse that takes it, one to a purse that is closed."""
    with ActorSystem.open(url, purse, transfer) as system:
        system.ref("purse/alice").ask(Deposit(Decimal(10)), by="bank", why="salary")
        system.ref("purse/carol").ask(Close(), by="bank", why="she moved away")
        for number, target in enumerate(("bob", "carol"), 1):
            order = Transfer("alice", target, Decimal(4))
            one = system.ref(f"transfer/{number}")
            one.ask(order, by="alice", why="lunch")
            system.wait_idle(10)
            ended = one.ask(order).state
            print(f"to {target}: {ended.status}", dict(ended.steps), dict(ended.reasons))
        for name in ("alice", "bob", "carol"):
            print(name, system.ref(f"purse/{name}").proxy().state.get().balance)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "sqlite:///transfers.db")
