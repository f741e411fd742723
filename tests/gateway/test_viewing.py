"""`retold views`, `view`, `rebuild`, `tail`, `subscriptions`, and views in `verify --deep`."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from tests.projections.takings import Takings, takings, tally, till

from retold import ActorSystem, Log
from retold.projections.runner import Projections
from retold.projections.standard import audit

from .calling import call, refused, start

MODULE = "tests.projections.takings"
PATIENCE = 30.0


@pytest.fixture
def taken() -> Takings:
    """What was taken."""
    return Takings()


@pytest.fixture
def db(tmp_path: Path, taken: Takings) -> Path:
    """A log of thirty events with two views, ten behind, and a subscription."""
    path = tmp_path / "tills.db"
    with ActorSystem.open(f"sqlite:///{path}", till) as system:
        taken.take(system, 20)
        with Projections(system.log, takings, tally) as views:
            views.wait("takings", taken.position, PATIENCE)
            views["takings"].pause()
        system.log.subscribe("mailer", "till").ack(12)
        taken.take(system, 10)
    return path


def test_views_are_listed(db: Path) -> None:
    """With how far they are, and how they stand."""
    lines = call("views", "--db", db).out.splitlines()
    assert lines[1].split() == ["takings", "1", "20", "10", "20", "paused"]
    (found,) = json.loads(call("views", "--db", db, "--json").out)
    assert (found["name"], found["position"], found["lag"]) == ("takings", 20, 10)


def test_a_rebuilt_view_is_shown(db: Path, taken: Takings) -> None:
    """`rebuild` brings it to the end of the log, `view` shows its tables or a query."""
    assert "30 events up to position 30" in call("rebuild", "--db", db, "--module", MODULE).out
    shown = json.loads(call("view", "takings", "--db", db, "--json").out)
    assert sorted(tuple(each.values()) for each in shown["takings"]) == taken.rows
    total = call("view", "takings", "--db", db, "--sql", "SELECT sum(cents) AS c FROM takings")
    assert total.out.split() == ["c", str(sum(taken.cents.values()))]


def test_a_view_in_the_past(db: Path) -> None:
    """Of tables and of an object in memory, at a position, a number of events, a time."""
    for at in ("#7", "v7", "position:7"):
        call_ = ("--db", db, "--module", MODULE, "--at", at, "--json")
        stored = json.loads(call("view", "takings", *call_).out)["takings"]
        counted = json.loads(call("view", "tally", *call_).out)
        assert {each["till"]: each["times"] for each in stored} == counted
        assert sum(counted.values()) == 7
    before = call("view", "tally", "--db", db, "--module", MODULE, "--at", "2001-01-01", "--json")
    assert json.loads(before.out) == {}


def test_what_is_not_there_is_named(db: Path) -> None:
    """No such view, no such projection, nothing to rebuild: one line that says what to do."""
    assert "takings" in refused("view", "takes", "--db", db)
    assert "takings, tally" in refused(
        "view", "takes", "--db", db, "--at", "#1", "--module", MODULE
    )
    assert "--module" in refused("rebuild", "--db", db)


def test_a_view_that_is_not_what_the_log_makes_is_named(db: Path) -> None:
    """`verify --deep` makes each known view anew, and names the row."""
    assert call("verify", "--deep", "--db", db, "--module", MODULE).status == 0
    with closing(sqlite3.connect(f"{db}-views/takings.db")) as view, view:
        view.execute("UPDATE takings SET cents = cents + 1 WHERE till = 'till/3'")
    called = call("verify", "--deep", "--db", db, "--module", MODULE)
    assert called.status == 1
    assert "'takings'" in called.out
    assert "till/3" in called.out


def test_a_damaged_view_hides_no_other_and_is_made_anew(db: Path, taken: Takings) -> None:
    """It is listed as failed with what to do, and `rebuild` does it."""
    with (
        Log.open(f"sqlite:///{db}", read_only=True) as log,
        Projections(log, audit, threads=False) as views,
    ):
        views.catch_up()
    Path(f"{db}-views/takings.db").write_bytes(b"no database")
    Path(f"{db}-views/empty.db").touch()
    with closing(sqlite3.connect(f"{db}-views/other.db")) as other:
        other.execute("CREATE TABLE mine (a)")
    trail, takes = json.loads(call("views", "--db", db, "--json").out)
    assert (trail["name"], trail["failure"], trail["lag"]) == ("audit", "", 0)
    assert (takes["name"], takes["lag"]) == ("takings", 30)
    assert takes["failure"].endswith("retold rebuild takings")
    assert "retold rebuild takings" in refused("view", "takings", "--db", db)
    checked = call("verify", "--deep", "--db", db, "--module", MODULE)
    assert checked.status == 1
    assert "the view 'takings' cannot be compared" in " ".join(checked.out.split())
    assert "'audit'" not in checked.out
    assert call("rebuild", "--db", db, "--module", MODULE).status == 0
    shown = json.loads(call("view", "takings", "--db", db, "--json").out)
    assert sorted(tuple(each.values()) for each in shown["takings"]) == taken.rows
    assert call("verify", "--deep", "--db", db, "--module", MODULE).status == 0


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("DELETE FROM takings", "readonly"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELECT ?", "bindings"),
        ("ATTACH ':memory:' AS x", "selects nothing"),
        ("", "selects nothing"),
    ],
)
def test_a_query_that_is_none_is_told(db: Path, query: str, reason: str) -> None:
    """With what is wrong with it; of a view as it stood, too, and wherever there are no tables."""
    said = f"retold: --sql {query!r} cannot be shown: "
    line = refused("view", "takings", "--db", db, "--sql", query)
    assert line.startswith(said)
    assert reason in line
    past = ("--module", MODULE, "--at", "#7")
    assert refused("view", "takings", "--db", db, *past, "--sql", query).startswith(said)
    assert "in memory" in refused("view", "tally", "--db", db, "--module", MODULE, "--sql", query)


def test_what_json_has_no_word_for_is_a_text(db: Path) -> None:
    """An infinite sum is shown, and the output stays JSON."""

    def none(constant: str) -> object:
        raise AssertionError(constant)

    query = "SELECT 9e999 AS most, -9e999 AS least, x'ff' AS bytes, NULL AS none"
    out = call("view", "takings", "--db", db, "--json", "--sql", query).out
    assert json.loads(out, parse_constant=none) == [
        {"most": "inf", "least": "-inf", "bytes": "/w==", "none": None}
    ]


def test_subscriptions_are_listed_paused_and_removed(db: Path) -> None:
    """By the command line, from another process than their consumer's."""

    def listed() -> list[dict[str, object]]:
        found: list[dict[str, object]] = json.loads(
            call("subscriptions", "list", "--db", db, "--json").out
        )
        return found

    (found,) = listed()
    assert (found["name"], found["position"], found["lag"], found["paused"]) == (
        "mailer", 12, 18, False,
    )  # fmt: skip
    assert call("subscriptions", "pause", "mailer", "--db", db).status == 0
    assert listed()[0]["paused"] is True
    assert call("subscriptions", "resume", "mailer", "--db", db).status == 0
    assert call("subscriptions", "remove", "mailer", "--db", db).status == 0
    assert listed() == []
    assert "'mailer'" in refused("subscriptions", "pause", "mailer", "--db", db)


