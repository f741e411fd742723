"""What wrote `first.db`: the events as they were then, and what was done with them.

The file is kept for ever and never written again: every later version of the code must open it, and
come to the states that `first.json` tells. `python -m tests.golden.first FILE` wrote it.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from retold import ActorSystem, Behaviour, Rejected, command, event, state
from retold.actors import Context, Send, Stepped
from retold.actors.channel import (
    AppendEntry,
    CloseChannel,
    FailChannel,
    MergeChannel,
    OpenChannel,
    PatchChannel,
    channel,
)
from retold.actors.options import Options
from retold.actors.saga import Step, saga
from retold.actors.workflow import PatchState, PersistState, workflow
from retold.events import ManualClock

BEGIN = datetime(2026, 11, 21, 7, 30, tzinfo=UTC)
DAY = timedelta(days=1)


@event("golden.deposited.v1")
class Deposited:
    """Money came in: in euros, from whoever."""

    amount: Decimal
    source: str = ""


@event("golden.withdrawn.v1")
class Withdrawn:
    """Money went out."""

    amount: Decimal


@event("golden.named.v1")
class Named:
    """Whose it is, in one piece."""

    holder: str


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

    holder: str


@command("golden.move")
class Move:
    """From one to another."""

    source: str
    target: str
    amount: Decimal


@state
class Account:
    """What there is, whose it is, and until when it stays awake."""

    balance: Decimal = Decimal(0)
    holder: str = ""
    until: datetime | None = None

    def evolve(self, event: Any) -> Account:
        """The account after one more event."""
        match event:
            case Deposited(amount, _):
                return Account(self.balance + amount, self.holder, BEGIN + 30 * DAY)
            case Withdrawn(amount):
                return Account(self.balance - amount, self.holder, self.until)
            case Named(holder):
                return Account(self.balance, holder, self.until)
        return Account(self.balance, self.holder, None)


def decide(account: Account, command: Any, _context: Context) -> tuple[Any, ...]:
    """No more goes out than is there."""
    match command:
        case Deposit(amount, source):
            return (Deposited(amount, source),)
        case Name(holder):
            return (Named(holder),)
        case Withdraw(amount) if amount <= account.balance:
            return (Withdrawn(amount),)
    raise Rejected("not covered", balance=account.balance)


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


def write(path: Path) -> dict[str, Any]:
    """Write the log, and give each actor's version and state as it was live."""
    dispatcher, clock = Stepped(), ManualClock(BEGIN)
    options = Options(snapshot_every=20)
    with ActorSystem.open(
        f"sqlite:///{path}", account, move, workflow, channel,
        dispatcher=dispatcher, clock=clock, seed="golden", options=options,
    ) as system:  # fmt: skip

        def ask(address: str, command: Any, **envelope: Any) -> None:
            answer = system.ref(address).ask(command, block=False, **envelope)
            dispatcher.run_all()
            answer.get()

        for number in range(120):
            clock.advance(1)
            where = f"golden/{'abc'[number % 3]}"
            amount = Decimal(number).scaleb(-1) + 1
            ask(where, Deposit(amount, f"till {number % 4}"), by="cashier", why="a day's takings")
            if number % 10 == 3:
                ask(where, Withdraw(amount / 2), by="holder", happened_at=BEGIN - DAY)
            if number % 40 == 0:
                ask(where, Name(f"Ada {number} Lovelace"), by="registrar")
        for number in range(6):
            ask(f"move/{number}", Move("a", "b", Decimal(200 * number)), by="a", why="rent")
        ask("workflow/w", PersistState({"title": "Draft", "reviews": {}}), by="ada", why="begun")
        for name in ("legal", "tax", "press"):
            ask(f"workflow/w/channel/{name}", OpenChannel({"open": True}), by="ada")
            ask(f"workflow/w/channel/{name}", AppendEntry(b"looking"), by=name)
            ask(f"workflow/w/channel/{name}", PatchChannel({"verdict": "good"}), by=name)
        ask("workflow/w/channel/legal", MergeChannel(under="legal"), by="ada", why="reviewed")
        ask("workflow/w/channel/tax", CloseChannel(), by="tax")
        ask("workflow/w/channel/press", FailChannel("nobody there"), by="press")
        ask("workflow/w", PatchState({"title": "Final"}), by="ada", why="ready")
        return {
            address: [version, msgspec.to_builtins(system.state(address))]
            for address, version in system.log.addresses()
        }


def main() -> None:
    """Write the log and what it comes to."""
    path = Path(sys.argv[1])
    states = write(path)
    path.with_suffix(".json").write_text(json.dumps(states, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
