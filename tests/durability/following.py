"""Three processes around one file: one writes at full load, two follow it.

`python -m tests.durability.following FILE RUN MODE UPTO THREADS OUTSTANDING`. What they say, one
JSON list a line, on standard output:

| mode | what it does and says |
|---|---|
| write | asks until the log ends at UPTO: `["answered", [[number, position], …]]` |
| copy | appends what a durable subscription gives to `FILE-copy`, and acknowledges some of it: \
`["began", acknowledged]`, `["got", first, last]` for a batch, `["acking", n]`, `["acked", n]` |
| tally | counts and adds by address in a stored projection: `["at", position]` |

The two that follow end when they have everything up to UPTO; with 0 they never do.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from pathlib import Path
from random import Random
from typing import Any

from retold import ActorSystem, Log, Receipt
from retold.actors import Future
from retold.events.following.subscription import Subscription
from retold.events.recorded import Recorded
from retold.projections.projection import StoredProjection
from retold.projections.runner import Projections

from .ledger import BEHAVIOURS, Deposit
from .writer import say

ACCOUNTS = 60
NAME = "copy"


def amount(number: int) -> int:
    """What the ask of a number deposits."""
    return number % 97 + 1


def address(number: int) -> str:
    """Where."""
    return f"bank/b{number % ACCOUNTS // 3}/account/a{number % 3}"


def write(path: str, run: str, upto: int, outstanding: int) -> None:
    """Deposits, with so many asks outstanding, until the log is long enough."""
    waiting: deque[tuple[int, Future[Receipt]]] = deque()
    answered: list[tuple[int, int]] = []
    with ActorSystem.open(f"sqlite:///{path}", *BEHAVIOURS) as system:
        refs = [system.ref(address(number)) for number in range(ACCOUNTS)]
        say("ready")
        for number in range(upto - system.log.last_position()):
            made = Deposit(amount(number))
            ref = refs[number % ACCOUNTS]
            waiting.append((number, ref.ask(made, block=False, id=f"{run}.{number}")))
            if len(waiting) >= outstanding:
                first, future = waiting.popleft()
                answered.append((first, future.get(timeout=60).position))
            if len(answered) == 100:  # few enough for one whole write into a pipe
                say("answered", answered)
                answered = []
        while waiting:
            first, future = waiting.popleft()
            say("answered", [(first, future.get(timeout=60).position)])
    say("closed")


def copy_of(path: str | Path) -> Path:
    """The file that a consumer keeps."""
    return Path(f"{path}-copy")


def last_copied(file: Path) -> int:
    """How far a consumer's own file goes; a line that was torn by a kill is taken off."""
    if not file.exists():
        return 0
    with file.open("rb+") as opened:
        size = opened.seek(0, os.SEEK_END)
        opened.seek(max(0, size - 4096))
        tail = opened.read()
        whole = tail[: tail.rfind(b"\n") + 1]
        opened.truncate(size - len(tail) + len(whole))
    lines = whole.splitlines()
    return int(lines[-1].split()[0]) if lines else 0


def copy(path: str, run: str, upto: int) -> None:
    """At least once made exact: what the file has already is passed over.

    It acknowledges a batch late, so that whenever it is killed there is something to come again.
    """
    random, file = Random(run), copy_of(path)
    last = last_copied(file)
    with Log.open(f"sqlite:///{path}", read_only=True) as log, file.open("ab", 0) as out:
        subscription = log.subscribe(NAME)
        say("began", subscription.acknowledged)
        before: list[Recorded] = []
        while not upto or last < upto:
            batch = subscription.batch()
            if batch is None or not batch.events:
                continue
            say("got", batch.events[0].position, batch.events[-1].position)
            out.write(b"".join(line(each) for each in batch.events if each.position > last))
            last = max(last, batch.events[-1].position)
            if before:
                acknowledge(subscription, random.choice(before).position)
            before = batch.events
    say("closed")


def acknowledge(subscription: Subscription, position: int) -> None:
    """Up to somewhere in what was handed out, saying so before and after."""
    say("acking", position)
    subscription.ack(position)
    say("acked", position)


def line(each: Recorded) -> bytes:
    """One event in a consumer's file."""
    return f"{each.position} {each.address} {each.version} {each.event.amount}\n".encode()


def count_in(db: Any, each: Recorded) -> None:
    """One event more, and what it brings."""
    db.execute(
        "INSERT INTO tally VALUES (?, 1, ?) ON CONFLICT (address)"
        " DO UPDATE SET events = events + 1, sum = sum + excluded.sum",
        (each.address, each.event.amount),
    )


TALLY = StoredProjection(
    name="tally",
    tables="CREATE TABLE tally (address TEXT PRIMARY KEY, events INTEGER, sum INTEGER)",
    apply=count_in,
)


def tally(path: str, upto: int) -> None:
    """Exactly once: the table and the place in one transaction."""
    with (
        Log.open(f"sqlite:///{path}", read_only=True) as log,
        Projections(log, TALLY, progress=lambda _, at, __: say("at", at)) as projections,
    ):
        projections.wait("tally", upto or sys.maxsize)
    say("closed")


def main() -> None:
    """One of the three."""
    path, run, mode = sys.argv[1:4]
    upto, _, outstanding = map(int, sys.argv[4:7])
    match mode:
        case "write":
            write(path, run, upto, outstanding)
        case "copy":
            copy(path, run, upto)
        case "tally":
            tally(path, upto)


if __name__ == "__main__":
    main()
