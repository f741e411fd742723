"""Two processes on one file: one writes, the other is told who does; a dead one blocks nobody."""

from __future__ import annotations

from pathlib import Path

import pytest

from retold.events.log_errors import LogInUse

from .checking import check_file, check_life
from .ledger import open_system
from .process import History, Writer


def test_a_second_writer_is_turned_away_and_the_first_goes_on(tmp_path: Path) -> None:
    """LogInUse names the holder; the holder answers afterwards as before."""
    path, history = tmp_path / "held.db", History()
    with Writer(path, history, "held", "obedient", threads=0) as holder:
        holder.await_lines("ready", 1)
        holder.write_line()
        holder.await_lines("answered", 1)
        with pytest.raises(LogInUse) as caught:
            open_system(str(path))
        assert str(holder.pid) in caught.value.holder
        holder.write_line()
        holder.await_lines("answered", 2)
        holder.kill()
    assert check_file(path, history, in_flight=0) >= 2


def test_a_second_process_is_turned_away_too(tmp_path: Path) -> None:
    """Both ways: what another process is refused, it says in one line, and leaves all as it was."""
    path, history, other = tmp_path / "held.db", History(), History()
    with open_system(str(path)), Writer(path, other, "other", "obedient", threads=0) as second:
        status, errors = second.end()
    assert status != 0
    assert "LogInUse" in errors
    assert not other.asked
    check_life(path, history, "afterwards")
    assert check_file(path, history, in_flight=0) == 1


def test_a_killed_holder_blocks_nobody(tmp_path: Path) -> None:
    """After kill -9 the file opens at once, and takes commands."""
    path, history = tmp_path / "held.db", History()
    for run in ("first", "second", "third"):
        with Writer(path, history, run, "obedient", threads=0) as holder:
            holder.write_line()
            holder.await_lines("answered", 1)
            holder.kill()
        check_file(path, history, in_flight=0)
        check_life(path, history, f"after {run}")
