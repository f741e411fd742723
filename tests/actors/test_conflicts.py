"""Somebody else writes the file: the family reads it anew and decides again, a bounded number of
times; and a commit whose outcome is not known is told as the log has it.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from eventsourcing.persistence import IntegrityError

from retold import ActorSystem, Log, Rejected
from retold.actors import Pool, Stepped
from retold.actors.family import ATTEMPTS
from retold.events import ManualClock
from retold.events.codec import Codec
from retold.events.journal import Due, Row
from retold.events.log_errors import ConcurrencyError, OutcomeUncertain, StorageFailed
from retold.events.recorders import MemoryRecorder

from .totals import (
    WAIT,
    Added,
    Do,
    Total,
    add,
    answers,
    everything,
    nothing,
    totals,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "log.db"


def foreign(path: Path, version: int, n: int, address: str = "total/a") -> None:
    """Add a number by plain SQLite, as a program that knows nothing of leases would."""
    state = f'{{"recorded_at":"2020-01-01T00:00:00Z","by":"foreign","data":{{"n":{n}}}}}'
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "INSERT INTO stored_events"
            " (originator_id, originator_version, topic, state, checksum) VALUES (?, ?, ?, ?, ?)",
            (address, version, "totals.added.v1", state, crc32(state.encode(), version)),
        )
        connection.commit()


def before_each_write(system: ActorSystem, meddle: Callable[[int], None]) -> list[int]:
    """Call `meddle` with 1, 2, 3 … in front of each write; the list holds the rows of each."""
    journal, sizes = system.log.journal, list[int]()
    write = journal.write

    def meddled(rows: Sequence[Row], due: Sequence[Due] = ()) -> Sequence[int]:
        sizes.append(len(rows))
        meddle(len(sizes))
        return write(rows, due)

    journal.write = meddled  # type: ignore[method-assign]  # the last moment before the disk
    return sizes


def double(total: Total, context: Any) -> Any:
    """Add as much as there is, and one."""
    return (Added(total.total + 1),)


@pytest.mark.parametrize("dispatcher", [Pool, lambda: Stepped(turn_size=10)], ids=["pool", "step"])
def test_after_a_foreign_row_the_family_decides_again(path: Path, dispatcher: Any) -> None:
    """Over what is in the log now: receipt, version and state are the second decision's."""
    with ActorSystem.open(f"sqlite:///{path}", totals, dispatcher=dispatcher()) as system:
        ref = system.ref("total/a")
        assert ref.ask(Do(double), timeout=WAIT).state.total == 1
        foreign(path, 2, 100)
        receipt = ref.ask(Do(double), by="bank", id="k", timeout=WAIT)
        assert (receipt.version, receipt.events, receipt.state.total) == (3, (Added(102),), 203)
        assert ref.ask(Do(double), id="k", timeout=WAIT) == receipt
        assert ref.ask(nothing(), timeout=WAIT).version == 3
        assert everything(system) == [
            ("total/a", 1, Added(1)), ("total/a", 2, Added(100)), ("total/a", 3, Added(102)),
        ]  # fmt: skip


def test_a_conflict_is_its_familys_alone(path: Path) -> None:
    """Other families of the same transaction are stored; the one at fault comes after them."""
    stepped = Stepped(turn_size=10)
    with ActorSystem.open(f"sqlite:///{path}", totals, dispatcher=stepped) as system:
        refs = [system.ref(f"total/{name}") for name in "abc"]
        answers(ref.ask(add(), block=False) for ref in refs)
        foreign(path, 2, 50, "total/b")
        asked = [ref.ask(add(n), block=False) for ref in refs for n in (2, 3)]
        found = [(each.version, each.state.total) for each in answers(asked)]
        assert found == [(2, 3), (3, 6), (3, 53), (4, 56), (2, 3), (3, 6)]


def test_after_a_conflict_commands_are_decided_one_by_one(path: Path) -> None:
    """The first alone, so that no other has to wait for its attempts; then together again."""
    stepped = Stepped(turn_size=10)
    with ActorSystem.open(f"sqlite:///{path}", totals, dispatcher=stepped) as system:
        ref = system.ref("total/a")
        ref.ask(add())
        foreign(path, 2, 100)
        sizes = before_each_write(system, lambda _: None)
        found = answers([ref.ask(add(), block=False) for _ in range(3)])
        assert [each.version for each in found] == [3, 4, 5]
        assert sizes == [3, 3, 1, 2]


