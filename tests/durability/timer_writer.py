"""A process in which timers ring until it is ended, and which says so now and then.

`python -m tests.durability.timer_writer FILE RUN MODE COUNT THREADS OUTSTANDING`. On its standard
output, one JSON list a line: `["ready"]`, and `["rang", position]` whenever the log has grown.
"""

from __future__ import annotations

import sys
import threading

from retold import ActorSystem

from ..actors.leases import lease
from .writer import say


def main() -> None:
    """Open, and let them ring."""
    tick, seen = threading.Event(), 0
    with ActorSystem.open(f"sqlite:///{sys.argv[1]}", lease) as system:
        say("ready")
        while True:
            tick.wait(0.005)
            if (position := system.log.last_position()) > seen:
                seen = position
                say("rang", position)


if __name__ == "__main__":
    main()
