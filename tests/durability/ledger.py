"""What the writers of these tests do: banks with accounts, and workflows with channels.

A transfer writes to three members of a family in one transaction (payer, payee and bank), a
merge to two. A `Deed` is a command as both sides know it: the process that asks, and the model.
"""

from __future__ import annotations

from random import Random
from typing import Any

import attrs

from retold import ActorSystem, At, Behaviour, Receipt, Rejected, command, event, state
from retold.actors import ROOT, Context, Future
from retold.actors.channel import (
    AppendEntry,
    CloseChannel,
    MergeChannel,
    OpenChannel,
    PatchChannel,
    channel,
)
from retold.actors.dispatch import Dispatcher
from retold.actors.workflow import PatchState, workflow

ACCOUNTS = 3


@event("ledger.deposited.v1")
class Deposited:
    """An account has more."""

    amount: int


@event("ledger.withdrawn.v1")
class Withdrawn:
    """An account has less."""

    amount: int


@event("ledger.transferred.v1")
class Transferred:
    """The bank saw a transfer."""

    amount: int


@command
class Deposit:
    """Put money in."""

    amount: int


@command
class Transfer:
    """Move money to another account of the bank."""

    to: str
    amount: int


@state
class Account:
    """What an account has."""

    balance: int = 0

    def evolve(self, event: Any) -> Account:
        """More or less."""
        more = event.amount if isinstance(event, Deposited) else -event.amount
        return Account(self.balance + more)


@state
class Bank:
    """How often and how much was transferred."""

    transfers: int = 0
    moved: int = 0

    def evolve(self, event: Any) -> Bank:
        """One transfer more."""
        return Bank(self.transfers + 1, self.moved + event.amount)


def decide(account: Account, command: Any, context: Context) -> tuple[Any, ...]:
    """Nobody gives what he does not have."""
    match command:
        case Deposit(amount):
            return (Deposited(amount),)
        case Transfer(to, amount) if amount <= account.balance:
            context.member(to)
            return (Withdrawn(amount), At(to, Deposited(amount)), At(ROOT, Transferred(amount)))
    raise Rejected("not covered", balance=account.balance)


def no_command(bank: Bank, command: Any, context: Context) -> tuple[Any, ...]:
    """A bank is written to by its accounts only."""
    raise Rejected("a bank takes no commands", got=type(command).__name__, of=context.address)


BEHAVIOURS = (
    Behaviour("account", Account(), decide),
    Behaviour("bank", Bank(), no_command),
    workflow,
    channel,
)


@attrs.frozen
class Deed:
    """One command: its id, whom it is for, what it is called and what it carries."""

    id: str
    to: str
    what: str
    argument: Any = None


def open_system(path: str, dispatcher: Dispatcher | None = None) -> ActorSystem:
    """The system of these tests over a file."""
    return ActorSystem.open(f"sqlite:///{path}", *BEHAVIOURS, dispatcher=dispatcher)


def ask(system: ActorSystem, deed: Deed) -> Receipt:
    """Ask and wait, not for ever."""
    made = command_of(deed)
    return system.ref(deed.to).ask(made, timeout=20, by="writer", why=deed.what, id=deed.id)


def ask_later(system: ActorSystem, deed: Deed) -> Future[Receipt]:
    """Ask, and do not wait."""
    made = command_of(deed)
    return system.ref(deed.to).ask(made, block=False, by="writer", why=deed.what, id=deed.id)


def command_of(deed: Deed) -> Any:
    """The command that a deed stands for."""
    argument = deed.argument
    match deed.what:
        case "deposit":
            return Deposit(argument)
        case "transfer":
            return Transfer(*argument)
        case "patch":
            return PatchState(argument)
        case "open":
            return OpenChannel(argument)
        case "patch channel":
            return PatchChannel(argument)
        case "entry":
            return AppendEntry(argument.encode())
        case "close":
            return CloseChannel()
        case "merge":
            return MergeChannel("combine")
    raise ValueError(f"{deed.what} is no deed")


class Deeds:
    """Draws deeds, one after the other; who draws with a prefix of his own repeats no id."""

    def __init__(self, prefix: str, random: Random, families: int) -> None:
        self._prefix = prefix
        self._random = random
        self._families = families
        self._count = 0
        self._channels: list[str] = []

    def next(self) -> Deed:
        """Another deed: most for accounts, some for workflows and channels opened before."""
        self._count += 1
        draw = self._random.random()
        if draw < 0.6:
            return self._for_account()
        if draw < 0.75:
            return self._deed(f"workflow/w{self._family()}", "patch", self._patch())
        if draw < 0.85 or not self._channels:
            name = f"workflow/w{self._family()}/channel/{self._prefix}-{self._count}"
            self._channels.append(name)
            return self._deed(name, "open", {"from": self._prefix, "at": {"n": self._count}})
        return self._for_channel()

    def _for_account(self) -> Deed:
        bank, one = f"bank/b{self._family()}", self._random.randrange(ACCOUNTS)
        if self._random.random() < 0.6:
            return self._deed(f"{bank}/account/a{one}", "deposit", self._random.randrange(1, 100))
        other = (one + self._random.randrange(1, ACCOUNTS)) % ACCOUNTS
        amount = self._random.randrange(1, 60)
        return self._deed(f"{bank}/account/a{one}", "transfer", [f"account/a{other}", amount])

    def _for_channel(self) -> Deed:
        name = self._random.choice(self._channels)
        what = self._random.choice(["entry", "entry", "patch channel", "close", "merge"])
        if what in ("close", "merge"):
            self._channels.remove(name)
            return self._deed(name, what)
        argument = f"entry {self._count}" if what == "entry" else self._patch()
        return self._deed(name, what, argument)

    def _patch(self) -> dict[str, Any]:
        key = f"k{self._random.randrange(6)}"
        value = self._random.choice([None, self._count, {"deep": {key: self._count}}, [1, "x"]])
        return {key: value}

    def _family(self) -> int:
        return self._random.randrange(self._families)

    def _deed(self, to: str, what: str, argument: Any = None) -> Deed:
        return Deed(f"{self._prefix}.{self._count}", to, what, argument)
