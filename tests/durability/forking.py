"""A process under load that forks children, which end by their finalizers.

`python -m tests.durability.forking URL OTHER`. It prints after each child whether a third process
is turned away from its log, and in the end how much its actors hold. Each child tries to use what
it inherited, and opens a log of its own at OTHER and its number.
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from retold import ActorRef, ActorSystem, Log, retell
from retold.events.errors import UsedAfterFork
from retold.events.log_errors import LogInUse

from ..actors.totals import Deposit, account

CHILDREN = 8
ONE = Deposit(Decimal(1))


def refused(what: Callable[[], Any]) -> None:
    """It must be."""
    try:
        what()
    except UsedAfterFork:
        return
    raise AssertionError("it was not refused")


def in_child(system: ActorSystem, ref: ActorRef, url: str, other: str) -> None:
    """Everything that was open is the parent's; a log of its own can be had."""
    refused(lambda: ref.ask(ONE))
    refused(lambda: ref.ask(ONE, block=False).get())
    refused(lambda: ref.tell(ONE))
    refused(system.log.last_position)
    refused(lambda: ActorSystem.open(url, account))
    refused(lambda: retell(url, "account/a", behaviour=account))
    with ActorSystem.open(f"{other}{os.getpid()}.db", account) as mine:
        mine.ref("account/a").ask(ONE)
    system.close()
    system.log.close()


def load(refs: list[ActorRef], done: threading.Event) -> None:
    """Ask and ask."""
    while not done.is_set():
        for ref in refs:
            ref.ask(ONE)


def probe(url: str) -> None:
    """Whether somebody holds the log."""
    try:
        Log.open(url).close()
    except LogInUse:
        print("in use")


def main(url: str, other: str) -> None:
    """Fork again and again under load."""
    with ActorSystem.open(url, account) as system:
        refs = [system.ref(f"account/{name}") for name in range(3)]
        done = threading.Event()
        threads = [threading.Thread(target=load, args=(refs, done)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for _ in range(CHILDREN):
            child = os.fork()
            if child == 0:
                in_child(system, refs[0], url, other)
                del system, refs
                gc.collect()
                sys.exit(0)
            assert os.waitpid(child, 0)[1] == 0
            again = [sys.executable, "-m", "tests.durability.forking", url]
            print(subprocess.run(again, capture_output=True, text=True).stdout.strip(), flush=True)
        done.set()
        for thread in threads:
            thread.join()
        shown: list[Any] = [ref.proxy() for ref in refs]
        print(sum(each.state.get().balance for each in shown))


if __name__ == "__main__":
    if len(sys.argv) == 2:
        probe(sys.argv[1])
    else:
        main(*sys.argv[1:])
