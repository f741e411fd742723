"""What pykka and the eventsourcing library get wrong, line by line, and what holds here instead."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pykka
import pytest

from retold import ActorSystem, Log, retell
from retold.events import Append
from retold.events.codec import Codec
from retold.events.errors import NotACommand, Unstorable

from .totals import (
    WAIT,
    Added,
    Noted,
    add,
    answers,
    everything,
    fail,
    give,
    note,
    nothing,
    refuse,
    totals,
    wait_for,
)


def test_an_exception_under_ask_leaves_state_and_log_unchanged(system: ActorSystem) -> None:
    """Also when it is raised half way; the asker gets the error itself."""
    ref = system.ref("total/a")
    ref.ask(add(5), timeout=WAIT)
    before = everything(system)
    with pytest.raises(ZeroDivisionError, match="a bug"):
        ref.ask(fail(ZeroDivisionError("a bug")), timeout=WAIT)
    with pytest.raises(Unstorable):
        ref.ask(give(Added(1), Noted(object())), timeout=WAIT)
    assert everything(system) == before
    assert ref.ask(nothing(), timeout=WAIT).state.total == 5


def test_an_exception_under_tell_leaves_the_actor_alive(
    system: ActorSystem, caplog: pytest.LogCaptureFixture
) -> None:
    """It is reported with what was asked, and later tells are carried out."""
    ref = system.ref("total/a")
    with caplog.at_level(logging.WARNING, "retold"):
        for what in (fail(ZeroDivisionError("a bug")), refuse("not now"), add(5)):
            ref.tell(what)
        assert ref.ask(nothing(), timeout=WAIT).state.total == 5
    assert ref.is_alive()
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 2
    assert "total/a" in said[0]
    assert "not now" in said[1]


def test_an_ask_that_races_a_stop_resolves(pool: ActorSystem) -> None:
    """Of many asks around a stop each has its receipt or `ActorDeadError`, and none is lost."""
    ref = pool.ref("total/a")
    asked = [ref.ask(add(), block=False) for _ in range(100)]
    stopped = ref.stop(block=False)
    asked += [ref.ask(add(), block=False) for _ in range(100)]
    found = answers(asked)
    assert stopped.get(timeout=WAIT) is True
    dead = [each for each in found if isinstance(each, pykka.ActorDeadError)]
    assert len(found) - len(dead) == pool.log.version("total/a") >= 100
    with pytest.raises(pykka.ActorDeadError):
        ref.ask(add())
    with pytest.raises(pykka.ActorDeadError):
        ref.tell(add())
    assert not ref.is_alive()


def test_who_asks_for_an_actor_gets_its_recovery_error(
    pool: ActorSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log that does not add up is told to every asker, and it is told anew each time."""
    pool.log.append(Append("account/a", 0, (Added(1),)), Append("total/a", 0, (Noted(1),)))
    broken = pool.ref("total/b")
    pool.log.append(Append("total/b", 0, (Added(1),)))
    rows = pool.log.journal.rows

    def unreadable(address: str, *bounds: Any) -> Any:
        if address == "total/b":
            raise ZeroDivisionError("damaged")
        return rows(address, *bounds)

    monkeypatch.setattr(pool.log.journal, "rows", unreadable)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="damaged"):
            broken.ask(add(), timeout=WAIT)
    assert pool.ref("total/a").ask(nothing(), timeout=WAIT).version == 1
    monkeypatch.setattr(pool.log.journal, "rows", rows)
    assert broken.ask(add(), timeout=WAIT).version == 2


def test_a_proxy_cannot_set_an_attribute(system: ActorSystem) -> None:
    """State changes by events only; it can be looked at."""
    ref = system.ref("total/a")
    ref.ask(add(5), timeout=WAIT)
    proxy: Any = ref.proxy()
    for name in ("state", "version", "anything"):
        with pytest.raises(NotACommand, match="by events only"):
            setattr(proxy, name, 99)
    assert proxy.state.get(timeout=WAIT).total == 5
    assert (proxy.version.get(), proxy.address.get()) == (1, "total/a")
    assert ref.ask(nothing(), timeout=WAIT).state.total == 5


