"""`retold check`: what it says, how it ends, and that it only reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retold import Log

from .calling import answered, call, refused, start

SHELF = "tests.gateway.shelf"
STATE = '{"recorded_at":"2026-01-01T00:00:00Z","by":"x","data":%s}'


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A log of a shelf, of one that has events nobody knows, and of a kind nobody knows."""
    rows = (
        ("shelf/1", 1, "parcels.packed.v1", '{"what":"tea"}'),
        ("shelf/1", 2, "parcels.packed.v1", '{"that":"tea"}'),
        ("shelf/2", 1, "parcels.burnt.v1", "{}"),
        ("shelf/2", 2, "parcels.returned.v1", '{"answer":"no"}'),
    )
    with Log.open(f"sqlite:///{tmp_path}/shelf.db") as log:
        log.journal.write([(*row[:3], (STATE % row[3]).encode()) for row in rows])
    return tmp_path / "shelf.db"


def test_what_fails_is_shown_and_the_status_is_1(db: Path) -> None:
    """Every event with its place and reason, under what is well."""
    before = db.read_bytes()
    called = call("check", "--db", db, "--module", SHELF)
    assert (called.status, called.err) == (1, "")
    lines = [line.split() for line in called.out.splitlines()]
    assert ["2", "parcels.packed.v1", "1", "UNDECODED", "tests.gateway.shelf.Packed"] in lines
    assert ["1", "parcels.returned.v1", "ok", "tests.gateway.shelf.Returned"] in lines
    assert ["2", "shelf", "known"] in lines
    named = [line[:4] for line in lines if line[1:2] in (["shelf/1"], ["shelf/2"])]
    assert named == [
        ["2", "shelf/1", "2", "parcels.packed.v1"],
        ["3", "shelf/2", "1", "parcels.burnt.v1"],
    ]
    assert called.out.splitlines()[-1] == "2 of 4 events fail"
    assert db.read_bytes() == before


def test_json_has_all_of_it(db: Path) -> None:
    """One document, with the same status."""
    called = call("check", "--db", db, "--module", SHELF, "--json")
    assert called.status == 1
    assert [each["position"] for each in called.json["failures"]] == [2, 3]
    assert called.json["ok"] is False
    assert {each["name"]: each["undecoded"] for each in called.json["names"]} == {
        "parcels.burnt.v1": 1,
        "parcels.packed.v1": 1,
        "parcels.returned.v1": 0,
    }


def test_a_kind_without_a_behaviour_is_a_problem(tmp_path: Path) -> None:
    """No system of this code could recover such an actor, though its events may be known."""
    with Log.open(f"sqlite:///{tmp_path}/attic.db") as log:
        state = (STATE % '{"error":"x"}').encode()
        log.journal.write([("attic/1", 1, "channel.failed.v1", state)])
    called = call("check", "--db", tmp_path / "attic.db")
    assert called.status == 1
    assert "no behaviour is known for attic" in called.out.splitlines()[-1]


def test_a_log_that_fits_ends_well_while_another_process_writes_it(
    db: Path, tmp_path: Path
) -> None:
    """A reader needs no lease, and nothing is a problem in the log of the demonstration."""
    with Log.open(f"sqlite:///{tmp_path}/written.db") as log:
        state = (STATE % '{"what":"tea"}').encode()
        log.journal.write([("shelf/1", 1, "parcels.packed.v1", state)])
        other = start("check", "--db", tmp_path / "written.db", "--module", SHELF, "--json")
        out, err = other.communicate(timeout=60)
    assert (other.returncode, err) == (0, "")
    assert json.loads(out)["events"] == 1
    said = answered("check", "--db", tmp_path / "written.db", "--module", SHELF)
    assert said.out.splitlines()[-1] == "1 events checked: every one decodes and is taken"


BROKEN = """
from retold import Behaviour
from retold.events.saga import Saga
from retold.events.upcast import upcast

@upcast("half.finished.v1")
def half(data):
    return data

half_done = Behaviour("half", Saga(), lambda state, command, context: ())
"""


def test_a_chain_that_leads_nowhere_is_one_line(db: Path, tmp_path: Path) -> None:
    """Whatever the log holds, this code opens none."""
    (tmp_path / "half.py").write_text(BROKEN)
    process = start("check", "--db", db, "--module", tmp_path / "half.py")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert "half.finished.v2, which has neither class nor upcaster" in err


def test_a_log_that_is_not_there_is_told(tmp_path: Path) -> None:
    """As by every command that reads."""
    assert "no log at" in refused("check", "--db", tmp_path / "none.db")
