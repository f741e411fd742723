"""A small actor that does what its command says, and the account of the README."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

import pykka

from retold import ActorSystem, At, Behaviour, Rejected, command, event, state
from retold.actors import Context, Future
from retold.events import RetoldError

WAIT = 5.0
"""Seconds after which something that should have come is not coming."""

FAULTS = (
    RetoldError,
    pykka.Timeout,
    pykka.ActorDeadError,
    ArithmeticError,
    SystemExit,
    KeyboardInterrupt,
)
"""What asks are answered with here, where it is no receipt."""


@event("totals.added.v1")
class Added:
    """A number was added."""

    n: int


@event("totals.noted.v1")
class Noted:
    """Anything was noted."""

    what: Any


@event("totals.members_joined.v1")
class MembersJoined:
    """The root lists these members from here on."""

    names: tuple[str, ...]


@command
class Do:
    """Decide by calling `what(state, context)`."""

    what: Callable[[Any, Context], Any]


@state
class Total:
    """What was added up, what was noted, and who belongs to it."""

    total: int = 0
    notes: tuple[Any, ...] = ()
    members: tuple[str, ...] = ()

    def evolve(self, event: Any) -> Any:
        """The total after one more event; None, which is a fault, for an event of others."""
        match event:
            case Added(n):
                return Total(self.total + n, self.notes, self.members)
            case Noted(what):
                return Total(self.total, (*self.notes, what), self.members)
            case MembersJoined(names):
                return Total(self.total, self.notes, (*self.members, *names))
        return None


def decide(total: Total, command: Any, context: Context) -> Any:
    """Whatever the command says."""
    return command.what(total, context)


totals = Behaviour("total", Total(), decide)


def add(n: Any = 1) -> Do:
    """Add a number."""
    return Do(lambda total, context: (Added(n),))


def give(*events: Any) -> Do:
    """Give these events."""
    return Do(lambda total, context: events)


def note(what: Any) -> Do:
    """Note something."""
    return give(Noted(what))


def nothing() -> Do:
    """Already in effect."""
    return give()


def refuse(reason: str = "no") -> Do:
    """Refuse, by what is known."""

    def what(total: Total, context: Context) -> Any:
        raise Rejected(reason, total=total.total)

    return Do(what)


def fail(error: BaseException) -> Do:
    """Be a bug."""

    def what(total: Total, context: Context) -> Any:
        raise error

    return Do(what)


def wait_for(gate: threading.Event, begun: threading.Event | None = None) -> Do:
    """Hold the family's turn until the gate opens, and say when it has `begun`."""

    def what(total: Total, context: Context) -> Any:
        if begun is not None:
            begun.set()
        gate.wait(WAIT)
        return ()

    return Do(what)


def at(member: str, event: Any) -> At:
    """An event for another member."""
    return At(member, event)


def answers(futures: Iterable[Future[Any]]) -> list[Any]:
    """What became of each ask: its receipt or its error. One that never comes is
    `pykka.Timeout`.
    """
    found: list[Any] = []
    for future in futures:
        try:
            found.append(future.get(timeout=WAIT))
        except FAULTS as error:
            found.append(error)
    return found


def everything(system: ActorSystem) -> list[tuple[str, int, Any]]:
    """Address, version and event of all that is in the log, by position."""
    return [(each.address, each.version, each.event) for each in system.log.scan()]


@event("till.deposited.v1")
class Deposited:
    """Money came."""

    amount: Decimal


@event("till.withdrawn.v1")
class Withdrawn:
    """Money went."""

    amount: Decimal


@command
class Deposit:
    """Take money."""

    amount: Decimal


@command
class Withdraw:
    """Give money, if there is enough."""

    amount: Decimal


@state
class Account:
    """How much there is."""

    balance: Decimal = Decimal(0)

    def evolve(self, event: Any) -> Account:
        """The account after one more event."""
        match event:
            case Deposited(amount):
                return Account(self.balance + amount)
            case Withdrawn(amount):
                return Account(self.balance - amount)
        return self


def decide_account(account: Account, command: Any, context: Context) -> tuple[Any, ...]:
    """As the README has it."""
    match command:
        case Deposit(amount) if amount > 0:
            return (Deposited(amount),)
        case Withdraw(amount) if 0 < amount <= account.balance:
            return (Withdrawn(amount),)
    raise Rejected("not covered", balance=account.balance)


account = Behaviour("account", Account(), decide_account)
