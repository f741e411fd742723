"""Group commit: in order, many batches a transaction, and each told once what became of it."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from eventsourcing.persistence import IntegrityError

from retold import Log
from retold.events import commit
from retold.events.commit import Committer
from retold.events.log import Append
from retold.events.log_errors import OutcomeUncertain, StorageFailed, StorageFull

from .batches import Told, faulty_log
from .things import Noted


def stored(log: Log) -> list[list[object]]:
    """What is in the log, by position."""
    return [each.event.what for each in log.scan()]


def together(committer: Committer, log: Log, *batches: Told) -> Told:
    """Submit batches while a first one is being told, so that they wait and go together."""

    def submit_all() -> None:
        for each in batches:
            committer.submit(each)

    first = Told(log, "first/a", 1, on=submit_all)
    committer.submit(first)
    return first


def test_a_batch_alone_is_stored_at_once() -> None:
    """On the thread that submits it, in one transaction, told once with its positions."""
    log, journal = faulty_log()
    committer = Committer(log)
    batch = Told(log, "a/a", 1, 2)
    committer.submit(batch)
    assert batch.said == [("committed", [1, 2])]
    assert (committer.transactions, journal.sizes) == (1, [2])


def test_waiting_batches_share_a_transaction() -> None:
    """Three that wait are one write, in the order in which they were submitted."""
    log, journal = faulty_log()
    committer = Committer(log)
    batches = [Told(log, f"a/{name}", 1, 2) for name in "cab"]
    together(committer, log, *batches)
    assert journal.sizes == [1, 6]
    assert committer.transactions == 2
    assert [each.said for each in batches] == [
        [("committed", [2, 3])], [("committed", [4, 5])], [("committed", [6, 7])],
    ]  # fmt: skip
    assert [what[0] for what in stored(log)][1::2] == ["a/c", "a/a", "a/b"]


@pytest.mark.parametrize(("cap", "value"), [("MAX_ROWS", 3), ("MAX_BYTES", 120)])
def test_a_transaction_has_a_cap(cap: str, value: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By rows and by bytes: what waits beyond it goes into the next one."""
    monkeypatch.setattr(commit, cap, value)
    log, journal = faulty_log()
    committer = Committer(log)
    batches = [Told(log, f"a/{number}", 1, 2) for number in range(5)]
    together(committer, log, *batches)
    assert journal.sizes == [1, 4, 4, 2]
    assert all(len(each.said) == 1 for each in batches)


def test_a_guest_leads_one_transaction_and_passes_on() -> None:
    """What came in meanwhile is another thread's work."""
    log, journal = faulty_log()
    passed: list[Callable[[], None]] = []
    committer = Committer(log, passed.append)
    later = Told(log, "a/later", 1)
    first = Told(log, "a/first", 1, on=lambda: committer.submit(later))
    committer.submit(first, guest=True)
    assert (first.said, later.said) == ([("committed", [1])], [])
    assert committer.has(later)
    assert not committer.has(first)
    for work in passed:
        work()
    assert later.said == [("committed", [2])]
    assert journal.sizes == [1, 1]


@pytest.mark.parametrize(
    "error", [StorageFull("f", "full"), StorageFailed("f", "no")], ids=lambda e: type(e).__name__
)
def test_when_nothing_was_stored_every_batch_is_told(error: Exception) -> None:
    """The error itself; and the next submit works again."""
    log, journal = faulty_log()
    committer = Committer(log)
    batches = [Told(log, f"a/{name}", 1) for name in "ab"]
    journal.writes = [None, error]
    together(committer, log, *batches)
    assert [each.said for each in batches] == [[error], [error]]
    again = Told(log, "a/a", 1)
    committer.submit(again)
    assert again.said == [("committed", [2])]


def test_a_taken_version_hits_its_own_batch_alone() -> None:
    """Of three that wait together the one at fault is told; the others are stored."""
    log, _journal = faulty_log()
    log.append(Append("a/b", 0, (Noted("foreign"),)))
    committer = Committer(log)
    batches = [Told(log, f"a/{name}", 1) for name in "abc"]
    together(committer, log, *batches)
    assert [each.said for each in batches] == [
        [("committed", [3])], ["conflicted"], [("committed", [4])],
    ]  # fmt: skip
    assert stored(log) == ["foreign", ["first/a", 1], ["a/a", 1], ["a/c", 1]]


