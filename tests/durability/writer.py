"""A process that asks until it is ended, and reports each answer only after it was given.

`python -m tests.durability.writer FILE RUN MODE FAMILIES THREADS OUTSTANDING`. On its standard
output, one JSON list a line: `["asked", id, to, what, argument]` before an ask,
`["answered", id, version, position, events, balance]`, `["refused", id]`, `["ready"]`,
`["interrupted"]`, `["closed"]`. Modes:

| mode | what it does |
|---|---|
| many | THREADS ask without waiting, OUTSTANDING at a time, for ever |
| main | the main thread asks and waits, THREADS beside it as well; Ctrl-C ends it |
| stubborn | the same, but Ctrl-C is caught and it goes on, until a line comes in |
| obedient | asks once for each line that comes in |
| orderly | as main, and a signal that ends it ends it in good order |
| forking | the same, and the main thread forks children that use the log, until a line comes in |
| serving | the same, but the main thread only waits |
"""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from random import Random
from types import FrameType
from typing import Any

import pykka

from retold import ActorSystem, Receipt, Rejected
from retold.actors import Future
from retold.actors.signals import orderly_exit
from retold.events.errors import UsedAfterFork

from .ledger import Account, Deed, Deeds, ask, ask_later, open_system
from .process import WHERE


def say(*words: Any) -> None:
    """One line, whole or not at all: a pipe takes so few bytes at once."""
    os.write(1, (json.dumps(words) + "\n").encode())


def tell(deed: Deed, receipt: Receipt) -> None:
    """Report an answer."""
    balance = receipt.state.balance if isinstance(receipt.state, Account) else None
    count = len(receipt.events)
    say("answered", deed.id, receipt.version, receipt.position, count, balance)


def announce(deed: Deed) -> Deed:
    """Report that a deed is about to be asked for."""
    say("asked", deed.id, deed.to, deed.what, deed.argument)
    return deed


def ask_and_tell(system: ActorSystem, deed: Deed) -> None:
    """Ask, wait, report."""
    try:
        tell(deed, ask(system, announce(deed)))
    except Rejected:
        say("refused", deed.id)


def ask_many(system: ActorSystem, deeds: Deeds, outstanding: int) -> None:
    """Keep so many asks outstanding until the system is closed."""
    waiting: deque[tuple[Deed, Future[Receipt]]] = deque()
    with suppress(pykka.ActorDeadError):
        ask_for_ever(system, deeds, outstanding, waiting)


def ask_for_ever(
    system: ActorSystem,
    deeds: Deeds,
    outstanding: int,
    waiting: deque[tuple[Deed, Future[Receipt]]],
) -> None:
    """Ask, and report the answers in their order."""
    while True:
        deed = announce(deeds.next())
        waiting.append((deed, ask_later(system, deed)))
        if len(waiting) >= outstanding:
            first, future = waiting.popleft()
            try:
                tell(first, future.get(timeout=20))
            except Rejected:
                say("refused", first.id)


def ask_until_interrupted(system: ActorSystem, deeds: Deeds) -> None:
    """The main thread asks and waits; whatever interrupts it goes through."""
    while True:
        ask_and_tell(system, deeds.next())


def ask_stubbornly(system: ActorSystem, deeds: Deeds) -> None:
    """Ctrl-C is caught, and the same system asked again, until a line comes in."""
    enough = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), enough.set()), daemon=True).start()
    while not enough.is_set():
        with suppress(KeyboardInterrupt):
            ask_and_tell(system, deeds.next())


@contextmanager
def following(system: ActorSystem) -> Iterator[None]:
    """Every event of the log comes to a follower once, whatever interrupts its writers."""
    followed = list[int]()
    follower = system.log.follow().call(lambda each: followed.append(each.position))
    yield
    follower.close()
    assert len(followed) > 50
    assert followed == [each.position for each in system.log.scan(upto=followed[-1])]


def interrupt(_number: int, frame: FrameType | None) -> None:
    """KeyboardInterrupt wherever the library is at work, even while it handles another one.

    Not in the lines of this file, which would have to be proof against it themselves.
    """
    say("interrupted")
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("retold."):
            raise KeyboardInterrupt
        frame = frame.f_back


def ask_and_fork(system: ActorSystem, deeds: Deeds) -> None:
    """Fork a child, which is refused whatever it does and leaves, after each ask."""
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's, against forks beside threads
    enough = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), enough.set()), daemon=True).start()
    while not enough.is_set():
        ask_and_tell(system, deeds.next())
        number = os.fork()
        if not number:
            signal.alarm(20)
            try:
                ask(system, deeds.next())
            except UsedAfterFork:
                sys.exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 7
        say("forked")


def ask_when_told(system: ActorSystem, deeds: Deeds) -> None:
    """One ask a line of input."""
    for _ in sys.stdin:
        ask_and_tell(system, deeds.next())


def main() -> None:
    """Open, ask, close."""
    faulthandler.register(WHERE)
    path, run, mode = sys.argv[1:4]
    families, threads, outstanding = map(int, sys.argv[4:7])

    def deeds(of: str) -> Deeds:
        return Deeds(f"{run}-{of}", Random(f"{run} {of}"), families)

    orderly = orderly_exit() if mode in ("orderly", "serving") else nullcontext()
    with orderly, open_system(path) as system, ExitStack() as beside:
        if mode == "stubborn":
            beside.enter_context(following(system))
            signal.signal(signal.SIGINT, interrupt)
        say("ready")
        for number in range(threads):
            given = (system, deeds(f"t{number}"), outstanding)
            threading.Thread(target=ask_many, args=given, daemon=True).start()
        match mode:
            case "many" | "serving":
                threading.Event().wait()
            case "main" | "orderly":
                ask_until_interrupted(system, deeds("main"))
            case "forking":
                ask_and_fork(system, deeds("main"))
            case "stubborn":
                ask_stubbornly(system, deeds("main"))
            case "obedient":
                ask_when_told(system, deeds("main"))
    say("closed")


if __name__ == "__main__":
    main()
