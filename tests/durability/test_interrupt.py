"""Ctrl-C, again and again: orderly, quick, and everything that was answered is on disk."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random

import pytest

from .checking import check_file, check_life
from .process import History, Writer

THREADS, OUTSTANDING = 2, 10


def test_an_interrupt_ends_a_busy_process_orderly(tmp_path: Path) -> None:
    """One Ctrl-C while the main thread asks: the log is closed, then KeyboardInterrupt ends it."""
    path, history, random = tmp_path / "busy.db", History(), Random(3)
    for run in range(4):
        with Writer(path, history, f"i{run}", "main", 2, THREADS, OUTSTANDING) as writer:
            writer.await_lines("answered", random.randrange(1, 300))
            writer.interrupt()
            status, errors = writer.end()
        assert status == -signal.SIGINT, errors
        assert "KeyboardInterrupt" in errors
        assert not (tmp_path / "busy.db-wal").exists(), "the log was not closed"
        check_file(path, history, in_flight=(run + 1) * (THREADS * OUTSTANDING + 1))


def test_an_interrupt_ends_a_process_that_leads_every_commit(tmp_path: Path) -> None:
    """The main thread alone asks, so it leads each commit itself: the same holds."""
    path, history, random = tmp_path / "alone.db", History(), Random(4)
    for run in range(4):
        with Writer(path, history, f"l{run}", "main", 2, threads=0) as writer:
            writer.await_lines("answered", random.randrange(1, 200))
            writer.interrupt()
            status, errors = writer.end()
        assert status == -signal.SIGINT, errors
        check_file(path, history, in_flight=run + 1)
    check_life(path, history, "afterwards")


@pytest.mark.parametrize("threads", [0, 2])
def test_a_storm_of_interrupts_breaks_nothing(tmp_path: Path, threads: int) -> None:
    """A process that catches each Ctrl-C goes on with the same system, and all is as answered."""
    storm(tmp_path / "stormy.db", seed=5, threads=threads, interrupts=60)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_a_long_storm_of_interrupts_breaks_nothing(tmp_path: Path, seed: int) -> None:
    """The same, a thousand interrupts a process."""
    storm(tmp_path / "stormy.db", seed, threads=seed % 3, interrupts=1_000)


def storm(path: Path, seed: int, threads: int, interrupts: int) -> None:
    """Interrupt a writer again and again, each time once it goes on; then let it close."""
    random, history = Random(seed), History()
    with Writer(path, history, f"s{seed}", "stubborn", 2, threads, OUTSTANDING) as writer:
        writer.await_lines("answered", 10)
        for _ in range(interrupts):
            before = writer.said("interrupted")
            writer.interrupt()
            writer.await_lines("interrupted", before + 1)
            writer.await_lines("answered", writer.said("answered") + random.randrange(1, 4))
        writer.await_lines("answered", writer.said("answered") + 50)
        writer.write_line()
        status, errors = writer.end()
    assert status == 0, errors
    assert writer.said("closed") == 1
    check_file(path, history, in_flight=writer.said("interrupted") + threads * OUTSTANDING + 1)
    check_life(path, history, "afterwards")