def test_a_lost_answer_is_read_back() -> None:
    """The rows are there though the write raised: every batch is told its true positions."""
    log, journal = faulty_log()
    committer = Committer(log)
    batches = [Told(log, f"a/{name}", 1, 2) for name in "ab"]
    journal.writes = [None, "lose"]
    together(committer, log, *batches)
    assert [each.said for each in batches] == [[("committed", [2, 3])], [("committed", [4, 5])]]


def test_a_broken_write_is_found_not_stored() -> None:
    """Nothing is there: every batch is told so, and a repeat goes in."""
    log, journal = faulty_log()
    committer = Committer(log)
    batch = Told(log, "a/a", 1)
    journal.writes = ["break"]
    committer.submit(batch)
    assert isinstance(batch.said[0], StorageFailed)
    assert stored(log) == []
    again = Told(log, "a/a", 1)
    committer.submit(again)
    assert again.said == [("committed", [1])]


def test_rows_of_another_are_not_taken_for_ours() -> None:
    """A version that somebody else holds is not found stored by its number alone."""
    log, journal = faulty_log()
    log.append(Append("a/a", 0, (Noted("foreign"),)))
    committer = Committer(log)
    batch = Told(log, "a/a", 1)
    journal.writes = [OSError("unknown")]
    committer.submit(batch)
    assert isinstance(batch.said[0], StorageFailed)
    assert stored(log) == ["foreign"]


@pytest.mark.parametrize("word", ["lose", "break"])
def test_after_a_conflict_an_uncertain_write_is_read_back_too(word: str) -> None:
    """One by one as in one go: what the log holds is what is told, and the next one goes on."""
    log, journal = faulty_log()
    committer = Committer(log)
    batches = [Told(log, f"a/{name}", 1) for name in "ab"]
    journal.writes = [None, IntegrityError("taken"), word]
    together(committer, log, *batches)
    first = [("committed", [2])] if word == "lose" else batches[0].said
    assert batches[0].said == first
    assert (word == "break") == isinstance(first[0], StorageFailed)
    assert batches[1].said == [("committed", [3 if word == "lose" else 2])]


def test_what_cannot_be_read_back_is_uncertain_and_stops_all_writes() -> None:
    """`OutcomeUncertain` with the commands' ids, for this batch and for every later one."""
    log, journal = faulty_log()
    committer = Committer(log)
    batch, later = Told(log, "a/a", 1), Told(log, "a/b", 1)
    journal.writes, journal.reads = ["lose"], [OSError("unreadable")]
    committer.submit(batch)
    committer.submit(later)
    assert isinstance(batch.said[0], OutcomeUncertain)
    assert batch.said[0].command_id == "c-a/a"
    assert isinstance(later.said[0], OutcomeUncertain)
    assert stored(log) == [["a/a", 1]]


def test_a_batch_that_fails_when_told_does_not_stop_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its fault is logged; those before and after it are told, and the next one is stored."""
    log, _journal = faulty_log()
    committer = Committer(log)

    def stumble() -> None:
        raise RuntimeError("it cannot take it")

    batches = [Told(log, "a/a", 1), Told(log, "a/b", 1, on=stumble), Told(log, "a/c", 1)]
    together(committer, log, *batches)
    assert [each.said for each in batches] == [[("committed", [at])] for at in (2, 3, 4)]
    assert "could not take" in caplog.text
    after = Told(log, "a/d", 1)
    committer.submit(after)
    assert after.said == [("committed", [5])]


def test_many_threads_lose_no_batch() -> None:
    """Each of 2,000 batches from eight threads is told once, and a stream keeps its order."""
    log, journal = faulty_log()
    committer = Committer(log)
    batches = [[Told(log, f"a/{who}", number) for number in range(1, 251)] for who in range(8)]

    def submit(mine: list[Told]) -> None:
        for batch in mine:
            committer.submit(batch)

    threads = [threading.Thread(target=submit, args=(mine,)) for mine in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {len(each.said) for mine in batches for each in mine} == {1}
    for who in range(8):
        mine = [each.event.what[1] for each in log.read(f"a/{who}")]
        assert mine == list(range(1, 251))
    assert log.last_position() == 2_000
    assert committer.transactions == len(journal.sizes)
