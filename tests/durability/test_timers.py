"""Timers of many actors over kills and restarts: each fires once, and none early."""

from __future__ import annotations

import json
import sqlite3
import threading
from collections import Counter
from contextlib import closing
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest

from retold import ActorSystem

from ..actors.leases import Renew, lease
from .process import Writer

PATIENCE = 120.0


class Deaf:
    """Hears nothing of what a writer says: the file tells."""

    def take(self, line: list[Any]) -> None:
        """Nothing."""


def begin(url: str, count: int, seconds: float) -> None:
    """Let so many actors be due, within so many seconds from now."""
    with ActorSystem.open(url, lease) as system:
        futures = [
            system.ref(f"lease/{number}", registered=False).ask(
                Renew(seconds * number / count), block=False
            )
            for number in range(count)
        ]
        for future in futures:
            future.get(timeout=PATIENCE)


def finish(url: str, count: int) -> None:
    """Open the log again, and wait until all have rung."""
    tick, left = threading.Event(), PATIENCE
    with ActorSystem.open(url, lease) as system:
        while any(system.timers.moment(f"lease/{number}") for number in range(count)):
            tick.wait(0.1)
            left -= 0.1
            assert left > 0, "not all have rung"


def check(path: Path, count: int) -> None:
    """By plain sqlite3: one end for each, and none before its deadline."""
    ends = Counter[str]()
    with closing(sqlite3.connect(path)) as file:
        rows = file.execute(
            "SELECT originator_id, CAST(state AS TEXT) FROM stored_events"
            " WHERE topic = 'leases.ended.v1'"
        )
        for address, state in rows:
            stored = json.loads(state)
            ends[address] += 1
            recorded, deadline = stored["recorded_at"], stored["data"]["deadline"]
            assert datetime.fromisoformat(recorded) >= datetime.fromisoformat(deadline), address
    assert ends == {f"lease/{number}": 1 for number in range(count)}


def ring_and_kill(path: Path, count: int, seed: int, kills: int) -> None:
    """Kill a process in which they ring, again and again; what is left rings in the end."""
    random, url = Random(seed), f"sqlite:///{path}"
    begin(url, count, seconds=count / 2_000)
    for kill in range(kills):
        with Writer(path, Deaf(), f"t{kill}", "ring", 0, 0, 0, program=PROGRAM) as writer:
            writer.await_lines("ready", 1)
            writer.await_lines("rang", random.randrange(1, 12))
            writer.kill()
    finish(url, count)
    check(path, count)


PROGRAM = "tests.durability.timer_writer"


def test_timers_ring_once_over_kills(tmp_path: Path) -> None:
    """Five thousand, killed twice in the middle of it."""
    ring_and_kill(tmp_path / "leases.db", 5_000, seed=1, kills=2)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2))
def test_a_hundred_thousand_timers_ring_once_over_kills(tmp_path: Path, seed: int) -> None:
    """A hundred thousand, killed six times in the middle of it."""
    ring_and_kill(tmp_path / "leases.db", 100_000, seed, kills=6)