def test_tail_shows_the_last_and_what_comes(db: Path, taken: Takings) -> None:
    """Another process writes while it runs; filters hold for both, each event comes once."""
    process = start(
        "tail", "--db", str(db), "--module", MODULE, "--last", "2", "--count", "6", "--json",
        "--by", "cashier 1",
    )  # fmt: skip
    assert process.stdout is not None
    first = [json.loads(process.stdout.readline()) for _ in range(2)]
    with ActorSystem.open(f"sqlite:///{db}", till) as system:
        taken.take(system, 60)
    out, _ = process.communicate(timeout=PATIENCE)
    found = first + [json.loads(line) for line in out.splitlines()]
    assert process.returncode == 0
    assert {each["by"] for each in found} == {"cashier 1"}
    positions = [each["position"] for each in found]
    assert len(positions) == 6
    assert positions == sorted({*positions})
    assert positions[1] <= 30 < positions[2]


def test_tail_ends_where_its_file_is_another(db: Path) -> None:
    """It does not look as if nothing happened any more."""
    process = start("tail", "--db", str(db), "--module", MODULE, "--last", "1")
    assert process.stdout is not None
    process.stdout.readline()
    db.rename(db.with_name("old.db"))
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (1, "")
    assert "it was replaced or moved" in err


def test_tail_of_one_actor_in_words(db: Path) -> None:
    """One line an event, whole, from after a position."""
    lines = call(
        "tail", "till/3", "--db", db, "--module", MODULE, "--after", "0", "--count", "2"
    ).out.splitlines()
    assert len(lines) == 2
    assert all(" till/3 v" in line and "cash counted  day: cents=" in line for line in lines)
