"""Storage refuses for a while: whoever waits is told, and what nobody waits for comes later."""

from __future__ import annotations

import logging

import pytest

from retold import Receipt

from .errands import MINUTE
from .examination import drive
from .faults import EVER, Fault
from .scenarios import Asking, prepare
from .stores import MemoryStore, numbers
from .totals import add


def test_receipts_that_cannot_be_read_are_told() -> None:
    """Whether an id was used before is not known then: the asker gets the error, and may repeat."""
    store = MemoryStore()
    with store.open() as system:
        prepare(system)
        store.arm(EVER, Fault(""))
        store.broken["rows"] = 1
        asking = Asking(system)
        asking.add("k1", "total/a", 1)
        drive(system)
        assert isinstance(asking.asked[0].told, OSError)
        asking.add("k1", "total/a", 1)
        drive(system)
        assert isinstance(asking.asked[1].told, Receipt)


def test_a_timer_whose_commit_failed_rings_again() -> None:
    """Nobody asks meanwhile: a little later it is tried again, until storage takes it."""
    store = MemoryStore()
    with store.open() as system:
        prepare(system)
        asking = Asking(system)
        asking.start("k1", 1)
        drive(system)
        store.arm(1, Fault("full", {"write": 2}))
        store.clock.advance(MINUTE)
        for _ in range(12):
            drive(system)
            store.clock.advance(1)
        assert not store.broken["write"]
        assert numbers(store, "errand.lapsed.v1") == [1]


def test_a_reaction_that_storage_refuses_is_sent_again() -> None:
    """As often as it takes, and it is nobody's fault: it becomes no dead letter."""
    store = MemoryStore()
    with store.open() as system:
        prepare(system)
        asking = Asking(system)
        store.arm(2, Fault("full", {"write": 9}))
        asking.start("k1", 1)
        for _ in range(10):
            drive(system)
            assert numbers(store, "errand.counted.v1") == []
            store.clock.advance(1)
        drive(system)
        assert numbers(store, "errand.counted.v1") == [1]
        assert system.letters.waiting() == []


def test_a_tell_in_doubt_is_logged_with_its_id(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it; whoever reads the report can send it again under the same id."""
    store = MemoryStore()
    with caplog.at_level(logging.ERROR, "retold"), store.open() as system:
        prepare(system)
        store.arm(1, Fault("after", {"reopen": 1}))
        asking = Asking(system)
        asking.tell("k1", "total/a", add(1), ("total/a", 1))
        asking.tell("k2", "total/b", add(2), ("total/b", 2))
        drive(system)
    said = [record.getMessage() for record in caplog.records]
    assert [("command k1 " in each, "command k2 " in each) for each in said] == [
        (True, False), (False, True),
    ]  # fmt: skip
