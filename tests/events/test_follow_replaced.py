"""Who follows the file of another process learns that it is another file by now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from retold import Log, event
from retold.events import Append
from retold.events.log_errors import LogReplaced
from retold.events.recorders import SqliteRecorder
from retold.events.upkeep import backup, restore

PATIENCE = 30.0


@event("test_follow_replaced.made.v1")
class Made:
    """Something to follow."""


MADE = Append("thing/a", 0, (Made(),))


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A backup of an empty log, which is out of WAL mode: who reads it locks nothing."""
    SqliteRecorder.open(tmp_path / "log.db").close()
    place = tmp_path / "saved.db"
    backup(str(tmp_path / "log.db"), str(place))
    return place


def replaced(path: Path) -> None:
    """By another backup, to which something is added."""
    restore(str(path.with_name("log.db")), str(path), replace=True)
    with Log.open(f"sqlite:///{path}") as log:
        log.append(MADE)


def moved(path: Path) -> None:
    """As by whoever keeps old logs."""
    path.rename(path.with_name("old.db"))


def removed(path: Path) -> None:
    """For good."""
    path.unlink()


@pytest.mark.parametrize("away", [replaced, moved, removed])
def test_a_follower_is_told_that_its_file_is_another(
    saved: Path, away: Callable[[Path], None]
) -> None:
    """Instead of waiting for ever for what is written elsewhere."""
    with Log.open(f"sqlite:///{saved}", read_only=True) as log, log.follow() as follower:
        assert follower.batch(timeout=0.01) is None
        away(saved)
        with pytest.raises(LogReplaced, match=r"saved\.db is another file by now"):
            follower.batch(timeout=PATIENCE)


def test_a_relative_name_is_that_of_the_folder_it_was_opened_in(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever goes to another folder meanwhile goes on following."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    with Log.open("sqlite:///saved.db", read_only=True) as log, log.follow() as follower:
        monkeypatch.chdir(tmp_path / "elsewhere")
        assert follower.batch(timeout=0.01) is None
        with Log.open(f"sqlite:///{saved}") as writer:
            writer.append(MADE)
        batch = follower.batch(timeout=PATIENCE)
        assert batch is not None
        assert [each.address for each in batch.events] == ["thing/a"]
