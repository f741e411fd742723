"""The account of our side: one event a command, with author, reason and cause beside it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from retold import ActorRef, ActorSystem, Behaviour, Receipt, Rejected, command, event, state
from retold.actors import Context, Future
from retold.events.recorders import SqliteRecorder

BY = "branch 7"
WHY = "salary of the month"
AMOUNT = Decimal("12.50")


@event("bench_account.deposited.v1")
class Deposited:
    """Money came in."""

    amount: Decimal


@command
class Deposit:
    """Let money come in."""

    amount: Decimal


@state
class Account:
    """How much there is."""

    balance: Decimal = Decimal(0)

    def evolve(self, event: Any) -> Account:
        """The account after one more event."""
        return Account(self.balance + event.amount)


def decide(_account: Account, command: Deposit, _context: Context) -> tuple[Deposited, ...]:
    """Nobody deposits nothing."""
    if command.amount <= 0:
        raise Rejected("nothing to deposit", amount=command.amount)
    return (Deposited(command.amount),)


account = Behaviour("account", Account(), decide)


def url(folder: Path) -> str:
    """The log of our side in a folder."""
    return f"sqlite:///{folder / 'ours.db'}"


def accounts(system: ActorSystem, count: int) -> list[ActorRef]:
    """So many accounts."""
    return [system.ref(f"account/{number}") for number in range(count)]


def deposit(refs: Sequence[ActorRef], count: int, outstanding: int) -> None:
    """Ask for `count` deposits, round the accounts, with so many answers awaited at a time."""
    waiting: deque[Future[Receipt]] = deque()
    message, many = Deposit(AMOUNT), len(refs)
    for number in range(count):
        ref = refs[number % many]
        waiting.append(ref.ask(message, block=False, by=BY, why=WHY))
        if len(waiting) >= outstanding:
            waiting.popleft().get()
    while waiting:
        waiting.popleft().get()


def pragmas(system: ActorSystem) -> dict[str, str]:
    """How durable our writer is, read back from its own connection."""
    journal = system.log.journal
    assert isinstance(journal, SqliteRecorder)
    return journal.pragmas()
