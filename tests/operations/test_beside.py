"""What stands beside a log, views and subscriptions, is examined with it, each by itself."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import attrs
import pytest

from retold import ActorSystem, Log
from retold.gateway.inspection import inspect
from retold.gateway.kinds import Kinds
from retold.projections.runner import Projections

from ..gateway.calling import call
from ..projections.takings import Takings, takings, till

KINDS = Kinds(till, projections=(takings,))
MODULE = "tests.projections.takings"
OTHER = attrs.evolve(takings, name="other")


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of thirty events, a view that has them all and one that no module defines."""
    path = tmp_path / "tills.db"
    with ActorSystem.open(f"sqlite:///{path}", till) as system:
        Takings().take(system, 30)
        with Projections(system.log, takings, threads=False) as views:
            views.catch_up()
    return path


def view(log: Path, name: str = "takings") -> Path:
    """The file of a view."""
    return log.parent / "tills.db-views" / f"{name}.db"


def changed(log: Path, statement: str) -> list[str]:
    """What is wrong after a statement was carried out in the view."""
    with closing(sqlite3.connect(view(log), isolation_level=None)) as plain:
        plain.execute(statement)
    return reasons(log)


def reasons(log: Path, kinds: Kinds = KINDS) -> list[str]:
    """What is wrong."""
    return [each.reason for each in inspect(str(log), kinds).problems]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("UPDATE takings SET cents = cents + 1 WHERE till = 'till/3'", "till/3"),
        ("DELETE FROM takings WHERE till = 'till/3'", "till/3"),
        ("UPDATE retold_view SET position = 29", "takings"),
        ("UPDATE retold_view SET position = 80", "stands after the end of the log, 30"),
        ("UPDATE retold_view SET events = 3", "was told 3 events, .* there are 30"),
        ("UPDATE retold_view SET told = 7", "the last at 7, .* the last at 30"),
        ("UPDATE retold_view SET version = 9", "is of version 9 of its projection, not 1"),
        ("DELETE FROM retold_view", "cannot be compared"),
        ("DROP TABLE retold_view", "cannot be compared"),
        ("DROP TABLE takings", "is in one of them only"),
    ],
)
def test_what_is_wrong_in_a_view_is_named(log: Path, statement: str, reason: str) -> None:
    """Its rows, and what it says of itself: its place, its version, what it was told."""
    assert reasons(log) == []
    found = changed(log, statement)
    assert any(re.search(reason, each) for each in found), found


def test_one_damaged_view_hides_no_other(log: Path) -> None:
    """Each is compared by itself; `retold views` lists them all, and others can be rebuilt."""
    view(log, "aaa").write_bytes(b"no database")
    (damaged,) = reasons(log)
    assert "'aaa' cannot be compared" in damaged
    assert "file is not a database" in damaged
    both = changed(log, "UPDATE takings SET cents = 0")
    assert (len(both), both[0]) == (2, damaged)
    listed = call("views", "--db", log).out.splitlines()
    assert [line.split()[0] for line in listed[1:]] == ["aaa", "takings"]
    assert call("rebuild", "takings", "--db", log, "--module", MODULE).status == 0
    assert reasons(log) == [damaged]
    view(log, "aaa").unlink()
    assert reasons(log) == []


def test_a_view_of_an_unknown_projection_is_named(log: Path) -> None:
    """It was not compared, and that is said."""
    with (
        Log.open(f"sqlite:///{log}", read_only=True) as opened,
        Projections(opened, OTHER, threads=False) as views,
    ):
        views.catch_up()
    (found,) = reasons(log)
    assert "'other' was not compared" in found
    assert "--module" in found
    assert reasons(log, Kinds(till, projections=(takings, OTHER))) == []


def test_a_subscription_is_examined(log: Path) -> None:
    """One after the end of the log, as after a log was put back by hand; a file that is none."""
    with Log.open(f"sqlite:///{log}") as opened:
        opened.subscribe("mailer", "till").ack(30)
    assert reasons(log) == []
    places = log.with_name("tills.db-subscriptions")
    with closing(sqlite3.connect(places, isolation_level=None)) as plain:
        plain.execute("UPDATE subscriptions SET position = 31")
    (found,) = reasons(log)
    assert "'mailer' stands after the end of the log, 30" in found
    places.write_bytes(b"no database")
    (found,) = reasons(log)
    assert "could not be read" in found
    assert "tills.db-subscriptions" in found


@pytest.mark.parametrize("end", [b"", b"junk", None])
def test_a_seal_that_is_of_no_use_is_named(log: Path, end: bytes | None) -> None:
    """Empty, damaged, or a folder: a problem, and nobody says that bytes were compared."""
    seal = log.with_name("tills.db-seal")
    assert inspect(str(log), KINDS).sealed
    seal.unlink()
    if end is None:
        seal.mkdir()
    else:
        seal.write_bytes(end)
    found = inspect(str(log), KINDS)
    assert (len(found.problems), found.sealed) == (1, False)
    assert "tills.db-seal" in found.problems[0].reason
    said = call("verify", "--deep", "--db", log, "--module", MODULE)
    assert "every byte of the file" not in said.out
