"""The same bank as actors, and what its old database means to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from retold import Behaviour, Rejected, command, event, state
from retold.events.inherited import Inherited, OldAggregate

from . import bank

HOME = bank.__name__


@event("heirs.opened.v1")
class Opened:
    """An account was opened."""

    owner: str
    since: datetime


@event("heirs.deposited.v1")
class Deposited:
    """Money was put in."""

    amount: Decimal


@event("heirs.withdrawn.v1")
class Withdrawn:
    """Money was taken out, told in another word than before."""

    sum: Decimal


@event("crate.packed.v1")
class Packed:
    """A crate was packed."""

    of: UUID
    things: tuple[str, ...]


@event("crate.moved.v1")
class Moved:
    """A crate came somewhere."""

    to: str


@command
class Deposit:
    """Put money in."""

    amount: Decimal


@state
class Account:
    """Money of somebody."""

    owner: str = ""
    since: datetime | None = None
    balance: Decimal = Decimal(0)

    def evolve(self, event: Any) -> Account:
        """What an event adds."""
        match event:
            case Opened(owner, since):
                return Account(owner, since, self.balance)
            case Deposited(amount):
                return Account(self.owner, self.since, self.balance + amount)
            case Withdrawn(amount):
                return Account(self.owner, self.since, self.balance - amount)
        return self


@state
class Crate:
    """What is sent."""

    of: UUID | None = None
    things: tuple[str, ...] = ()
    stops: tuple[str, ...] = ()

    def evolve(self, event: Any) -> Crate:
        """What an event adds."""
        match event:
            case Packed(of, things):
                return Crate(of, things)
            case Moved(to):
                return Crate(self.of, self.things, (*self.stops, to))
        return self


def decide(_: Account, order: Deposit, __: object) -> tuple[Deposited, ...]:
    """Take whatever is more than nothing."""
    if order.amount <= 0:
        raise Rejected("nothing to put in")
    return (Deposited(order.amount),)


account = Behaviour("account", Account(), decide)
crate = Behaviour("crate", Crate(), lambda *_: ())

ACCOUNTS = OldAggregate(
    f"{HOME}:Account",
    kind="account",
    events={
        "Opened": Opened,
        "Deposited": Deposited,
        f"{HOME}:Account.Withdrawn": lambda old: Withdrawn(old["amount"]),
    },
)
CRATES = OldAggregate(
    f"{HOME}:Crate",
    kind="crate",
    events={"Packed": Packed, "Moved": lambda old: Moved(old["to"])},
    by=lambda old: str(old.get("by", "")),
    why=lambda old: f"to {old['to']}" if "to" in old else "",
)


def database(settings: Mapping[str, str], **more: Any) -> Inherited:
    """The old database of both."""
    return Inherited([ACCOUNTS, CRATES], settings=settings, **more)
