"""A process that begins transfers until it is ended, and reports each once it has begun.

`python -m tests.durability.transfer_writer FILE RUN MODE ACCOUNTS THREADS OUTSTANDING`. On its
standard output, one JSON list a line: `["asked", name, source, target, amount]` before it begins a
transfer, `["begun", name, version]` when that was answered, `["ready"]`. It goes on for ever.
"""

from __future__ import annotations

import sys
import threading
from collections import deque
from random import Random

from retold import ActorSystem, Receipt
from retold.actors import Future

from .transfers import START, Open, Transfer, Transfers, begin, open_system
from .writer import say


def open_accounts(system: ActorSystem, accounts: int) -> None:
    """Let each account have something to begin with, if it has not yet."""
    refs = [system.ref(f"account/{number}") for number in range(accounts)]
    for answer in [ref.ask(Open(START), block=False, by="writer") for ref in refs]:
        answer.get(timeout=20)


def transfer_many(system: ActorSystem, transfers: Transfers, outstanding: int) -> None:
    """Keep so many beginnings outstanding for ever."""
    waiting: deque[tuple[Transfer, Future[Receipt]]] = deque()
    while True:
        deed = transfers.next()
        say("asked", deed.name, deed.source, deed.target, deed.amount)
        waiting.append((deed, begin(system, deed)))
        if len(waiting) >= outstanding:
            first, future = waiting.popleft()
            say("begun", first.name, future.get(timeout=20).version)


def main() -> None:
    """Open, transfer."""
    path, run, _ = sys.argv[1:4]
    accounts, threads, outstanding = map(int, sys.argv[4:7])
    with open_system(path) as system:
        open_accounts(system, accounts)
        say("ready")
        for number in range(threads):
            drawn = Transfers(f"{run}t{number}", Random(f"{run} {number}"), accounts)
            beside = (system, drawn, outstanding)
            threading.Thread(target=transfer_many, args=beside, daemon=True).start()
        threading.Event().wait()


if __name__ == "__main__":
    main()
