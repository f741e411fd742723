"""A process that forks, as it is told by lines on its standard input; each is answered by one.

`python -m tests.durability.forking FILE`

| line | what it does | the answer |
|---|---|---|
| ask | asks the system once | the version |
| exit | forks a child that tries everything, then leaves by `sys.exit` | its status |
| held | the same while another thread holds every lock | its status |
| other | a child of `multiprocessing` opens another log | its status |
| busy NUMBER | the same by `os.fork`, so many times under load | how many of them hung |
| stay | forks a child that waits | its number |
| leave HOW | that child closes its logs, forgets them or just leaves | its status |
| close | closes the system | closed |
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pykka

from retold import ActorSystem, Log, retell
from retold.events import fork
from retold.events.log import Append
from retold.events.recorders import connections, opening

from ..actors.totals import WAIT, Added, add, note, totals, wait_for
from .puppet import refused

PATIENCE = 20
"""Seconds after which a child that hangs is ended by the alarm clock."""


def try_everything(forking: Forking, waiting: list[Any]) -> None:
    """All that somebody in a forked child may come to do with what the parent opened."""
    system, url, recorder = forking.system, forking.url, forking.recorder
    log, ref = system.log, pykka.ActorRegistry.get_by_urn("total/a")
    assert ref is not None
    uses: list[Callable[[], Any]] = [
        lambda: ref.ask(add(1)),
        lambda: ref.ask(add(1), block=False).get(),
        lambda: ref.tell(add(1)),
        lambda: system.ref("total/a"),
        lambda: system.ref("total/new"),
        lambda: system.state("total/a"),
        lambda: system.post("total/a", add(1), by="", why=""),
        lambda: system.letters.waiting(),
        lambda: system.wait_idle(),
        lambda: list(log.read("total/a")),
        lambda: log.append(Append("total/z", 0, (Added(1),))),
        lambda: log.last_position(),
        lambda: log.journal.last_position(),
        lambda: recorder.write([("total/z", 1, "totals.added.v1", b"{}")]),
        lambda: recorder.last_position(),
        lambda: recorder.pragmas(),
        lambda: recorder.reopen(),
        lambda: Log.open(url),
        lambda: Log.open(url, read_only=True),
        lambda: ActorSystem.open(url, totals),
        lambda: retell(url, "total/a", behaviour=totals),
        *(future.get for future in waiting),
    ]
    for use in uses:
        refused(use)
    assert not ref.is_alive()
    assert list(system.refs()) == []
    with system, log:
        system.close()
        log.close()
        recorder.close()


@contextmanager
def every_lock_held(system: ActorSystem, recorder: Any) -> Iterator[None]:
    """Another thread is in the middle of everything, and will never be through in a child."""
    opened = recorder.store.connections
    news: Any = threading.Event()
    recorder.store.listeners.listen(news)
    locks = [
        system.log._writing, system._closing, system.forwarding, system.index._making,
        system.committer._lock, system.timers._lock, opened._turn, opened._idle_lock,
        *opened._places, news._cond,
    ]  # fmt: skip
    held, over = threading.Event(), threading.Event()

    def hold() -> None:
        for lock in locks:
            lock.acquire()
        held.set()
        over.wait(WAIT)
        for lock in locks:
            lock.release()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(WAIT)
    yield
    over.set()
    thread.join()


class Watched(sqlite3.Connection):
    """A connection of which can be said whether it is still there."""


def watch_connections() -> list[weakref.ref[sqlite3.Connection]]:
    """Every connection that is made from now on."""
    made: list[weakref.ref[sqlite3.Connection]] = []

    def connect(uri: str) -> sqlite3.Connection:
        found = sqlite3.connect(
            uri, uri=True, isolation_level=None, check_same_thread=False, factory=Watched
        )
        made.append(weakref.ref(found))
        return found

    for module in (connections, opening):
        module.connect = connect  # type: ignore[attr-defined]  # where each of them looks it up
    return made


class Forking:
    """The process that forks."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"
        self.connections = watch_connections()
        self.system: Any = ActorSystem.open(self.url, totals)
        self.log: Any = self.system.log
        self.recorder: Any = self.log.journal
        self.staying = self.told = 0

    def ask(self) -> int:
        """Ask once."""
        return int(self.system.ref("total/a").ask(add(1), timeout=WAIT).version)

    def exit(self) -> int:
        """A child while one ask is at work and another waits behind it."""
        gate, ref = threading.Event(), self.system.ref("total/a")
        waiting = [ref.ask(each, block=False) for each in (wait_for(gate), add(1))]
        status = self.child(waiting)
        gate.set()
        assert [each.get(timeout=WAIT) for each in waiting]
        return status

    def held(self) -> int:
        """A child in the middle of everything."""
        fork.PATIENCE = 0.1
        with every_lock_held(self.system, self.recorder):
            return self.child([])

    def child(self, waiting: list[Any]) -> int:
        """Fork a child that tries everything; its status."""
        number = os.fork()
        if not number:
            signal.alarm(PATIENCE)
            try_everything(self, waiting)
            sys.exit(7)
        return os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])

    def other(self) -> int | None:
        """A child of multiprocessing."""
        process = multiprocessing.get_context("fork").Process(target=self.open_another)
        process.start()
        process.join(WAIT)
        return process.exitcode

    def open_another(self) -> None:
        """In the child: a log of its own, beside the parent's."""
        signal.alarm(PATIENCE)
        for run in (1, 2):
            with ActorSystem.open(f"{self.url}.other", totals) as system:
                receipt = system.ref("total/a").ask(add(1), timeout=WAIT)
                assert receipt.version == run
        refused(lambda: self.system.ref("total/a"))

    def busy(self, number: str) -> int:
        """Children while threads are inside SQLite all the time, each with a log of its own."""
        over, hung = threading.Event(), 0
        working = [
            threading.Thread(target=work, args=(over,), daemon=True)
            for work in (self.write_on, self.write_on, self.read_on, self.read_on)
        ]
        for thread in working:
            thread.start()
        for _ in range(int(number)):
            child = os.fork()
            if not child:
                signal.alarm(PATIENCE // 4)
                self.open_another_once()
                os._exit(0)
            hung += os.waitpid(child, 0)[1] != 0
        over.set()
        for thread in working:
            thread.join(PATIENCE)
        return hung

    def write_on(self, over: threading.Event) -> None:
        """Keep a writer busy."""
        while not over.is_set():
            self.system.ref(f"total/{threading.get_ident()}").ask(note("x" * 20_000))

    def read_on(self, over: threading.Event) -> None:
        """Keep a reader busy."""
        while not over.is_set():
            list(self.log.rows(max(0, self.log.last_position() - 300)))

    def open_another_once(self) -> None:
        """A log beside the parent's."""
        with ActorSystem.open(f"{self.url}.other", totals) as system:
            assert system.ref("total/a").ask(add(1), timeout=WAIT).position

    def stay(self) -> int:
        """Fork a child that waits until it is told how to leave."""
        ours, self.told = os.pipe()
        here, arrived = os.pipe()
        self.staying = os.fork()
        if not self.staying:
            os.close(self.told)
            os.write(arrived, b"!")
            match os.read(ours, 10).decode():
                case "close":
                    self.log.close()
                    self.system.close()
                case "forget":
                    there = sum(each() is not None for each in self.connections)
                    self.log = self.system = self.recorder = None
                    gc.collect()
                    assert sum(each() is not None for each in self.connections) == there > 0
            sys.exit(7)
        os.read(here, 1)
        for end in (ours, here, arrived):
            os.close(end)
        return self.staying

    def leave(self, how: str) -> int:
        """Let that child go."""
        os.write(self.told, how.encode())
        os.close(self.told)
        return os.waitstatus_to_exitcode(os.waitpid(self.staying, 0)[1])

    def close(self) -> str:
        """Close the system."""
        self.system.close()
        return "closed"


def main() -> None:
    """Do as told."""
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's, against forks beside threads
    forking = Forking(sys.argv[1])
    for line in sys.stdin:
        word, *more = line.split()
        print(getattr(forking, word)(*more), flush=True)
    forking.close()


if __name__ == "__main__":
    main()