def test_await_does_not_block_the_event_loop(pool: ActorSystem) -> None:
    """What the loop has to do meanwhile is what lets the decision go on."""
    ref, gate = pool.ref("total/a"), threading.Event()

    async def main() -> int:
        asked = ref.ask(wait_for(gate), block=False)
        asyncio.get_running_loop().call_soon(gate.set)
        return (await asked).version

    assert asyncio.run(main()) == 0


def test_ten_thousand_actors_need_no_thread_each(tmp_path: Path) -> None:
    """Each has a committed event and an answered ask, on the pool's two threads; all come back."""
    before, url = threading.active_count(), f"sqlite:///{tmp_path}/log.db"
    with ActorSystem.open(url, totals) as system:
        asked = [system.ref(f"total/{n}").ask(add(n), block=False) for n in range(10_000)]
        assert threading.active_count() <= before + 2
        assert sum(each.get(timeout=60).state.total for each in asked) == 10_000 * 9_999 // 2
        assert sum(1 for _ in system.refs()) == 10_000
        assert len(pykka.ActorRegistry.get_all()) == 10_000
    assert pykka.ActorRegistry.get_all() == []
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        count = "SELECT count(DISTINCT originator_id), count(*) FROM stored_events"
        assert connection.execute(count).fetchone() == (10_000, 10_000)


def test_idle_actors_sleep_and_come_back(stepped: ActorSystem) -> None:
    """An actor that was put to sleep is as it was when its next message comes."""
    ref = stepped.ref("total/a")
    ref.ask(give(Added(5), Noted("x")))
    actor = stepped.actor("total/a")
    actor.sleep()
    again = ref.ask(add(1))
    assert (again.version, again.state.total, again.state.notes) == (3, 6, ("x",))


@pytest.mark.parametrize("error", [SystemExit(3), GeneratorExit(), BaseException("x")], ids=repr)
def test_a_base_exception_in_one_actor_stops_no_other(
    system: ActorSystem, error: BaseException
) -> None:
    """It is the asker's answer; its family and all others go on."""
    ref = system.ref("total/a")
    with pytest.raises(type(error)):
        ref.ask(fail(error), timeout=WAIT)
    assert ref.ask(add(), timeout=WAIT).version == 1
    assert system.ref("total/b").ask(add(), timeout=WAIT).version == 1


def test_a_position_is_never_used_again(tmp_path: Path) -> None:
    """Not even after somebody deleted the last row by other means."""
    url = f"sqlite:///{tmp_path}/log.db"
    with ActorSystem.open(url, totals) as system:
        assert system.ref("total/a").ask(give(Added(1), Added(2))).position == 2
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        connection.execute("DELETE FROM stored_events WHERE originator_version = 2")
        connection.commit()
    with ActorSystem.open(url, totals) as system:
        assert system.ref("total/a").ask(add()).position == 3


def test_the_stored_name_is_no_import_path(tmp_path: Path) -> None:
    """It is the event's own, so that its class may move."""
    with Log.open(f"sqlite:///{tmp_path}/log.db") as log:
        log.append(Append("total/a", 0, (Added(1),)))
    with closing(sqlite3.connect(tmp_path / "log.db")) as connection:
        topics = connection.execute("SELECT topic FROM stored_events").fetchall()
    assert topics == [("totals.added.v1",)]


@pytest.mark.parametrize(
    "what", [(1, 2), {1: "x"}, {"a": (1,)}, float("nan"), [float("inf")], b"x"], ids=repr
)
def test_what_json_would_change_is_refused(system: ActorSystem, what: Any) -> None:
    """Tuples, keys that are no text and NaN do not come back as they went: nothing is stored."""
    with pytest.raises(Unstorable) as caught:
        system.ref("total/a").ask(note(what), timeout=WAIT)
    assert (caught.value.event, caught.value.field) == ("totals.noted.v1", "what")
    assert everything(system) == []
    with pytest.raises(Unstorable):
        Codec().encode(Noted(what), "", "", "")


def test_what_is_accepted_is_not_lost(tmp_path: Path) -> None:
    """Tells that nobody waited for are in the log when the system was closed in an orderly way."""
    url = f"sqlite:///{tmp_path}/log.db"
    with ActorSystem.open(url, totals) as system:
        for number in range(500):
            system.ref(f"total/{number % 10}").tell(add(number))
    total = sum(retell(url, f"total/{n}", behaviour=totals).total for n in range(10))
    assert total == 500 * 499 // 2
