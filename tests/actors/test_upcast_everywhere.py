"""Whatever reads a log reads old events as those of today: actors, receipts, reactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from eventsourcing.cipher import AESCipher

from retold import ActorSystem, Log, retell
from retold.actors import Stepped
from retold.events import ManualClock
from retold.events.upcast import upcast

from .lasting import Lasting, opened
from .tills import Fill, Filled, Noticed, Till, begin, telling, till

COMPRESSED = {"COMPRESSOR_TOPIC": "eventsourcing.compressor:ZlibCompressor"}

URLS: dict[str, Callable[[Path], tuple[str, dict[str, str]]]] = {
    "memory": lambda folder: ("memory:", {}),
    "sqlite": lambda folder: (f"sqlite:///{folder}/till.db", {}),
    "compressed": lambda folder: (f"sqlite:///{folder}/till.db", COMPRESSED),
    "encrypted": lambda folder: (
        f"sqlite:///{folder}/till.db",
        {
            "CIPHER_TOPIC": "eventsourcing.cipher:AESCipher",
            "CIPHER_KEY": AESCipher.create_key(16),
            **COMPRESSED,
        },
    ),
    "module": lambda folder: (
        "module:eventsourcing.sqlite", {"SQLITE_DBNAME": f"{folder}/library.db"},
    ),
}  # fmt: skip


@pytest.fixture(params=URLS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    """A log of every kind, begun by the older version with takings of 150, 250 and 5 cents."""
    url, settings = URLS[request.param](tmp_path)
    with Log.open(url, clock=ManualClock(), settings=settings) as opened:
        begin(opened, 150, 250, 5)
        yield opened


def test_what_reads_a_log_reads_events_of_today(log: Log) -> None:
    """By address, by position, bare, followed, retold."""
    expected = [Filled(150), Filled(250), Filled(5)]
    assert [each.event for each in log.read("till/a")] == expected
    assert [each.event for each in log.scan(after=1)] == expected[1:]
    assert [each.event for each in islice(log.follow(), 3)] == expected
    assert list(log.events("till/a")) == expected
    assert {each.name for each in log.scan()} == {"till.filled.v1"}
    assert retell(log, "till/a", version=2, behaviour=till) == Till(400)


def test_an_actor_goes_on_where_the_older_version_left_it(log: Log) -> None:
    """Its state is that of all events, old and new; a repeated id gets the old receipt."""
    dispatcher = Stepped()
    with ActorSystem(log, till, dispatcher=dispatcher) as system:
        assert system.state("till/a") == Till(405)
        receipt = system.ref("till/a").ask(Fill(7))
        assert (receipt.version, receipt.state, receipt.events) == (4, Till(412), (Filled(7),))
        again = system.ref("till/a").ask(Fill(250), id="c2")
        assert (again.version, again.position) == (2, 2)
        assert (again.events, again.state) == ((Filled(250),), Till(400))
        stored = [(each.name, each.event) for each in log.read("till/a", after=2)]
        assert stored == [("till.filled.v1", Filled(5)), ("till.filled.v2", Filled(7))]


def test_reactions_are_to_events_of_today(log: Log) -> None:
    """What stood in the log before there were any is reacted to, from its beginning."""
    dispatcher = Stepped()
    with ActorSystem(log, telling, dispatcher=dispatcher) as system:
        dispatcher.run_all()
        assert system.state("till/back") == Till(0, (150, 250, 5))
        assert Noticed(150) in list(log.events("till/back"))
        system.ref("till/a").ask(Fill(1))
        dispatcher.run_all()
        assert system.state("till/back").heard == (150, 250, 5, 1)


def euros(factor: int) -> None:
    """An upcaster that is changed from one deploy to the next."""

    @upcast("till.topped.v1", "till.filled.v2")
    def topped(data: dict[str, Any]) -> dict[str, Any]:
        return {"cents": data["euros"] * factor}


def topped(journal: Lasting, events: int) -> None:
    """What the older version stored at `till/a`: a euro each time."""
    state = b'{"recorded_at":"2026-01-02T03:04:05Z","by":"ada","data":{"euros":1}}'
    journal.write([("till/a", number, "till.topped.v1", state) for number in range(1, events + 1)])


def test_a_snapshot_does_not_outlive_its_upcasters() -> None:
    """What was folded from other events is folded anew; while they stay, it is not.

    The fold names no event, so nothing of its own says which upcasters count.
    """
    journal = Lasting()
    topped(journal, 10)

    def recovered() -> tuple[Any, int]:
        with opened(journal, 10, till) as system:
            journal.rows_read = 0
            read = system.ref("till/a").ask(Fill(0)).state
            return read, journal.rows_read

    euros(10)
    assert recovered() == (Till(100), 10)
    assert journal.version_kept("till/a") == 10
    assert recovered() == (Till(100), 1)
    euros(100)
    assert recovered() == (Till(1000), 10)
    assert recovered() == (Till(1000), 1)
