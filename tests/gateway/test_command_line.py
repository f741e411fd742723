"""The outermost frame: what an error looks like, how a call ends, what pipe and terminal get."""

from __future__ import annotations

import os
import pty
import re
import signal
import sqlite3
import subprocess
from pathlib import Path

import pytest

from retold.gateway.screen import one_line

from .calling import COMMAND, answered, call, plain_environment, refused, rows_of, start, write_csv

COLOUR = re.compile("\x1b\\[[0-9;]*m")
CONTROL = re.compile("\x1b\\[[0-9;?]*[a-zA-Z]")


@pytest.fixture
def demo_db(tmp_path: Path) -> Path:
    """A log with one approval."""
    path = tmp_path / "approval.db"
    answered("demo", "--db", path)
    return path


def on_terminal(*arguments: str | Path, columns: int = 80) -> tuple[int, str]:
    """Run a command line on a terminal of its own; its exit status and all that was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True,
        env=plain_environment(COLUMNS=str(columns)),
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed: how Linux says that a terminal is gone
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return process.wait(), shown.decode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "account/alice", "--db", "no.db"], "no log at no.db"),
        (["log", "--db", ""], "--db FILE"),
        (["log", "--db", "sqlite:no"], "names no log"),
        (["log", "--db", "."], "no Retold log"),
        (["import", "no.csv", "--db", "new.db"], "no such file"),
        (["import", ".", "--db", "new.db"], "directory"),
        (["replay", "--db", "no.db", "--module", "no_such_module"], "--module no_such_module"),
    ],
)
def test_an_error_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    """What cannot be done ends with one clear line on stderr, status 1, and no file made."""
    monkeypatch.chdir(tmp_path)
    assert words in refused(*arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["lgo"], "Did you mean 'log'?"),
        (["show"], "Missing"),
        (["show", "workflow/a", "--db", "x.db", "--version", "one"], "--version"),
        (["log", "--nonsense", "--db", "x.db"], "--nonsense"),
        (["log", "--limit", "0", "--db", "x.db"], "--limit"),
    ],
)
def test_a_wrong_call_is_one_line(arguments: list[str], words: str) -> None:
    """A command line that makes no sense ends with one line, status 2, and where to read on."""
    line = refused(*arguments, status=2)
    assert words in line
    assert line.endswith("--help")


def test_a_missing_log_names_those_beside_it(demo_db: Path) -> None:
    """Who mistypes the file is told which logs are in its folder."""
    assert str(demo_db) in refused("stats", "--db", demo_db.parent / "aproval.db")


def test_a_file_that_is_no_log_is_left_untouched(tmp_path: Path) -> None:
    """Somebody's file is neither read as a log nor changed by any command."""
    path = tmp_path / "notes.db"
    path.write_text("my notes\n" * 100)
    before = path.read_bytes(), path.stat().st_mtime_ns
    log = write_csv(tmp_path / "log.csv", rows_of(1, 1))
    for arguments in (["stats"], ["demo"], ["import", str(log)], ["verify"]):
        assert "no Retold log" in refused(*arguments, "--db", path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert sorted(each.name for each in tmp_path.iterdir()) == ["log.csv", "notes.db"]


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_traceback_comes_only_with_debug(place: int) -> None:
    """--debug shows where an error came from, wherever it stands on the line; else nothing does."""
    arguments = ["stats", "--db", "no.db"]
    assert "Traceback" not in call(*arguments).err
    arguments.insert(place, "--debug")
    called = call(*arguments)
    assert called.status == 1
    assert "Traceback (most recent call last)" in called.err
    assert called.err.splitlines()[-1].startswith("retold: there is no log")


def test_a_fault_of_a_module_is_one_line(tmp_path: Path) -> None:
    """Even what nobody expected is one line without --debug."""
    module = tmp_path / "broken.py"
    module.write_text("1 / 0\n")
    assert "ZeroDivisionError" in refused("stats", "--db", "no.db", "--module", module)


def test_version_and_help_answer() -> None:
    """--version, --help and a bare `retold` answer on stdout with status 0."""
    assert answered("--version").out.startswith("retold ")
    for arguments in ([], ["--help"]):
        shown = answered(*arguments).out
        assert all(name in shown for name in ("demo", "import", "replay", "verify"))
    assert "state version" in answered("show", "--help").out


def test_the_environment_names_the_log(demo_db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """RETOLD_DB stands for --db, and --db goes before it."""
    monkeypatch.setenv("RETOLD_DB", str(demo_db))
    assert answered("stats", "--json").json["events"] == 46
    assert "elsewhere.db" in refused("stats", "--db", demo_db.parent / "elsewhere.db")


def test_a_log_url_is_taken_too(demo_db: Path) -> None:
    """--db takes the URL of a log as well as a file."""
    assert answered("replay", "--json", "--db", f"sqlite:///{demo_db}").json["actors"] == 5


def test_a_file_of_any_name_is_taken(tmp_path: Path) -> None:
    """Blanks, percent signs and question marks in a file's name mean themselves."""
    path = tmp_path / "100%25 sure?#1.db"
    answered("demo", "--db", path)
    assert path.exists()
    assert answered("replay", "--json", "--db", path).json["actors"] == 5


def test_nobody_reading_on_is_quiet(tmp_path: Path) -> None:
    """A reader that closes the pipe ends the command without a word, as `head` does."""
    db = tmp_path / "long.db"
    answered("import", write_csv(tmp_path / "log.csv", rows_of(5, 2000)), "--db", db)
    for arguments in (["log"], ["log", "--json"]):
        process = start(*arguments, "--db", db)
        assert process.stdout is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait() == 141
        assert process.stderr is not None
        assert process.stderr.read() == ""
        process.stderr.close()


def test_nobody_reading_at_all_is_quiet(demo_db: Path) -> None:
    """A short answer that nobody reads ends without a word as well."""
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*COMMAND, "stats", "--db", demo_db],
        stdout=theirs, stderr=subprocess.PIPE, env=plain_environment(),
    )  # fmt: skip
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_that_ends_it_is_one_line(tmp_path: Path, number: int) -> None:
    """An import ends with one line, and 130 after Ctrl-C; what it says was added is in the log."""
    db = tmp_path / "long.db"
    process = start("import", write_csv(tmp_path / "log.csv", rows_of(50, 60_000)), "--db", db)
    while process.poll() is None and stored(db) < 300:
        pass
    process.send_signal(number)
    out, err = process.communicate()
    assert (process.returncode, out) == (128 + number, "")
    (line,) = err.splitlines()
    said = re.fullmatch(r"retold: interrupted; at least (\d+) rows were added.*", line)
    assert said is not None
    assert int(said[1]) <= stored(db) < 60_000
    assert answered("verify", "--json", "--db", db).json["ok"]


