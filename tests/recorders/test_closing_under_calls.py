"""A journal is closed under its readers: they are told, and it is closed once they are out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest
from eventsourcing.popo import POPOApplicationRecorder

from retold.events.journal import Journal
from retold.events.log_errors import LogClosed
from retold.events.recorders import AdoptedJournal

from .conftest import KINDS

PATIENCE = 30.0


class Slow(POPOApplicationRecorder):
    """A recorder whose answer is long in coming."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.may_answer = threading.Event(), threading.Event()

    def max_notification_id(self) -> int | None:
        """As late as the test wants."""
        self.asked.set()
        assert self.may_answer.wait(PATIENCE)
        return super().max_notification_id()


def is_closed(journal: Journal) -> bool:
    """Whether it refuses to be read."""
    try:
        journal.version("thing/a")
    except LogClosed:
        return True
    return False


def test_a_recorder_is_not_closed_under_a_call() -> None:
    """Whoever closes it lets nobody in any more, and waits for who is in; and gets his answer."""
    slow, closed = Slow(), threading.Event()
    journal = AdoptedJournal(slow, "slow", closed.set)
    with ThreadPoolExecutor(2) as threads:
        answer = threads.submit(journal.last_position)
        assert slow.asked.wait(PATIENCE)
        closing = threads.submit(journal.close)
        assert any(is_closed(journal) for _ in count())
        assert not closed.wait(0.1)
        slow.may_answer.set()
        assert (answer.result(PATIENCE), closing.result(PATIENCE)) == (0, None)
    assert closed.is_set()


@pytest.mark.parametrize("kind", KINDS)
def test_closing_under_many_readers(kind: str, tmp_path: Path) -> None:
    """Each reads until it is told that the journal is closed; nothing else comes to anybody."""

    def read_on(what: Callable[[], object], begun: threading.Barrier) -> None:
        begun.wait(PATIENCE)
        for _ in count():
            what()

    for number in range(10):
        folder = tmp_path / str(number)
        folder.mkdir()
        journal, begun = KINDS[kind](folder), threading.Barrier(5)
        journal.write([("thing/a", 1, "thing.done.v1", b'{"recorded_at":"2026-01-01T00:00:00Z"}')])
        reads = (journal.last_position, lambda kept=journal: list(kept.scan())) * 2
        with ThreadPoolExecutor(len(reads)) as threads:
            reading = [threads.submit(read_on, each, begun) for each in reads]
            begun.wait(PATIENCE)
            journal.close()
            assert {type(each.exception(PATIENCE)) for each in reading} == {LogClosed}
