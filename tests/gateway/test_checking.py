"""Checking a log as a whole: replay and its digest, verify, stats; also while it is written."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from retold.actors import ActorSystem
from retold.actors.workflow import workflow
from retold.events import Log
from retold.gateway.eventlogs import read
from retold.gateway.intake import Intake
from retold.projections.digest import states_digest

from .calling import answered, call, rows_of, start, write_csv
from .test_command_line import stored

Find = Callable[[str], Path]
Rows = Iterable[tuple[str, dict[str, Any]]]


def digest_of(rows: Rows) -> str:
    """The digest that a log of these rows must have, from the definition alone."""
    last: dict[str, tuple[int, dict[str, Any]]] = {}
    for case, document in rows:
        last[case] = (last.get(case, (0, {}))[0] + 1, document)
    lines = {
        f"workflow/{quote(case, safe='')}": (count, document)
        for case, (count, document) in last.items()
    }
    total = hashlib.sha256()
    for address, (count, document) in sorted(lines.items()):
        state = {"channels": {}, "document": document, "version": count}
        text = json.dumps(state, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        total.update(f"{address} {count} {text}\n".encode())
    return total.hexdigest()


def csv_rows(path: Path) -> Rows:
    """The rows of a CSV as plain Python reads them: case, and the cells that are not empty."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            cells = {name: cell for name, cell in row.items() if cell}
            yield cells["case:concept:name"], cells


def xes_rows(path: Path) -> Rows:
    """The events of an XES whose attributes are flat and text, as ElementTree reads them."""
    with gzip.open(path) as file:
        for trace in ElementTree.parse(file).getroot().findall("{*}trace"):
            of_case = {
                f"case:{each.get('key')}": each.get("value") for each in trace if len(each) == 0
            }
            for event in trace.findall("{*}event"):
                own = {str(each.get("key")): each.get("value") for each in event}
                yield str(of_case["case:concept:name"]), {**of_case, **own}


@pytest.mark.parametrize(
    ("name", "workflows", "versions", "rows"),
    [("receipt.csv", 1434, 8577, csv_rows), ("helpdesk.xes.gz", 4580, 21348, xes_rows)],
)
def test_a_public_log_replays_to_what_its_rows_say(
    event_log: Find,
    tmp_path: Path,
    name: str,
    workflows: int,
    versions: int,
    rows: Callable[[Path], Rows],
) -> None:
    """Imported and replayed, a public log has its published counts, and one digest thrice: live,
    from the file, and straight from its rows."""
    path, db = event_log(name), tmp_path / "log.db"
    with ActorSystem.open(f"sqlite:///{db}", workflow) as system:
        report = Intake(system).take_all(read(path))
        actors = sorted((system.actor(each.address) for each in system.refs()), key=str_address)
        live = states_digest((each.address, each.version, each.state) for each in actors)
    assert (report.cases, report.new, report.bad) == (workflows, versions, 0)
    found = answered("replay", "--db", db, "--json").json
    assert (found["workflows"], found["versions"]) == (workflows, versions)
    assert (found["events"], found["actors"]) == (versions, workflows)
    assert found["digest"] == live == digest_of(rows(path))
    assert answered("verify", "--db", db, "--json").json["ok"]
    again = answered("import", path, "--db", db, "--json").json
    assert (again["new"], again["already_there"]) == (0, versions)


