"""A view is never a place where facts are born: one that is lost or damaged is made again, and what
is no view is left alone."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from retold import Log
from retold.events.log_errors import StorageFailed, StorageUnreadable
from retold.projections.errors import BadTables, NotAView, ProjectionStopped
from retold.projections.projection import StoredProjection
from retold.projections.runner import Projections
from retold.projections.standing import open_view

from .tills import PATIENCE, expected, fill, in_memory, seen, stored

EVENTS = 2_600


@pytest.fixture
def log(log: Log) -> Log:
    """A log in a file, with a view."""
    with Projections(log, stored(), threads=False) as projections:
        projections.catch_up()
    return log


def overwrite(path: Path, start: int, end: int | None = None) -> None:
    """Other bytes in a part of a file."""
    content = bytearray(path.read_bytes())
    content[start:end] = b"\xaa" * len(content[start:end])
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "all of it": lambda path: overwrite(path, 0),
    "its header": lambda path: overwrite(path, 0, 100),
    "all pages but the first": lambda path: overwrite(path, 4096),
    "its first page": lambda path: overwrite(path, 100, 4096),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "emptied": lambda path: path.write_bytes(b""),
    "removed": lambda path: path.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_view_is_made_anew(
    log: Log, tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It says so, and keeps what was there beside it; the others are not concerned."""
    path = tmp_path / "log.db-views" / "stored.db"
    DAMAGES[damage](path)
    with Projections(log, in_memory(), stored()) as projections:
        for each in projections:
            each.wait(EVENTS, PATIENCE)
            with each.view() as view:
                assert seen(view) == expected(EVENTS)
    aside = path.with_name("stored.db-damaged")
    assert aside.exists() == (damage not in ("emptied", "removed"))
    assert ("stored.db-damaged" in caplog.text) == aside.exists()


def test_damage_in_its_tables_stops_it_alone_and_a_rebuild_mends_it(
    log: Log, tmp_path: Path
) -> None:
    """Found by whoever comes to the page: failed visibly, and then made anew over it."""
    path = tmp_path / "log.db-views" / "stored.db"
    with closing(sqlite3.connect(path)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'tills'").fetchone()
    overwrite(path, (page - 1) * 4096, page * 4096)
    fill(log, EVENTS + 100, EVENTS)
    with Projections(log, in_memory(), stored()) as projections:
        projections.wait("memory", EVENTS + 100, PATIENCE)
        with pytest.raises(ProjectionStopped, match="malformed"):
            projections.wait("stored", EVENTS + 100, PATIENCE)
        projections["stored"].rebuild()
        projections.wait("stored", EVENTS + 100, PATIENCE)
        with projections.view("stored") as view:
            assert seen(view) == expected(EVENTS + 100)


def test_what_is_no_view_is_left_alone(log: Log, tmp_path: Path) -> None:
    """A database of somebody, and the log itself, under the name that a view would have."""
    with closing(sqlite3.connect(tmp_path / "mine.db")) as db:
        db.execute("CREATE TABLE mine (a)")
    log.close()
    shutil.copyfile(tmp_path / "log.db", tmp_path / "copy.db")
    url = f"sqlite:///{tmp_path / 'log.db'}"
    for name in ("mine", "log", "copy"):
        path = tmp_path / f"{name}.db"
        before = path.read_bytes()
        with Log.open(url, read_only=True) as reading, pytest.raises(NotAView, match=name):
            Projections(reading, stored(name=name), folder=tmp_path)
        assert path.read_bytes() == before
        with pytest.raises(NotAView), open_view(str(path)):
            pass
    with pytest.raises(StorageUnreadable, match=r"nowhere\.db could not be read"):
        open_view(str(tmp_path / "nowhere.db")).__enter__()


def test_a_view_that_is_removed_while_it_is_kept_is_told(log: Log, tmp_path: Path) -> None:
    """Nobody would ever read what was written to it; opened again it is there again."""
    path = tmp_path / "log.db-views" / "stored.db"
    with Projections(log, stored()) as projections:
        projections.wait("stored", EVENTS, PATIENCE)
        path.unlink()
        fill(log, EVENTS + 100, EVENTS)
        with pytest.raises(ProjectionStopped, match="removed or replaced"):
            projections.wait("stored", EVENTS + 100, PATIENCE)
        with pytest.raises(StorageFailed, match="removed or replaced"):
            projections["stored"].rebuild()
    with Projections(log, stored()) as projections:
        projections.wait("stored", EVENTS + 100, PATIENCE)
        with projections.view("stored") as view:
            assert seen(view) == expected(EVENTS + 100)


def test_a_folder_stays_where_it_was(
    log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also for a program that goes somewhere else."""
    monkeypatch.chdir(tmp_path)
    with Projections(log, stored(), folder="views") as projections:
        monkeypatch.chdir("/")
        projections.wait("stored", EVENTS, PATIENCE)
        projections["stored"].rebuild()
        with projections.view("stored") as view:
            assert seen(view) == expected(EVENTS)


@pytest.mark.parametrize(
    "tables", ["", " -- what is in it", "\n/* so; */", "; -- so; many", ";\n\t-- so\n"]
)
def test_a_comment_may_come_last(log: Log, tables: str) -> None:
    """In the statements that make the tables."""
    whole = stored(name="commented")
    commented = StoredProjection(
        name="commented", tables=whole.tables + tables, apply=whole.apply
    )  # fmt: skip
    with Projections(log, commented, threads=False) as projections:
        projections.catch_up()
        with projections.view("commented") as view:
            assert seen(view) == expected(EVENTS)


@pytest.mark.parametrize(
    "wrong",
    ["COMMIT", "ROLLBACK", "BEGIN", "CREATE TABLE x (", "INSERT INTO tills VALUES (?, 1, 1)",
     "INSERT INTO tills VALUES ('a', 1, 1), ('a', 1, 1)", "'open", "CREATE TABLE tills (x)"],
)  # fmt: skip
def test_wrong_tables_are_named_and_leave_nothing(log: Log, tmp_path: Path, wrong: str) -> None:
    """Whatever is wrong with them: the statement is told, and a running view is as it was."""
    whole = stored(name="new")
    bad = StoredProjection(name="new", tables=f"{whole.tables}; {wrong}", apply=whole.apply)
    with pytest.raises(BadTables) as told:
        Projections(log, bad, threads=False)
    assert wrong in str(told.value)
    with Projections(log, whole, threads=False) as projections:
        projections.catch_up()
        with pytest.raises(BadTables):
            projections["new"].rebuild(bad)
        with projections.view("new") as view:
            assert seen(view) == expected(EVENTS)
    assert not list((tmp_path / "log.db-views").glob("*-rebuilt*"))
