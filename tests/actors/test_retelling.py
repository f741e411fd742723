"""Retell: any past state from the log alone, by version or by moment, while others write."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from retold import ActorSystem, Behaviour, Log, retell
from retold.events import ManualClock
from retold.events.errors import BadAddress, BadPoint, NoSuchVersion, UnknownKind
from retold.events.log_errors import NoSuchLog

from .totals import WAIT, Added, Total, add, give, totals

START = datetime(2020, 1, 1, tzinfo=UTC)


def at(hours: float) -> datetime:
    """That many hours after the start."""
    return START + timedelta(hours=hours)


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A log: 1, 2, 3, 4, 5 added, an hour apart; the fourth happened three hours before."""
    made, clock = f"sqlite:///{tmp_path}/log.db", ManualClock(START)
    with ActorSystem.open(made, totals, clock=clock) as system:
        for number in range(1, 6):
            happened = at(0) if number == 4 else None
            system.ref("total/a").ask(add(number), happened_at=happened)
            clock.advance(3_600)
    return made


@pytest.mark.parametrize(("version", "total"), [(0, 0), (1, 1), (3, 6), (5, 15), (None, 15)])
def test_a_state_is_retold_by_version(url: str, version: int | None, total: int) -> None:
    """After that many events; 0 is the beginning, none is now; by URL or by an open log."""
    assert retell(url, "total/a", version=version, behaviour=totals) == Total(total)
    with Log.open(url, read_only=True) as log:
        assert retell(log, "total/a", version=version, behaviour=totals) == Total(total)


@pytest.mark.parametrize(
    ("hours", "total"), [(-1, 0), (0, 1), (0.5, 1), (1, 3), (2, 10), (3, 10), (3.9, 10), (4, 15)]
)
def test_a_state_is_retold_by_moment(url: str, hours: float, total: int) -> None:
    """The versions that had all happened by then; the moment itself is included."""
    assert retell(url, "total/a", at=at(hours), behaviour=totals) == Total(total)


def test_a_moment_without_zone_is_utc(url: str) -> None:
    """And one of another zone is that moment."""
    naive = at(1).replace(tzinfo=None)
    assert retell(url, "total/a", at=naive, behaviour=totals) == Total(3)


@pytest.mark.parametrize(
    "asked", [{"at": "2020-01-01"}, {"at": START.date()}, {"at": 3}, {"version": "3"},
              {"version": 3.0}, {"version": True}]
)  # fmt: skip
def test_what_is_neither_version_nor_point_is_refused(url: str, asked: dict[str, Any]) -> None:
    """A text, a date or a number is `BadPoint`, and never the state of now."""
    with pytest.raises(BadPoint):
        retell(url, "total/a", behaviour=totals, **asked)


@pytest.mark.parametrize("version", [-1, 6, 99])
def test_a_version_that_is_not_there_is_refused(url: str, version: int) -> None:
    """`NoSuchVersion` with what was asked and the last one there is."""
    with pytest.raises(NoSuchVersion) as caught:
        retell(url, "total/a", version=version, behaviour=totals)
    assert (caught.value.asked, caught.value.last) == (version, 5)


def test_what_is_not_there_is_refused(url: str, tmp_path: Path) -> None:
    """An actor without events, a text that is no address, a log that is none, two questions."""
    for asked in (None, 0, 1):
        with pytest.raises(NoSuchVersion):
            retell(url, "total/b", version=asked, behaviour=totals)
    with pytest.raises(BadAddress):
        retell(url, "total", behaviour=totals)
    with pytest.raises(NoSuchLog):
        retell(f"sqlite:///{tmp_path}/none.db", "total/a", behaviour=totals)
    with pytest.raises(ValueError, match="not both"):
        retell(url, "total/a", version=1, at=START, behaviour=totals)
    assert [path.name for path in tmp_path.glob("none*")] == []


def test_retelling_executes_nothing(url: str) -> None:
    """No decision is made and nothing is written."""

    def never(*_: Any) -> Any:
        raise AssertionError("decided again")

    quiet = Behaviour("total", Total(), never)
    assert retell(url, "total/a", behaviour=quiet) == Total(15)
    with Log.open(url, read_only=True) as log:
        assert log.last_position() == 5


def test_readers_see_whole_transactions_while_a_writer_writes(tmp_path: Path) -> None:
    """Each command stores two events: a reader never sees one alone, nor less than before."""
    url = f"sqlite:///{tmp_path}/log.db"
    with ActorSystem.open(url, totals) as system:
        ref, done, seen = system.ref("total/a"), threading.Event(), list[int]()
        ref.ask(give(*add_pair()))

        def read() -> None:
            while not done.is_set():
                seen.append(retell(url, "total/a", behaviour=totals).total)

        reader = threading.Thread(target=read)
        reader.start()
        asked = [ref.ask(give(*add_pair()), block=False) for _ in range(300)]
        for future in asked:
            future.get(timeout=WAIT)
        done.set()
        reader.join()
    assert seen == sorted(seen)
    assert {total % 3 for total in seen} <= {0}
    assert retell(url, "total/a", behaviour=totals).total == 301 * 3


def add_pair() -> tuple[Any, Any]:
    """Two events that come to three."""
    return Added(1), Added(2)


def test_an_answered_ask_is_there_for_every_reader(tmp_path: Path) -> None:
    """Answered means on disk: a reader opened afterwards finds it, with the writer still open."""
    url = f"sqlite:///{tmp_path}/log.db"
    with ActorSystem.open(url, totals) as system:
        for number in range(1, 20):
            receipt = system.ref("total/a").ask(add(), timeout=WAIT)
            assert retell(url, "total/a", version=receipt.version, behaviour=totals).total == number


def test_an_actor_is_not_retold_as_another(url: str) -> None:
    """A behaviour of another kind is refused, with both kinds, before anything is folded."""
    other = Behaviour("sum", Total(0), totals.decide)
    with pytest.raises(UnknownKind, match=r"total/a is of kind 'total'.*given: sum"):
        retell(url, "total/a", behaviour=other)
