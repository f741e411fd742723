"""`retold dead-letters`: what could not be carried out is listed, tried again or dropped."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from retold import ActorSystem
from retold.actors import Stepped
from retold.actors.courier import ATTEMPTS, DELAYS
from retold.events import ManualClock

from . import shelf
from .calling import answered, call, refused

MODULE = "tests.gateway.shelf"


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Path]:
    """A log with three dead letters: a tell that failed, and two sends of reactions."""
    logging.disable(logging.CRITICAL)
    shelf.SHUT.append("shut")
    path, clock, turns = tmp_path / "shelf.db", ManualClock(), Stepped()
    with ActorSystem.open(
        f"sqlite:///{path}", shelf.shelf, clock=clock, dispatcher=turns
    ) as system:
        system.ref("shelf/back").tell(shelf.Pack("tea"), by="ann", id="told")
        for what in ("jam", "oil"):
            system.ref("shelf/front").ask(shelf.Order(what), by="bob")
        for delay in (0.0, *DELAYS):
            clock.advance(delay)
            turns.run_all()
    shelf.SHUT.clear()
    yield path
    shelf.SHUT.clear()
    logging.disable(logging.NOTSET)


def on_the_shelf(db: Path, name: str) -> list[str]:
    """What is there."""
    shown = answered("show", f"shelf/{name}", "--db", db, "--module", MODULE, "--json").json
    found: list[str] = shown["state"]["what"]
    return found


def test_they_are_listed_with_what_stood_in_the_way(db: Path) -> None:
    """Id, address, attempts, command and error; --json has all of it."""
    out = answered("dead-letters", "list", "--db", db).out
    assert "told" in out
    assert "shelf/back" in out
    assert "Pack(what='jam')" in out
    assert "ZeroDivisionError" in out
    found = answered("dead-letters", "list", "--db", db, "--json").json
    assert [(each["id"], each["by"], each["attempts"]) for each in found] == [
        ("told", "ann", 1),
        ("r.1.0", "bob", ATTEMPTS),
        ("r.3.0", "bob", ATTEMPTS),
    ]
    assert found[1]["command"] == {"name": "parcels.pack", "data": {"what": "jam"}}


def test_they_are_tried_again(db: Path) -> None:
    """One by its id, then all: each has its effect once, and waits no more."""
    out = answered("dead-letters", "retry", "r.3.0", "--db", db, "--module", MODULE).out
    assert out == "r.3.0 retried\n"
    assert on_the_shelf(db, "back") == ["oil"]
    out = answered("dead-letters", "retry", "--all", "--db", db, "--module", MODULE).out
    assert out == "told retried\nr.1.0 retried\n"
    assert on_the_shelf(db, "back") == ["oil", "tea", "jam"]
    assert answered("dead-letters", "list", "--db", db).out == "no dead letters\n"
    assert answered("dead-letters", "retry", "--all", "--db", db, "--module", MODULE).out == ""


def test_they_are_dropped(db: Path) -> None:
    """What a reaction sent counts as refused: its answer goes back to who sent it."""
    answered("dead-letters", "drop", "told", "r.1.0", "--db", db, "--module", MODULE)
    assert on_the_shelf(db, "front") == ["refused"]
    left = answered("dead-letters", "list", "--db", db, "--json").json
    assert [each["id"] for each in left] == ["r.3.0"]


def test_what_fails_again_goes_on_waiting(db: Path) -> None:
    """One line for each on stderr, status 1, and one attempt more on the list."""
    shelf.SHUT.append("shut")
    called = call("dead-letters", "retry", "--all", "--db", db, "--module", MODULE)
    assert (called.status, called.out) == (1, "")
    assert len(called.err.splitlines()) == 3
    found = answered("dead-letters", "list", "--db", db, "--json").json
    assert [each["attempts"] for each in found] == [2, ATTEMPTS + 1, ATTEMPTS + 1]


def test_a_letter_that_is_not_there_is_told(db: Path) -> None:
    """As are a log that is not there, no id, and ids together with --all."""
    line = call("dead-letters", "drop", "nobody", "--db", db, "--module", MODULE).err
    assert "No dead letter nobody waits" in line
    assert "no log" in refused("dead-letters", "drop", "x", "--db", db.with_name("none.db")).lower()
    assert not db.with_name("none.db").exists()
    assert "--all" in refused("dead-letters", "retry", "--db", db)
    assert "--all" in refused("dead-letters", "retry", "x", "--all", "--db", db)


def test_a_log_in_use_is_told(db: Path) -> None:
    """Retrying writes, and one system writes a file at a time."""
    with ActorSystem.open(f"sqlite:///{db}"):
        line = refused("dead-letters", "retry", "--all", "--db", db, "--module", MODULE)
    assert "is being written by" in line
