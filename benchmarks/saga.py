"""saga: transfers a second between 1,000 accounts, each a saga of two steps, durable.

Many are under way at a time: 1,000 beginnings are outstanding. The clock stops when the last of
them has completed. A transfer is eight events in five commits (begun, taken out, noted, put in,
noted), each of which waits for the one before it.

Peer: the library has no sagas. Its `Application.save` of both accounts in one transaction is what a
transfer costs there that is never half done, because it is never two.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from itertools import cycle
from pathlib import Path
from time import perf_counter
from typing import Any

from retold import ActorSystem, Behaviour, Receipt, Rejected, command, event, state
from retold.actors import Context, Future, Send
from retold.actors.saga import Step, saga
from retold.events.saga import Saga

from . import bank, files, library
from .measure import Benchmark, Sample, Scale, stopped

ACCOUNTS = 1_000
EVENTS = 8
"""What a transfer comes to: six of the saga, one of each account."""


@event("bench_purse.moved.v1")
class Moved:
    """Money came or went."""

    amount: Decimal


@command("bench_purse.move")
class Move:
    """Let money come or go."""

    amount: Decimal


@command("bench_purse.transfer")
class Transfer:
    """Let money go from one to another."""

    source: int
    target: int
    amount: Decimal


@state
class Purse:
    """How much there is."""

    balance: Decimal = Decimal(1_000_000)

    def evolve(self, event: Any) -> Purse:
        """The purse after one more event."""
        return Purse(self.balance + event.amount)


def decide(purse: Purse, command: Move, _context: Context) -> tuple[Moved, ...]:
    """Nobody gives what is not there."""
    if purse.balance + command.amount < 0:
        raise Rejected("not covered", balance=purse.balance)
    return (Moved(command.amount),)


def withdraw(saga: Saga) -> Send:
    """Out of the one."""
    order = saga.command
    return Send(f"purse/{order.source}", Move(-order.amount))


def put_back(saga: Saga) -> Send:
    """Back to it."""
    order = saga.command
    return Send(f"purse/{order.source}", Move(order.amount))


def deposit(saga: Saga) -> Send:
    """Into the other."""
    order = saga.command
    return Send(f"purse/{order.target}", Move(order.amount))


purse = Behaviour("purse", Purse(), decide)
transfer = saga(
    "transfer",
    Transfer,
    Step("withdraw", withdraw, put_back),
    Step("deposit", deposit),
    timeout_seconds=60,
)


def begin(system: ActorSystem, count: int, outstanding: int) -> None:
    """Begin so many transfers, with so many answers awaited at a time."""
    waiting: deque[Future[Receipt]] = deque()
    for number in range(count):
        order = Transfer(number % ACCOUNTS, (number * 7 + 1) % ACCOUNTS, bank.AMOUNT)
        ref = system.ref(f"transfer/{number}")
        waiting.append(ref.ask(order, block=False, by=bank.BY, why=bank.WHY))
        if len(waiting) >= outstanding:
            waiting.popleft().get()
    while waiting:
        waiting.popleft().get()


def ours(folder: Path, scale: Scale) -> Sample:
    """Transfers a second."""
    count = scale.of(10_000, 200)
    with ActorSystem.open(bank.url(folder), purse, transfer) as system:
        start = perf_counter()
        begin(system, count, outstanding=1_000)
        system.wait_idle(600)
        seconds = perf_counter() - start
        durable = bank.pragmas(system)
    found = files.rows(folder / "ours.db", but="reactions/cursor")
    return Sample(count / seconds, count * EVENTS, found, durable)


def peer(folder: Path, scale: Scale) -> Sample:
    """Transfers a second, each one save of two aggregates of the library."""
    with library.application(folder) as app:
        accounts = [library.Account() for _ in range(100)]
        app.save(*accounts)
        pairs = zip(cycle(accounts), cycle(accounts[1:] + accounts[:1]), strict=False)
        start, count = perf_counter(), 0
        for source, target in stopped(pairs, scale.of(4_000, 100)):
            source.deposit(-bank.AMOUNT, bank.BY, bank.WHY)
            target.deposit(bank.AMOUNT, bank.BY, bank.WHY)
            app.save(source, target)
            count += 1
        seconds = perf_counter() - start
        durable = library.pragmas(app)
    found = files.rows(folder / "peer.db")
    return Sample(count / seconds, 2 * count + len(accounts), found, durable)


BENCHMARK = Benchmark(
    name="saga",
    unit="transfers/s",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} Application.save of both accounts at once, no saga",
)
