"""The code of `first.py` after three changes of its schema, without what reads its old events.

| first | then | then | now |
|---|---|---|---|
| `deposited.v1` amount, source | v2: cents | v3: source is called till | v4: whether it is large |
| `withdrawn.v1` amount | v2: cents | v3: a fee, none by default | `paid_out.v1`, renamed |
| `named.v1` holder | v2: given and family name | v3: initials | |
| `rested.v1` | | | |
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from retold import Behaviour, Rejected, command, event, state
from retold.actors import Context, Send
from retold.actors.saga import Step, saga

BEGIN = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
DAY = timedelta(days=1)
LARGE = 1000
"""In cents."""


@event("golden.deposited.v4")
class Deposited:
    """Money came in."""

    cents: int
    till: str
    large: bool


@event("golden.paid_out.v1")
class PaidOut:
    """Money went out."""

    cents: int
    fee_cents: int = 0


@event("golden.named.v3")
class Named:
    """Whose it is, in pieces."""

    given: str
    family: str
    initials: str


@event("golden.rested.v1")
class Rested:
    """Nobody came for a month."""


@command("golden.deposit")
class Deposit:
    """Let money in."""

    amount: Decimal
    source: str = ""


@command("golden.withdraw")
class Withdraw:
    """Let money out."""

    amount: Decimal


@command("golden.name")
class Name:
    """Say whose it is."""

    given: str
    family: str


@command("golden.move")
class Move:
    """From one to another."""

    source: str
    target: str
    amount: Decimal


@state
class Account:
    """What there is, whose it is, how much of it was large, and until when it stays awake."""

    cents: int = 0
    given: str = ""
    family: str = ""
    large: int = 0
    until: datetime | None = None

    def evolve(self, event: Any) -> Account:
        """The account after one more event."""
        cents, given, family, large = self.cents, self.given, self.family, self.large
        match event:
            case Deposited(more, _, is_large):
                return Account(cents + more, given, family, large + is_large, BEGIN + 30 * DAY)
            case PaidOut(less, fee):
                return Account(cents - less - fee, given, family, large, self.until)
            case Named(given, family, _):
                return Account(cents, given, family, large, self.until)
        return Account(cents, given, family, large, None)


def decide(account: Account, command: Any, _context: Context) -> tuple[Any, ...]:
    """No more goes out than is there."""
    match command:
        case Deposit(amount, source):
            cents = int(amount * 100)
            return (Deposited(cents, source, cents >= LARGE),)
        case Name(given, family):
            return (Named(given, family, given[:1] + family[:1]),)
        case Withdraw(amount) if amount * 100 <= account.cents:
            return (PaidOut(int(amount * 100)),)
    raise Rejected("not covered", cents=account.cents)


def due(account: Account) -> datetime | None:
    """When it falls asleep."""
    return account.until


def expire(_account: Account, _now: datetime) -> tuple[Any, ...]:
    """It falls asleep."""
    return (Rested(),)


def _out(each: Any) -> Send:
    return Send(f"golden/{each.command.source}", Withdraw(each.command.amount))


def _back(each: Any) -> Send:
    return Send(f"golden/{each.command.source}", Deposit(each.command.amount, "back"))


def _in(each: Any) -> Send:
    return Send(f"golden/{each.command.target}", Deposit(each.command.amount, each.command.source))


account = Behaviour("golden", Account(), decide, due=due, expire=expire)
move = saga("move", Move, Step("out", _out, compensate=_back), Step("in", _in), timeout_seconds=60)