def str_address(actor: Any) -> str:
    """The order of a digest."""
    return str(actor.address)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A log of thirty rows in three cases."""
    path = tmp_path / "log.db"
    answered("import", write_csv(tmp_path / "log.csv", rows_of(3, 30)), "--db", path)
    return path


def test_replay_counts_every_kind(tmp_path: Path) -> None:
    """Replay counts actors by kind, events and state versions."""
    answered("demo", "--db", tmp_path / "approval.db")
    found = answered("replay", "--db", tmp_path / "approval.db", "--json").json
    assert found["kinds"] == {"channel": 4, "workflow": 1}
    assert (found["workflows"], found["channels"]) == (1, 4)
    assert (found["events"], found["versions"]) == (46, 5)
    assert found["digest"] in answered("replay", "--db", tmp_path / "approval.db").out


def test_the_digest_tells_states_apart(db: Path, tmp_path: Path) -> None:
    """The same rows have one digest wherever they are written, one cell else another."""
    rows = rows_of(3, 30)
    log, other = tmp_path / "log.csv", tmp_path / "other.db"
    answered("import", log, "--db", other)
    digest = answered("replay", "--db", db, "--json").json["digest"]
    assert answered("replay", "--db", other, "--json").json["digest"] == digest
    assert digest == digest_of(csv_rows(log))
    rows[-1][4] = "else"
    answered("import", write_csv(log, rows), "--db", tmp_path / "third.db")
    assert answered("replay", "--db", tmp_path / "third.db", "--json").json["digest"] != digest


def test_an_empty_log_is_fine(tmp_path: Path) -> None:
    """A log without events replays, verifies and counts to nothing."""
    path = tmp_path / "empty.db"
    Log.open(f"sqlite:///{path}").close()
    assert answered("replay", "--db", path, "--json").json["events"] == 0
    assert answered("verify", "--db", path, "--json").json["ok"]
    assert answered("stats", "--db", path, "--json").json["events"] == 0
    assert answered("log", "--db", path, "--json").json == []
    for command in ("replay", "verify", "stats", "log"):
        answered(command, "--db", path)


def test_verify_names_each_problem(db: Path) -> None:
    """A row that was changed, and one that was taken out, are named; the exit status is 1."""
    connection = sqlite3.connect(db)
    with connection:
        row = "WHERE originator_id = ? AND originator_version = ?"
        connection.execute(f"DELETE FROM stored_events {row}", ("workflow/case%201", 3))
        damage = f"UPDATE stored_events SET state = 'x' || state {row}"
        connection.execute(damage, ("workflow/case%202", 4))
    connection.close()
    called = call("verify", "--db", db, "--json")
    assert (called.status, called.err) == (1, "")
    found = called.json
    assert not found["ok"]
    named = {(each["address"], each["version"]): each["reason"] for each in found["problems"]}
    assert {address for address, _ in named} <= {"workflow/case%201", "workflow/case%202", ""}
    assert any("version 3 is missing" in reason for reason in named.values())
    assert "damaged" in named["workflow/case%202", 4]
    called = call("verify", "--db", db)
    assert (called.status, called.err) == (1, "")
    assert "version 3 is missing" in called.out


def test_stats_counts_what_is_there(db: Path) -> None:
    """Stats gives actors, events, authors, times and bytes as the rows and the file have them."""
    found = answered("stats", "--db", db, "--json").json
    assert found["events"] == found["last_position"] == 30
    assert found["actors"] == {"workflow": 3}
    assert found["names"] == {"workflow.state_persisted.v1": 30}
    authors = [row[3] or "unknown" for row in rows_of(3, 30)]
    assert found["authors"] == {each: authors.count(each) for each in found["authors"]}
    assert sum(found["authors"].values()) == 30
    assert found["first_happened"] == "2020-01-01T00:00:00+01:00"
    assert found["last_happened"] == "2020-01-01T00:00:29+01:00"
    assert found["bytes"] == db.stat().st_size
    assert found["bytes_per_event"] == round(db.stat().st_size / 30)
    assert found["journal_mode"] == "wal"
    shown = answered("stats", "--db", db).out
    assert "30   workflow.state_persisted.v1" in shown


def test_a_log_is_read_while_it_is_written(tmp_path: Path) -> None:
    """Every reading command works, again and again, while another process writes the log."""
    log, db = write_csv(tmp_path / "log.csv", rows_of(30, 12_000)), tmp_path / "log.db"
    process = start("import", log, "--db", db)
    while process.poll() is None and stored(db) < 200:
        pass
    commands = [
        ["replay"], ["verify"], ["stats"], ["log", "--limit", "5"], ["show", "workflow/case%201"],
        ["history", "workflow/case%202"], ["diff", "workflow/case%203", "1", "2"],
    ]  # fmt: skip
    rounds = 0
    while process.poll() is None:
        for command in commands:
            answered(*command, "--db", db, "--json")
        rounds += 1
    assert rounds
    assert process.communicate()[1] == ""
    assert answered("replay", "--db", db, "--json").json["digest"] == digest_of(csv_rows(log))


def test_a_reader_leaves_the_log_as_it_is(db: Path) -> None:
    """No reading command changes a byte of the file."""
    before = db.read_bytes()
    for command in ("replay", "verify", "stats", "log"):
        answered(command, "--db", db)
    assert db.read_bytes() == before
