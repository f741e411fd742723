"""A file that is no log of ours is refused by name, left as it was, with nothing beside it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import Popen

import pytest

from retold.events.log_errors import LogReadOnly, NewerLog, NoSuchLog, NotALog
from retold.events.recorders import SqliteRecorder

ONE = ("account/a", 1, "account.deposited.v1", b"{}")


def a_log(folder: Path, rows: int = 200) -> bytes:
    """The bytes of a log that was closed well."""
    path = folder / "made.db"
    with closing(SqliteRecorder.open(path)) as log:
        log.write([("account/a", n + 1, "account.deposited.v1", b"x" * 100) for n in range(rows)])
    made = path.read_bytes()
    path.unlink()
    for sidecar in ("lease", "seal"):
        (folder / f"made.db-{sidecar}").unlink()
    return made


def a_database(folder: Path, *statements: str) -> bytes:
    """The bytes of some SQLite file."""
    path = folder / "other.db"
    with closing(sqlite3.connect(path)) as plain:
        for statement in statements:
            plain.execute(statement)
        plain.commit()
    made = path.read_bytes()
    path.unlink()
    return made


HOSTILE: dict[str, Callable[[Path], bytes]] = {
    "one byte": lambda folder: b"\x00",
    "text": lambda folder: b"to be, or not to be\n" * 300,
    "random": lambda folder: bytes((n * n * 7 + n) % 251 for n in range(9000)),
    "zeros": lambda folder: bytes(8192),
    "header alone": lambda folder: a_log(folder)[:100],
    "half a page": lambda folder: a_log(folder)[:2048],
    "one page": lambda folder: a_log(folder)[:4096],
    "last page gone": lambda folder: a_log(folder)[:-4096],
    "last byte gone": lambda folder: a_log(folder)[:-1],
    "schema torn": lambda folder: (made := a_log(folder))[:100] + bytes(3996) + made[4096:],
    "our tables, another id": lambda folder: (made := a_log(folder))[:68] + bytes(4) + made[72:],
    "another program's": lambda folder: a_database(folder, "CREATE TABLE t (a)"),
    "another in WAL mode": lambda folder: a_database(
        folder, "PRAGMA journal_mode = WAL", "CREATE TABLE stored_events (a)"
    ),
    "our id, no tables": lambda folder: a_database(
        folder, "PRAGMA application_id = 0x52544C44", "PRAGMA user_version = 1", "CREATE TABLE t(a)"
    ),
    "our id, no format": lambda folder: a_database(folder, "PRAGMA application_id = 0x52544C44"),
}


def unchanged(folder: Path, path: Path, content: bytes) -> bool:
    """Whether the file is as it was and alone."""
    return path.read_bytes() == content and os.listdir(folder) == [path.name]


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_log_is_refused(tmp_path: Path, kind: str, read_only: bool) -> None:
    """NotALog, whatever the bytes are; and not one of them changes."""
    path, content = tmp_path / "log.db", HOSTILE[kind](tmp_path)
    path.write_bytes(content)
    with pytest.raises(NotALog) as refused:
        SqliteRecorder.open(path, read_only=read_only)
    assert refused.value.path == str(path)
    assert unchanged(tmp_path, path, content)


@pytest.mark.parametrize("read_only", [False, True], ids=["to write", "to read"])
def test_a_newer_format_is_refused(tmp_path: Path, read_only: bool) -> None:
    """NewerLog says which format was found and which is known."""
    path, made = tmp_path / "log.db", bytearray(a_log(tmp_path))
    made[60:64] = (7).to_bytes(4, "big")
    path.write_bytes(made)
    with pytest.raises(NewerLog) as refused:
        SqliteRecorder.open(path, read_only=read_only)
    assert (refused.value.found, refused.value.known) == (7, 1)
    assert unchanged(tmp_path, path, bytes(made))


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    """A folder, a pipe, a path through a file: NotALog, and none of them hangs."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_bytes(b"x")
    os.mkfifo(tmp_path / "pipe")
    for name in ("folder", "pipe", "file/log.db"):
        with pytest.raises(NotALog):
            SqliteRecorder.open(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder", "pipe"]


def test_a_missing_log_is_not_made_by_reading(tmp_path: Path) -> None:
    """NoSuchLog where it is read or must be there, and no file appears."""
    path = tmp_path / "log.db"
    with pytest.raises(NoSuchLog):
        SqliteRecorder.open(path, read_only=True)
    with pytest.raises(NoSuchLog):
        SqliteRecorder.open(path, create=False)
    with pytest.raises(LogReadOnly, match="no folder"):
        SqliteRecorder.open(tmp_path / "absent" / "log.db")
    assert os.listdir(tmp_path) == []


def test_a_file_of_no_bytes_counts_as_new(tmp_path: Path) -> None:
    """It is nothing to read, and becomes a log when it is opened to write."""
    path = tmp_path / "log.db"
    path.touch()
    with pytest.raises(NoSuchLog):
        SqliteRecorder.open(path, read_only=True)
    assert unchanged(tmp_path, path, b"")
    with closing(SqliteRecorder.open(path)) as log:
        log.write([ONE])
    with closing(SqliteRecorder.open(path, read_only=True)) as log:
        assert log.last_position() == 1


@pytest.mark.parametrize(
    "name", ["a b.db", "a?mode=memory", "a#b.db", "a%20b.db", "ä.db", ":memory:", "file:x.db"]
)
def test_any_name_of_a_file_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A name is a name: nothing in it is syntax, relative or absolute."""
    monkeypatch.chdir(tmp_path)
    with closing(SqliteRecorder.open(name)) as log:
        log.write([ONE])
        assert name in os.listdir(tmp_path)
    with closing(SqliteRecorder.open(tmp_path / name, read_only=True)) as log:
        assert [row[1:] for row in log.scan()] == [ONE]


def test_the_main_file_says_what_it_is_from_the_start(path: str, run: RunPython) -> None:
    """A crash right after opening leaves a file that carries its ids without its WAL."""
    code = "import os, sys; from retold.events.recorders import SqliteRecorder; "
    assert run(code + "log = SqliteRecorder.open(sys.argv[1]); os._exit(0)", path).wait() == 0
    os.remove(f"{path}-wal")
    head = Path(path).read_bytes()[:100]
    assert (head[:16], head[60:64], head[68:72]) == (b"SQLite format 3\0", b"\0\0\0\1", b"RTLD")
    SqliteRecorder.open(path).close()


AS_NOBODY = """
import os, sys
from retold.events.errors import RetoldError
from retold.events.recorders import SqliteRecorder
if os.getuid() == 0:
    os.setgid(65534), os.setuid(65534)
for path in sys.argv[2:]:
    try:
        log = SqliteRecorder.open(path, read_only=sys.argv[1] == "read")
        print([row[2] for row in log.scan()], flush=True)
        log.close()
    except RetoldError as error:
        print(type(error).__name__, "may not" in str(error), flush=True)
"""

RunPython = Callable[..., "Popen[str]"]


@pytest.fixture
def run(run_python: RunPython, tmp_path: Path) -> RunPython:
    """Another process, from a folder that it may enter whoever it is."""
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):
        folder.chmod(0o755)
    return run_python


def lines(process: Popen[str]) -> list[str]:
    """All that a process said."""
    return process.communicate()[0].split("\n")[:-1]


def test_a_user_without_rights_is_told_so(tmp_path: Path, run: RunPython) -> None:
    """Reading needs no right to write, not even in the folder; the rest is refused by type."""
    path, secret, fresh = tmp_path / "log.db", tmp_path / "secret.db", tmp_path / "fresh.db"
    for each in (path, secret):
        with closing(SqliteRecorder.open(each)) as log:
            log.write([ONE])
    path.chmod(0o444)
    secret.chmod(0o000)
    tmp_path.chmod(0o555)
    before = sorted(os.listdir(tmp_path)), path.read_bytes()
    paths = [str(each) for each in (path, secret, fresh)]
    assert lines(run(AS_NOBODY, "read", *paths)) == ["[1]", "NotALog True", "NoSuchLog False"]
    refused = ["LogReadOnly True", "NotALog True", "LogReadOnly False"]
    assert lines(run(AS_NOBODY, "write", *paths)) == refused
    assert (sorted(os.listdir(tmp_path)), path.read_bytes()) == before
    tmp_path.chmod(0o755)
