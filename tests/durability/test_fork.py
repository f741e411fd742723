"""Forks: a child touches nothing of what its parent has open, however orderly it ends."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
PATIENCE = 60.0

PARENT = """
import gc, os, subprocess, sys, threading
import pykka
from retold import ActorSystem, retell
from retold.events.errors import UsedAfterFork
from retold.events.log_errors import LogInUse
from tests.actors.totals import account, Deposit
from decimal import Decimal

url, other = sys.argv[1:3]
PROBE = """
from retold import Log
from retold.events.log_errors import LogInUse

try:
    Log.open(sys.argv[1])
except LogInUse:
    print("in use")
"""


def refused(what):
    try:
        what()
    except UsedAfterFork:
        return
    raise AssertionError("it was not refused")


def child(system, ref):
    refused(lambda: ref.ask(Deposit(Decimal(1))))
    refused(lambda: ref.ask(Deposit(Decimal(1)), block=False).get())
    refused(lambda: ref.tell(Deposit(Decimal(1))))
    refused(lambda: system.log.last_position())
    refused(lambda: ActorSystem.open(url, account))
    refused(lambda: retell(url, "account/a", behaviour=account))
    with ActorSystem.open(other + str(os.getpid()) + ".db", account) as mine:
        mine.ref("account/a").ask(Deposit(Decimal(5)))
    system.close()
    system.log.close()


def load(refs, done):
    while not done.is_set():
        for ref in refs:
            ref.ask(Deposit(Decimal(1)))


with ActorSystem.open(url, account) as system:
    refs = [system.ref(f"account/{n}") for n in range(3)]
    done = threading.Event()
    threads = [threading.Thread(target=load, args=(refs, done)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(8):
        pid = os.fork()
        if pid == 0:
            child(system, refs[0])
            del system, refs
            gc.collect()
            sys.exit(0)
        _, status = os.waitpid(pid, 0)
        assert status == 0, status
        probe = [sys.executable, "-c", PROBE, url]
        print(subprocess.run(probe, capture_output=True, text=True).stdout.strip(), flush=True)
    done.set()
    for thread in threads:
        thread.join()
    print(sum(ref.proxy().state.get().balance for ref in refs))
"""


def test_a_child_leaves_its_parents_log_alone(tmp_path: Path) -> None:
    """Under load, eight children: each is refused at once, opens a log of its own, ends by its
    finalizers; the parent keeps its lease and its WAL, and loses nothing that was answered."""
    path = tmp_path / "parent.db"
    done = subprocess.run(
        [sys.executable, "-c", PARENT, f"sqlite:///{path}", f"sqlite:///{tmp_path}/child"],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    *held, total = done.stdout.splitlines()
    assert held == ["in use"] * 8
    with closing(sqlite3.connect(path)) as file:
        (stored,) = file.execute("SELECT count(*) FROM stored_events").fetchone()
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert stored == int(total)
    assert len(list(tmp_path.glob("child*.db"))) == 8
