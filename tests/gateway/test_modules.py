"""Modules of the user's: their kinds of actor are read like those of the house."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .calling import COMMAND, plain_environment

BANK = Path(__file__).resolve().parents[2] / "examples" / "bank.py"


JAR = """
import sys
from retold import ActorSystem, Behaviour, command, event, state
from retold.actors.options import Options

@event("jar.filled.v1")
class Filled:
    what: str

@command
class Fill:
    what: str

@state
class Jar:
    what: tuple[str, ...] = ()

    def evolve(self, event):
        return Jar((*self.what, event.what))

def decide(jar, command, context):
    assert "shut" not in sys.argv or command.what != "jam"
    return (Filled(command.what),)

jar = Behaviour("jar", Jar(), decide)

if __name__ == "__main__":
    with ActorSystem.open(sys.argv[1], jar, options=Options(snapshot_every=2)) as system:
        system.ref("jar/a").tell(Fill("jam"), id="told")
        for each in ("tea", "oil"):
            system.ref("jar/a").ask(Fill(each))
"""


FITS = """
import jar
from retold import Log
from retold.events.snapshots import SnapshotCodec
with Log.open("sqlite:///jar.db", read_only=True) as log:
    print(SnapshotCodec("jar", jar.Jar(), log.codec).fits(log.journal.snapshot("jar/a")))
"""


@pytest.fixture
def bank_db(tmp_path: Path) -> Path:
    """The log that the example makes."""
    path = tmp_path / "bank.db"
    done = subprocess.run(
        [sys.executable, BANK, f"sqlite:///{path}"],
        env=plain_environment(), capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "10 1\nAccount(balance=Decimal('10'))\n"
    return path


def reading(
    *arguments: str | Path, cwd: Path | None = None, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run one command line in a process of its own, which knows no module of anybody's yet."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd, env=plain_environment(**more), capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["show", "history"])
def test_a_module_is_named_by_its_file(bank_db: Path, command: str) -> None:
    """--module takes a file from anywhere."""
    done = reading(command, "account/alice", "--db", bank_db, "--module", BANK)
    assert (done.returncode, done.stderr) == (0, "")
    assert "10" in done.stdout


def test_a_module_is_named_by_its_name(bank_db: Path) -> None:
    """--module takes a dotted name, looked for in the present folder too and on the path."""
    arguments = ("show", "account/alice", "--db", bank_db, "--module", "bank", "--json")
    assert reading(*arguments, cwd=BANK.parent, PYTHONSAFEPATH="1").returncode == 0
    path = os.pathsep.join(filter(None, [str(BANK.parent), os.environ.get("PYTHONPATH")]))
    assert reading(*arguments, PYTHONPATH=path).returncode == 0


def test_the_whole_log_is_read_with_it(bank_db: Path) -> None:
    """With the module, everything that reads the log as a whole works."""
    for command in ("log", "replay", "verify", "stats"):
        done = reading(command, "--db", bank_db, "--module", BANK)
        assert (done.returncode, done.stderr) == (0, ""), command


@pytest.mark.parametrize(
    "arguments", [["show", "account/alice"], ["log"], ["history", "account/alice"], ["replay"]]
)
def test_an_unknown_kind_says_what_to_type(bank_db: Path, arguments: list[str]) -> None:
    """Without the module one line says that --module is wanted."""
    done = reading(*arguments, "--db", bank_db)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert "--module" in line


def test_verify_and_stats_do_without_as_far_as_they_can(bank_db: Path) -> None:
    """Without the module stats counts what it can, and verify names what it cannot verify."""
    done = reading("stats", "--db", bank_db)
    assert (done.returncode, done.stderr) == (0, "")
    assert "account.deposited.v1" in done.stdout
    assert "--module" in done.stdout
    done = reading("verify", "--db", bank_db)
    assert (done.returncode, done.stderr) == (1, "")
    assert "--module" in done.stdout


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = 1\n", "no Behaviour"),
        ("import no_such_module\n", "no_such_module"),
        ("def (\n", "invalid syntax"),
        ("import sys\nsys.exit(0)\n", "__main__"),
        ("from os import _Environ, fspath\n", "no Behaviour"),
        (None, "No such file"),
    ],
)
def test_a_module_that_cannot_be_used_is_one_line(
    tmp_path: Path, bank_db: Path, text: str | None, words: str
) -> None:
    """A module without behaviours, or one that cannot be imported, is refused in one line."""
    path = tmp_path / "mine.py"
    if text is not None:
        path.write_text(text)
    done = reading("log", "--db", bank_db, "--module", path)
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"retold: --module {path} cannot be used")
    assert words in line


@pytest.mark.parametrize("name", [".", "..bank", ""])
def test_a_name_that_is_none_is_one_line(bank_db: Path, name: str) -> None:
    """Neither a file nor the name of a module."""
    done = reading("log", "--db", bank_db, "--module", name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"retold: --module {name} cannot be used")


EVENTS = """
from decimal import Decimal
from retold import event

@event("account.deposited.v2")
class Deposited:
    cents: int

@event("account.withdrawn.v1")
class Withdrawn:
    amount: Decimal
"""
UPCASTERS = """
from decimal import Decimal
from retold.events.upcast import upcast

@upcast("account.deposited.v1")
def to_cents(data):
    return {"cents": int(100 * Decimal(data["amount"]))}
"""


def test_events_and_upcasters_may_have_modules_of_their_own(bank_db: Path, tmp_path: Path) -> None:
    """What asks for no state is read with them alone: no behaviour need be in a module."""
    events, upcasters = tmp_path / "facts.py", tmp_path / "older.py"
    events.write_text(EVENTS)
    upcasters.write_text(UPCASTERS)
    done = reading("log", "--db", bank_db, "--module", events, "--module", upcasters, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert {"cents": 1000} in [each["data"] for each in json.loads(done.stdout)]


def test_two_behaviours_of_one_kind_are_refused(tmp_path: Path, bank_db: Path) -> None:
    """Two modules that both define a kind cannot both be meant."""
    other = tmp_path / "other.py"
    other.write_text(
        "from retold import Behaviour\nfrom retold.events.saga import Saga\n"
        "mine = Behaviour('account', Saga(), lambda *_: ())\n"
    )
    done = reading("log", "--db", bank_db, "--module", BANK, "--module", other)
    assert done.returncode == 1
    assert "second behaviour for 'account'" in done.stderr


@pytest.mark.parametrize("way", [("jar.py",), ("-m", "jar")])
def test_what_a_program_stored_is_known_when_it_is_imported(
    tmp_path: Path, way: tuple[str, ...]
) -> None:
    """Its commands in dead letters are made again, and its snapshots are those of its states."""
    (tmp_path / "jar.py").write_text(JAR)
    subprocess.run(
        [sys.executable, *way, "sqlite:///jar.db", "shut"],
        cwd=tmp_path, env=plain_environment(), capture_output=True, check=True,
    )  # fmt: skip
    imported = subprocess.run(
        [sys.executable, "-c", FITS],
        cwd=tmp_path, env=plain_environment(), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert imported.stdout == "True\n"
    known = ("--db", "jar.db", "--module", "jar.py")
    assert reading("verify", "--deep", *known, cwd=tmp_path).returncode == 0
    assert reading("dead-letters", "retry", "told", *known, cwd=tmp_path).stdout == "told retried\n"
    shown = reading("show", "jar/a", *known, "--json", cwd=tmp_path)
    assert json.loads(shown.stdout)["state"]["what"] == ["tea", "oil", "jam"]
