"""Forks: a child touches nothing of what its parent has open, however orderly it ends."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from .forking import CHILDREN

HOUSE = Path(__file__).resolve().parents[2]
PATIENCE = 60.0


def test_a_child_leaves_its_parents_log_alone(tmp_path: Path) -> None:
    """Under load, eight children: each is refused at once, opens a log of its own, ends by its
    finalizers; the parent keeps its lease and its WAL, and loses nothing that was answered."""
    path = tmp_path / "parent.db"
    urls = (f"sqlite:///{path}", f"sqlite:///{tmp_path}/child")
    done = subprocess.run(
        [sys.executable, "-m", "tests.durability.forking", *urls],
        cwd=HOUSE,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert (done.returncode, done.stderr) == (0, "")
    *held, total = done.stdout.splitlines()
    assert held == ["in use"] * CHILDREN
    with closing(sqlite3.connect(path)) as file:
        (stored,) = file.execute("SELECT count(*) FROM stored_events").fetchone()
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert stored == int(total)
    assert len(list(tmp_path.glob("child*.db"))) == CHILDREN
