"""Recovery: whoever is needed at once after a restart is recovered a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from retold import ActorSystem, Behaviour, state
from retold.actors import Pool
from retold.actors.options import Options
from retold.actors.recovery import AT_ONCE, Recovery
from retold.events import Log, ManualClock
from retold.events.codec import Codec
from retold.events.journal import StoredRow

from .lasting import Lasting
from .totals import WAIT, Added, add, nothing, totals

POOL = 2
"""Threads of a pool."""


class Gauge:
    """How many recoveries run, and how many rows they hold that are not folded yet."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.asked = self.running = self.most = self.held = self.most_held = self.done = 0
        self.gate = threading.Event()
        self.gate.set()

    def count(self, asked: int = 0, running: int = 0, held: int = 0) -> None:
        """Something begins (1) or ends (-1)."""
        with self.changed:
            self.asked += asked
            self.running += running
            self.held += held
            self.done += running < 0
            self.most = max(self.most, self.running)
            self.most_held = max(self.most_held, self.held)
            self.changed.notify_all()

    def until(self, **wanted: int) -> bool:
        """Wait until so many are asked for or running."""
        with self.changed:
            return self.changed.wait_for(
                lambda: all(getattr(self, name) >= count for name, count in wanted.items()), WAIT
            )


gauge = Gauge()


@pytest.fixture(autouse=True)
def _new_gauge() -> Iterator[None]:
    gauge.__init__()  # type: ignore[misc]  # the state below knows this one
    yield
    gauge.gate.set()


@state
class Heavy:
    """A total whose fold is counted, and goes on only when the gate is open."""

    total: int = 0

    def evolve(self, event: Any) -> Any:
        """One more."""
        return Heavy(self.total + event.n)

    def fold(self, events: Iterable[Any]) -> Heavy:
        """All of them, one by one."""
        gauge.count(running=1)
        gauge.gate.wait(WAIT)
        total = self.total
        for event in events:
            total += event.n
            gauge.count(held=-1)
        gauge.count(running=-1)
        return Heavy(total)


heavy = Behaviour("heavy", Heavy(), totals.decide)


class Metered(Lasting):
    """Tells the gauge of each row that is read."""

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows."""
        for row in super().rows(address, after, upto):
            gauge.count(held=1 if address.startswith("heavy/") else 0)
            yield row


def restarted(actors: int, events: int) -> ActorSystem:
    """A system over the log of many actors, none of which it has recovered yet."""
    journal, codec, clock = Metered(), Codec(), ManualClock()
    name, tail, _ = codec.encode(Added(1), "bob", "", "cause")
    (stored,) = codec.seal([tail], clock.now())
    for version in range(1, events + 1):
        journal.write([(f"heavy/{number}", version, name, stored) for number in range(actors)])
    log = Log(journal, codec, clock)
    return ActorSystem(
        log, heavy, totals, dispatcher=Pool(POOL), options=Options(snapshot_every=0), seed="seed"
    )


def test_many_threads_recover_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each blocking ask recovers its actor itself; all but a few wait for their place."""
    recovered = Recovery.recovered

    def counted(recovery: Recovery, address: str, behaviour: Behaviour) -> Any:
        gauge.count(asked=1)
        return recovered(recovery, address, behaviour)

    monkeypatch.setattr(Recovery, "recovered", counted)
    many = 5 * AT_ONCE
    with restarted(many, 3) as system, ThreadPoolExecutor(many) as threads:
        gauge.gate.clear()
        refs = [system.ref(f"heavy/{number}") for number in range(many)]
        answers = [threads.submit(ref.ask, nothing(), timeout=2 * WAIT) for ref in refs]
        assert gauge.until(asked=many, running=AT_ONCE)
        assert gauge.running == AT_ONCE
        gauge.gate.set()
        assert {answer.result().state for answer in answers} == {Heavy(3)}
    assert gauge.most == AT_ONCE


def test_the_pool_does_not_wait_for_them() -> None:
    """However many threads recover their actors: it has turns to take, and wakes who is asleep."""
    with restarted(2 * AT_ONCE, 3) as system, ThreadPoolExecutor(2 * AT_ONCE) as threads:
        gauge.gate.clear()
        refs = [system.ref(f"heavy/{number}") for number in range(2 * AT_ONCE)]
        answers = [threads.submit(ref.ask, nothing(), timeout=2 * WAIT) for ref in refs]
        assert gauge.until(running=AT_ONCE)
        for _ in range(2):
            future = system.ref("total/asleep").ask(add(), block=False)
            assert future.get(timeout=WAIT).version
        assert not any(answer.done() for answer in answers)
        gauge.gate.set()
        assert {answer.result().state for answer in answers} == {Heavy(3)}


def test_a_storm_holds_up_nobody_else() -> None:
    """While the pool is busy with recoveries, who is awake answers, and who sleeps wakes up."""
    with restarted(100, 3) as system:
        system.ref("total/awake").ask(add(), timeout=WAIT)
        gauge.gate.clear()
        storm = [system.ref(f"heavy/{number}").ask(add(), block=False) for number in range(100)]
        assert gauge.until(running=2)
        assert system.ref("total/awake").ask(add(), timeout=WAIT).version == 2
        assert system.ref("total/asleep").ask(add(), timeout=WAIT).version == 1
        assert not any(future.done for future in storm)
        gauge.gate.set()
        assert {future.get(timeout=WAIT).state for future in storm} == {Heavy(4)}


@pytest.mark.parametrize(
    ("actors", "events"), [(300, 60), pytest.param(5_000, 200, marks=pytest.mark.soak)]
)
def test_a_storm_is_folded_as_it_is_read(actors: int, events: int) -> None:
    """All at once: each is recovered once, one a thread, and hardly an event is held."""
    with restarted(actors, events) as system:
        refs = [system.ref(f"heavy/{number}") for number in range(actors)]
        storm = [ref.ask(add(), block=False) for ref in refs]
        assert {future.get(timeout=60 * WAIT).state for future in storm} == {Heavy(events + 1)}
    assert gauge.done == actors
    assert 1 <= gauge.most <= POOL
    assert 1 <= gauge.most_held <= POOL


def test_a_recovery_that_fails_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """As often as it is tried: there is always a place for the next."""
    with restarted(1, 3) as system:

        def torn(*_: Any) -> Any:
            raise ArithmeticError("unreadable")

        monkeypatch.setattr(system.log.journal, "rows", torn)
        for _ in range(2 * AT_ONCE):
            with pytest.raises(ArithmeticError):
                system.ref("heavy/0").ask(nothing(), timeout=WAIT)
        monkeypatch.undo()
        assert system.ref("heavy/0").ask(nothing(), timeout=WAIT).state == Heavy(3)
