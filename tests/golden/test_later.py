"""Years later: the first log after three changes of its schema, and a deploy that forgot a part."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
HOUSE = HERE.parents[1]

GONE = ("golden.deposited.v1", "golden.withdrawn.v1", "golden.named.v1")
"""The wire names of the first log for which the later code has no class."""


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """A copy of the first log."""
    return Path(shutil.copyfile(HERE / "first.db", tmp_path / "first.db"))


def run(*arguments: str, status: int = 0) -> str:
    """What a Python of its own says to a module and its arguments."""
    environment = {**os.environ, "PYTHONPATH": f"{HOUSE}/.src"}
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=HOUSE, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (status, ""), done.stderr
    return done.stdout


def check(db: Path, module: str, status: int) -> Any:
    """What `retold check` says of a log to a module."""
    text = run(
        "retold.gateway", "check", "--db", str(db), "--module", f"tests.golden.{module}", "--json",
        status=status,
    )  # fmt: skip
    return json.loads(text)


def ask_sqlite(db: Path, statement: str) -> list[Any]:
    """Rows of the file, as SQLite alone reads them."""
    with closing(sqlite3.connect(f"file:{db}?mode=ro", uri=True)) as connection:
        return connection.execute(statement).fetchall()


def as_it_was(address: str, state: dict[str, Any]) -> dict[str, Any]:
    """A state of the later code, in the terms of the first."""
    if not address.startswith("golden/"):
        return state
    euros, cents = divmod(state["cents"], 100)
    return {
        "balance": f"{euros}.{cents:02}",
        "holder": f"{state['given']} {state['family']}",
        "until": state["until"],
    }


def large(db: Path) -> Counter[str]:
    """How many deposits of ten euros and more each account has, by the rows as they stand."""
    rows = ask_sqlite(
        db,
        "SELECT originator_id, json_extract(state, '$.data.amount') FROM stored_events"
        " WHERE topic = 'golden.deposited.v1'",
    )
    return Counter(address for address, amount in rows if Decimal(amount) >= 10)


def test_the_first_log_comes_to_its_states_after_three_changes(kept: Path) -> None:
    """Recovered and retold, every actor has the version and the state that were live then."""
    expected = json.loads((HERE / "first.json").read_text())
    told = large(kept)
    old = ask_sqlite(kept, "SELECT address, fingerprint FROM snapshots")
    found = json.loads(run("tests.golden.later_upcasters", str(kept)))
    for way in ("live", "retold"):
        states = found[way]
        assert expected == {
            address: [version, as_it_was(address, state)]
            for address, (version, state) in states.items()
        }
        for address in ("golden/a", "golden/b", "golden/c"):
            assert states[address][1]["large"] == told[address] > 0
            assert states[address][1]["family"] == "Lovelace"
    assert len(old) == 3
    assert not {*old} & {*ask_sqlite(kept, "SELECT address, fingerprint FROM snapshots")}


def test_a_log_of_old_and_new_events_goes_on(kept: Path) -> None:
    """What the later code adds stands after the old rows, which stay to the letter."""
    everything = "SELECT position, originator_id, topic, state, checksum FROM stored_events"
    before = ask_sqlite(kept, everything)
    found = json.loads(run("tests.golden.later_upcasters", str(kept)))["after"]
    after = ask_sqlite(kept, everything)
    assert after[: len(before)] == before
    assert {row[2] for row in after[len(before) :]} & {*GONE} == set()
    cents = {address[-1]: found[address][1]["cents"] for address in found if "golden/" in address}
    assert cents == {"a": 6240 + 1234, "b": 46440 - 40 - 10000, "c": 26640, "d": 100 + 10000}
    assert (found["golden/c"][1]["given"], found["golden/c"][1]["family"]) == ("Grace", "Hopper")
    assert found["move/9"][1]["status"] == "completed"
    given = "--db", str(kept), "--module", "tests.golden.later_upcasters", "--json"
    assert json.loads(run("retold.gateway", "verify", *given))["problems"] == []
    replayed = json.loads(run("retold.gateway", "replay", *given))
    assert (replayed["events"], replayed["actors"]) == (len(after), len(found))
    checked = check(kept, "later_upcasters", 0)
    assert (checked["ok"], checked["events"], checked["failures"]) == (True, len(after), [])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("log", "--json"), '"golden.deposited.v1"'),
        (("show", "golden/a"), '"cents": 6240'),
        (("show", "golden/a", "--version", "1"), '"cents": 100'),
        (("history", "golden/a"), 'cents=100, till="till 0", large=false'),
        (("diff", "golden/a", "1", "3"), "cents"),
        (("stats",), "golden.withdrawn.v1"),
    ],
)
def test_every_command_shows_old_events_as_they_are_read(
    kept: Path, arguments: tuple[str, ...], words: str
) -> None:
    """Under the wire name that is stored, with the fields of today."""
    given = "--db", str(kept), "--module", "tests.golden.later_upcasters"
    assert words in run("retold.gateway", arguments[0], *arguments[1:], *given)


def test_a_deploy_without_upcasters_is_told_every_event(kept: Path) -> None:
    """Each event of a version that has no class any more is named, and no other."""
    found = check(kept, "later", 1)
    names = ", ".join(f"'{name}'" for name in GONE)
    expected = ask_sqlite(
        kept,
        "SELECT position, originator_id, originator_version, topic FROM stored_events"
        f" WHERE topic IN ({names}) ORDER BY originator_id, originator_version",
    )
    fields = ("position", "address", "version", "name")
    assert [tuple(each[field] for field in fields) for each in found["failures"]] == expected
    assert len(expected) == 139
    assert not found["ok"]
    counted = ask_sqlite(kept, "SELECT topic, count(*) FROM stored_events GROUP BY 1 ORDER BY 1")
    assert [(each["name"], each["events"]) for each in found["names"]] == counted
    wrong = {each["name"]: each["undecoded"] for each in found["names"] if each["undecoded"]}
    assert wrong == {name: count for name, count in counted if name in GONE}


def test_a_deploy_with_upcasters_may_go_on(kept: Path) -> None:
    """Every wire name is told with its steps, the old snapshots with their number."""
    before = kept.read_bytes()
    found = check(kept, "later_upcasters", 0)
    chains = {each["name"]: each["chain"] for each in found["names"] if len(each["chain"]) > 1}
    assert chains == {
        "golden.deposited.v1": [f"golden.deposited.v{number}" for number in (1, 2, 3, 4)],
        "golden.named.v1": [f"golden.named.v{number}" for number in (1, 2, 3)],
        "golden.withdrawn.v1": [
            *(f"golden.withdrawn.v{number}" for number in (1, 2, 3)),
            "golden.paid_out.v1",
        ],
    }
    assert found["snapshots"] == {"kept": 3, "of_another_fold": 3}
    assert [each["kind"] for each in found["kinds"]] == ["channel", "golden", "move", "workflow"]
    assert kept.read_bytes() == before
