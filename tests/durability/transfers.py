"""Transfers between accounts, as sagas: what the writers of a test ask for, and what accounts keep.

Every tenth account takes no money from strangers, so transfers to it are refused at their second
step and the money goes back. Accounts keep what happened to them, transfer by transfer.
"""

from __future__ import annotations

from random import Random
from typing import Any

import attrs

from retold import ActorSystem, Behaviour, Receipt, Rejected, command, event, state
from retold.actors import Context, Future, Send
from retold.actors.saga import Step, saga

START = 100
"""What each account has to begin with."""


@event("transfers.opened.v1")
class Opened:
    """An account has so much to begin with."""

    amount: int


@event("transfers.moved.v1")
class Moved:
    """Money came (or went, below zero) by a transfer; `why` is `out`, `in` or `back`."""

    transfer: str
    why: str
    amount: int


@command("transfers.open")
class Open:
    """Let an account have something to begin with, once."""

    amount: int


@command("transfers.move")
class Move:
    """Let money come or go."""

    transfer: str
    why: str
    amount: int


@command("transfers.look")
class Look:
    """Change nothing; the receipt has the state."""


@command("transfers.transfer")
class Transfer:
    """Begin a transfer."""

    name: str
    source: int
    target: int
    amount: int


@state
class Account:
    """What there is, and each amount that came or went by what moved it, as often as it did."""

    opened: bool = False
    balance: int = 0
    moves: dict[str, tuple[int, ...]] = attrs.field(factory=dict)

    def evolve(self, event: Any) -> Account:
        """More or less."""
        if isinstance(event, Opened):
            return Account(True, event.amount, self.moves)
        key = f"{event.transfer} {event.why}"
        moves = {**self.moves, key: (*self.moves.get(key, ()), event.amount)}
        return Account(True, self.balance + event.amount, moves)


def takes_none(account: int) -> bool:
    """Whether an account takes no money from strangers."""
    return account % 10 == 0


def decide(account: Account, command: Any, context: Context) -> tuple[Any, ...]:
    """Nobody gives what he does not have, and what is not wanted is refused."""
    match command:
        case Open(amount):
            return () if account.opened else (Opened(amount),)
        case Look():
            return ()
        case Move(why="in") if takes_none(int(context.address.split("/")[1])):
            raise Rejected("no money from strangers")
        case Move(transfer, why, amount) if account.balance + amount >= 0:
            return (Moved(transfer, why, amount),)
    raise Rejected("not covered", balance=account.balance)


def _send(account: int, of: Transfer, why: str, amount: int) -> Send:
    return Send(f"account/{account}", Move(of.name, why, amount))


account = Behaviour("account", Account(), decide)
transfer = saga(
    "transfer",
    Transfer,
    Step(
        "withdraw",
        lambda saga: _send(saga.command.source, saga.command, "out", -saga.command.amount),
        lambda saga: _send(saga.command.source, saga.command, "back", saga.command.amount),
    ),
    Step(
        "deposit", lambda saga: _send(saga.command.target, saga.command, "in", saga.command.amount)
    ),
    timeout_seconds=60,
)


def open_system(path: str) -> ActorSystem:
    """The system of these tests over a file."""
    return ActorSystem.open(f"sqlite:///{path}", account, transfer)


def begin(system: ActorSystem, deed: Transfer) -> Future[Receipt]:
    """Begin a transfer, or see how it stands; does not wait."""
    return system.ref(f"transfer/{deed.name}").ask(deed, block=False, by="writer", why="moving")


class Transfers:
    """Draws transfers; who draws with a prefix of his own repeats no name."""

    def __init__(self, prefix: str, random: Random, accounts: int) -> None:
        self._prefix = prefix
        self._random = random
        self._accounts = accounts
        self._count = 0

    def next(self) -> Transfer:
        """Another transfer, between two accounts; sometimes of more than is there."""
        self._count += 1
        source, target = self._random.sample(range(self._accounts), 2)
        amount = self._random.randrange(1, 90)
        return Transfer(f"{self._prefix}-{self._count}", source, target, amount)
