"""A log that has something in every table and on every kind of page, and its bytes at rest."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from retold import ActorSystem
from retold.actors import Stepped
from retold.actors.options import Options
from retold.events import ManualClock
from retold.events.recorders import SqliteRecorder
from retold.gateway.kinds import Kinds

from ..actors.leases import Renew, lease
from ..actors.totals import add, totals

KINDS = Kinds(totals, lease)
WHY = "a reason that takes some room in the row, so that there are many pages"


def make_laden(path: Path, rounds: int = 12) -> Path:
    """A log of several hundred rows, with due times, snapshots and pages that were freed."""
    dispatcher = Stepped()
    options = Options(snapshot_every=5)
    with ActorSystem.open(
        f"sqlite:///{path}", totals, lease, dispatcher=dispatcher, clock=ManualClock(),
        seed="laden", options=options,
    ) as system:  # fmt: skip
        answers = []
        for number in range(rounds):
            for name in range(20):
                one = system.ref(f"total/t{name}")
                answers.append(one.ask(add(number + name), block=False, why=WHY))
            held = system.ref(f"lease/l{number}")
            answers.append(held.ask(Renew(1000 + number), block=False, why=WHY))
        dispatcher.run_all()
        for answer in answers:
            answer.get()
    with closing(SqliteRecorder.open(path)) as recorder:
        recorder.save_snapshots([(f"total/x{n}", 1, 1, "of old", b"x" * 900, 0) for n in range(40)])
        recorder.drop_snapshots([f"total/x{n}" for n in range(40)])
    return path


def owners(path: Path) -> dict[int, str]:
    """What each page of a file belongs to, by number; free pages are missing."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as plain:
        return dict(plain.execute("SELECT pageno, name || ' ' || pagetype FROM dbstat"))


def flip(path: Path, offset: int, bit: int = 0) -> None:
    """Change one bit of a file that nobody has open."""
    with path.open("rb+") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))