def test_a_refusal_is_decided_again_too(path: Path) -> None:
    """What it was refused for may be otherwise in the log."""
    stepped = Stepped(turn_size=10)

    def if_small(total: Total, context: Any) -> Any:
        if total.total > 10:
            raise Rejected("enough", total=total.total)
        return (Added(1),)

    with ActorSystem.open(f"sqlite:///{path}", totals, dispatcher=stepped) as system:
        ref = system.ref("total/a")
        ref.ask(add())
        foreign(path, 2, 100)
        asked = [ref.ask(Do(if_small), block=False) for _ in range(2)]
        for error in answers(asked):
            assert isinstance(error, Rejected)
            assert error.facts == {"total": 101}
        assert system.log.version("total/a") == 2


def test_a_conflict_that_comes_again_and_again_ends(path: Path) -> None:
    """After a bounded number of attempts `ConcurrencyError`; the next command goes on."""
    with ActorSystem.open(f"sqlite:///{path}", totals) as system:
        ref, meddling = system.ref("total/a"), [True]
        ref.ask(add(), timeout=WAIT)

        def always(_: int) -> None:
            if meddling[0]:
                foreign(path, system.log.version("total/a") + 1, 1)

        sizes = before_each_write(system, always)
        with pytest.raises(ConcurrencyError) as caught:
            ref.ask(add(7), timeout=WAIT)
        assert caught.value.address == "total/a"
        assert len(sizes) == 2 * (ATTEMPTS + 1)
        meddling[0] = False
        assert ref.ask(add(7), timeout=WAIT).version == 1 + 2 * (ATTEMPTS + 1) + 1
        assert [event for _, _, event in everything(system)].count(Added(7)) == 1


def test_every_asker_of_a_hopeless_turn_is_told() -> None:
    """Commands are decided one by one then: each has its attempts, and its `ConcurrencyError`."""
    journal = Taken()
    with ActorSystem(Log(journal, Codec(), ManualClock()), totals, dispatcher=Stepped()) as system:
        ref = system.ref("total/a")
        found = answers([ref.ask(add(), block=False) for _ in range(3)])
        assert [type(each) for each in found] == [ConcurrencyError] * 3
        assert ref.ask(nothing(), timeout=WAIT).version == 0


class Taken(MemoryRecorder):
    """A journal in which every version is somebody else's."""

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> Any:
        """Refuse."""
        raise IntegrityError("taken")


def test_a_tell_that_is_given_up_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nobody waits for it, so it is said where an operator looks."""
    log = Log(Taken(), Codec(), ManualClock())
    with (
        caplog.at_level(logging.WARNING, "retold"),
        ActorSystem(log, totals, dispatcher=Stepped()) as system,
    ):
        system.ref("total/a").tell(add(7))
    assert "total/a" in caplog.text
    assert "somebody wrote it meanwhile" in caplog.text


class Losing(MemoryRecorder):
    """A journal that breaks at some writes, before or after it stored, and may not be readable."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = list(words)
        self.unreadable = False

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> Any:
        """As the next word says."""
        word = self.words.pop(0) if self.words else ""
        if word == "break":
            raise OSError("it broke")
        stored = super().write(rows, due)
        if word:
            self.unreadable = word == "lose and hide"
            raise OSError("the answer was lost")
        return stored

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Any:
        """Unless they are hidden."""
        if self.unreadable:
            raise OSError("unreadable")
        return super().rows(address, after, upto)


def over(journal: Losing) -> ActorSystem:
    """A system over it."""
    return ActorSystem(Log(journal, Codec(), ManualClock()), totals, dispatcher=Stepped())


def test_a_commit_whose_answer_was_lost_is_answered_truly() -> None:
    """It is there: a receipt. It is not: `StorageFailed`, and the state is as before."""
    with over(Losing("lose", "break")) as system:
        ref = system.ref("total/a")
        assert ref.ask(add(1)).position == 1
        with pytest.raises(StorageFailed):
            ref.ask(add(2), id="k")
        assert ref.ask(nothing()).state.total == 1
        assert ref.ask(add(2), id="k").state.total == 3


def test_an_unknown_outcome_is_told_with_the_id_and_writes_stop() -> None:
    """`OutcomeUncertain`; asked again with the same id after reopening, it has one effect."""
    journal = Losing("", "lose and hide")
    system = over(journal)
    ref = system.ref("total/a")
    ref.ask(add(1))
    with pytest.raises(OutcomeUncertain) as caught:
        ref.ask(add(2), id="k")
    assert caught.value.command_id == "k"
    journal.unreadable = False
    for other in ("total/a", "total/b"):
        with pytest.raises(OutcomeUncertain):
            system.ref(other).ask(add(3))
    with over(journal) as again:
        assert again.ref("total/a").ask(add(2), id="k").state.total == 3
        assert everything(again) == [("total/a", 1, Added(1)), ("total/a", 2, Added(2))]
    system.close()
