"""A process with a view of a log, that does as it is told by lines on its standard input.

`python -m tests.durability.viewing FILE`

| line | what it does | the answer |
|---|---|---|
| rebuild | rebuilds the view over and over, writing beside it | rebuilding |
| fork HOW | a child tries everything and leaves (closed, collected, just-so) | its status |
| wait | waits for the view | its place |
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import warnings

from retold import Log
from retold.events.errors import RetoldError
from retold.projections.runner import Projections

from ..projections.tills import CHUNK, fill, in_memory, stored
from .puppet import refused

ALARM = 20
"""Seconds after which a child that hangs is ended."""


def look(projections: Projections, name: str) -> None:
    """Read a view."""
    with projections.view(name):
        pass


def try_everything(projections: Projections, how: str) -> None:
    """All that a child may come to do with its parent's views."""
    for name in ("memory", "stored"):
        running = projections[name]
        refused(lambda: look(projections, name))  # noqa: B023 - called at once
        refused(lambda: running.wait(1))  # noqa: B023 - called at once
        refused(running.rebuild)
        refused(projections.status)
        running.pause()
        running.resume()
    if how == "closed":
        projections.close()
    if how == "collected":
        del running
        gc.collect()


def fork(projections: Projections, how: str) -> int:
    """The status of a child."""
    child = os.fork()
    if not child:
        signal.alarm(ALARM)
        try:
            try_everything(projections, how)
        except (AssertionError, RetoldError) as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        if how == "closed":
            sys.exit(7)
        os._exit(7)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def rebuild_for_ever(log: Log, projections: Projections) -> None:
    """And write beside it."""
    threading.Thread(target=write_for_ever, args=(log,), daemon=True).start()
    while True:
        projections["stored"].rebuild()


def write_for_ever(log: Log) -> None:
    """A chunk at a time."""
    while True:
        last = log.last_position()
        fill(log, last + CHUNK, last)


def main() -> None:
    """Open, do as told, close."""
    warnings.simplefilter("ignore", DeprecationWarning)  # Python's, against forks beside threads
    with (
        Log.open(f"sqlite:///{sys.argv[1]}") as log,
        Projections(log, in_memory(), stored()) as projections,
    ):
        for line in sys.stdin:
            match line.split():
                case ["rebuild"]:
                    print("rebuilding", flush=True)
                    rebuild_for_ever(log, projections)
                case ["fork", how]:
                    print(fork(projections, how), flush=True)
                case ["wait"]:
                    last = log.last_position()
                    fill(log, last + CHUNK, last)
                    projections.wait("memory", last + CHUNK, ALARM)
                    projections.wait("stored", last + CHUNK, ALARM)
                    print(projections["stored"].position, flush=True)


if __name__ == "__main__":
    main()