def stored(db: Path) -> int:
    """How many rows a plain sqlite3 sees in a log, 0 before there is one."""
    if not db.exists():
        return 0
    connection = sqlite3.connect(f"file:{db}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM stored_events").fetchone()[0])
    except sqlite3.OperationalError:
        return 0
    finally:
        connection.close()


@pytest.mark.parametrize("columns", [60, 80, 120, 200])
def test_a_terminal_gets_colour_and_no_long_lines(demo_db: Path, columns: int) -> None:
    """On a terminal a listing is coloured, and none of its lines exceeds the width."""
    for arguments in (["log"], ["history", "workflow/approval-1"]):
        status, shown = on_terminal(*arguments, "--db", demo_db, columns=columns)
        assert status == 0
        assert COLOUR.search(shown)
        lines = COLOUR.sub("", shown).splitlines()
        assert max(map(len, lines)) == columns
        assert any(line.endswith("…") for line in lines)


def test_a_pipe_gets_plain_and_whole_lines(demo_db: Path) -> None:
    """In a pipe nothing is coloured, cut or moved: one event is one line."""
    shown = answered("log", "--db", demo_db).out
    assert "\x1b" not in shown
    assert len(shown.splitlines()) == 1 + 46
    assert "one to repeat: /stage=" in shown
    assert "/decision=" in shown.splitlines()[-1]


def test_progress_is_for_terminals(tmp_path: Path) -> None:
    """A bar shows on a terminal while rows come in; in a pipe stderr stays empty."""
    log = write_csv(tmp_path / "log.csv", rows_of(5, 400))
    status, shown = on_terminal("import", log, "--db", tmp_path / "a.db")
    assert status == 0
    assert "importing" in CONTROL.sub("", shown)
    assert "importing" not in answered("import", log, "--db", tmp_path / "b.db").out


def test_text_of_a_log_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Control characters and markup in a log are shown as they are, and never carried out."""
    evil = [["c1", "[red]\x1b[2Jgone\x9b2J", "2020-01-01", "x\ry", "a\nb"]]
    db = tmp_path / "evil.db"
    answered("import", write_csv(tmp_path / "log.csv", evil), "--db", db)
    for arguments in (["log"], ["history", "workflow/c1"], ["show", "workflow/c1"]):
        for shown in (
            answered(*arguments, "--db", db).out,
            COLOUR.sub("", on_terminal(*arguments, "--db", db, columns=250)[1]),
        ):
            assert "[red]\\x1b[2Jgone\\x9b2J" in shown.replace("\\u001b", "\\x1b")
            assert "\x1b[2J" not in shown
            assert "\x9b" not in shown
    assert one_line("a\nb\tc\x7f") == "a\\nb\\tc\\x7f"


@pytest.mark.parametrize(
    "arguments",
    [
        ("tail", "--after"), ("tail", "--last"), ("tail", "--count"), ("verify", "--upto"),
        ("log", "--after"), ("log", "--last"), ("log", "--limit"),
    ],
)  # fmt: skip
def test_a_number_that_nothing_counts_to_is_refused(
    arguments: tuple[str, ...], demo_db: Path
) -> None:
    """As a wrong call, by the name of its option, whatever the number."""
    said = refused(*arguments, str(10**20), "--db", demo_db, status=2)
    assert arguments[1] in said
