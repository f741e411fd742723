"""Asks that race a stop or the end of the system: every one resolves, and the log says the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pykka
import pytest

from retold import ActorSystem, Log
from retold.actors import Future, Receipt
from retold.events import ManualClock
from retold.events.codec import Codec
from retold.events.recorders import MemoryRecorder

from .totals import WAIT, add, answers, note, totals, wait_for

THREADS, EACH = 8, 1_250
"""Ten thousand asks."""


class Kept(MemoryRecorder):
    """A journal that can be read when its log was closed."""

    def close(self) -> None:
        """Stay open."""


def rush(
    system: ActorSystem, addresses: list[str], meanwhile: Callable[[], Any]
) -> list[Future[Receipt]]:
    """Ten thousand asks from eight threads, with something else happening half way."""
    refs = [system.ref(address) for address in addresses]
    asked: list[list[Future[Receipt]]] = [[] for _ in range(THREADS)]
    half, over = threading.Barrier(THREADS + 1), threading.Event()

    def ask(mine: list[Future[Receipt]], who: int) -> None:
        for number in range(EACH):
            if number == EACH // 2:
                half.wait(WAIT)
            elif number == EACH - 1:
                over.wait(WAIT)  # so that some asks come after it, however fast the others were
            what = note([who, number])
            mine.append(refs[(who + number) % len(refs)].ask(what, block=False))

    threads = [threading.Thread(target=ask, args=(asked[who], who)) for who in range(THREADS)]
    for thread in threads:
        thread.start()
    half.wait(WAIT)
    meanwhile()
    over.set()
    for thread in threads:
        thread.join()
    return [future for mine in asked for future in mine]


def check(asked: list[Future[Receipt]], log: Log, addresses: list[str]) -> tuple[int, int]:
    """Every ask resolved; the receipts are what the log has, without a gap; how many of each."""
    found = answers(asked)
    assert len(found) == THREADS * EACH
    receipts = [each for each in found if isinstance(each, Receipt)]
    dead = [each for each in found if isinstance(each, pykka.ActorDeadError)]
    assert len(receipts) + len(dead) == len(found)
    stored = list(log.scan())
    assert sorted(each.position for each in receipts) == [each.position for each in stored]
    by_position = {each.position: each for each in stored}
    assert all(by_position[r.position].event == r.events[0] for r in receipts)
    for address in addresses:
        versions = [each.version for each in stored if each.address == address]
        assert versions == list(range(1, len(versions) + 1))
    return len(receipts), len(dead)


def test_ten_thousand_asks_that_race_a_close_resolve() -> None:
    """Those that were accepted are in the log; the others are told that the system is closed."""
    log = Log(Kept(), Codec(), ManualClock())
    system = ActorSystem(log, totals)
    addresses = [f"total/{number}" for number in range(20)]
    asked = rush(system, addresses, system.close)
    stored, _dead = check(asked, log, addresses)
    assert stored >= THREADS * (EACH // 2)
    assert all(future.done for future in asked)


def test_ten_thousand_asks_that_race_stops_resolve() -> None:
    """Half of the actors are stopped while they are asked: by the others nobody is disturbed."""
    log = Log(Kept(), Codec(), ManualClock())
    addresses = [f"total/{number}" for number in range(10)]
    with ActorSystem(log, totals) as system:
        stops: list[Any] = []

        def stop() -> None:
            stops.extend(system.ref(address).stop(block=False) for address in addresses[::2])

        asked = rush(system, addresses, stop)
        _stored, dead = check(asked, log, addresses)
        assert answers(stops) == [True] * 5
        assert dead > 0
        assert sum(log.version(address) for address in addresses[1::2]) == THREADS * EACH // 2


def test_ten_thousand_asks_that_race_stop_all_resolve() -> None:
    """pykka's `stop_all` under load: each actor is stopped once, and no ask is left waiting."""
    log = Log(Kept(), Codec(), ManualClock())
    addresses = [f"total/{number}" for number in range(10)]
    with ActorSystem(log, totals) as system:
        stops: list[Any] = []

        def stop() -> None:
            stops.extend(pykka.ActorRegistry.stop_all(timeout=WAIT))

        asked = rush(system, addresses, stop)
        _stored, dead = check(asked, log, addresses)
        assert stops == [True] * 10
        assert dead > 0
        assert pykka.ActorRegistry.get_all() == []


def test_blocking_asks_race_a_close(pool: ActorSystem) -> None:
    """Threads that wait for each answer all come to their end."""
    found: list[Any] = []

    def ask() -> None:
        ref = pool.ref("total/a")
        while True:
            try:
                found.append(ref.ask(add(), timeout=WAIT).version)
            except pykka.ActorDeadError:
                return

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    pool.ref("total/b").ask(add(), timeout=WAIT)
    pool.close()
    for thread in threads:
        thread.join(WAIT)
    assert not any(thread.is_alive() for thread in threads)
    assert sorted(found) == list(range(1, len(found) + 1))


def test_stopping_twice_answers_both(pool: ActorSystem) -> None:
    """Also when the first is not through yet."""
    ref, gate = pool.ref("total/a"), threading.Event()
    ref.tell(wait_for(gate))
    stops: list[Any] = [ref.stop(block=False), ref.stop(block=False)]
    gate.set()
    assert answers(stops) == [True, True]
    with pytest.raises(pykka.ActorDeadError):
        ref.ask(add(), timeout=WAIT)


def test_a_stop_that_races_the_end_of_the_system_is_answered() -> None:
    """It came when the last turn was over: it does not wait for another one."""
    entered, go, found = threading.Event(), threading.Event(), []

    class Late(ActorSystem):
        def stop(self, actor: Any, done: Any) -> None:
            entered.set()
            go.wait(WAIT)
            super().stop(actor, done)

    system = Late.open("memory:", totals)
    ref = system.ref("total/a")
    thread = threading.Thread(target=lambda: found.append(ref.stop(timeout=WAIT)))
    thread.start()
    entered.wait(WAIT)
    system.close()
    go.set()
    thread.join()
    assert not isinstance(found[0], pykka.Timeout)


def test_an_ask_that_comes_behind_the_end_is_told() -> None:
    """It looked while the system was open and came into the inbox when it had ended."""
    entered, go = threading.Event(), threading.Event()

    class Late(ActorSystem):
        def next_id(self) -> str:
            entered.set()
            go.wait(WAIT)
            return super().next_id()

    system, found = Late.open("memory:", totals), list[Any]()
    ref = system.ref("total/a")
    thread = threading.Thread(target=lambda: found.extend(answers([ref.ask(add(), block=False)])))
    thread.start()
    entered.wait(WAIT)
    system.close()
    go.set()
    thread.join()
    assert [type(each) for each in found] == [pykka.ActorDeadError]


def test_what_waits_behind_a_stop_is_told(stepped: ActorSystem) -> None:
    """In one inbox: what was sent before is decided, what was sent after is not."""
    ref, other = stepped.ref("total/a"), stepped.ref("total/a/total/b")
    asked: list[Any] = [ref.ask(add(), block=False), ref.stop(block=False)]
    asked += [ref.ask(add(), block=False), other.ask(add(), block=False)]
    found = answers(asked)
    assert [found[0].version, found[1], found[3].version] == [1, True, 1]
    assert isinstance(found[2], pykka.ActorDeadError)
    assert stepped.log.version("total/a") == 1


def test_a_stopped_actor_can_be_asked_for_again(system: ActorSystem) -> None:
    """A new reference finds it in the log; the old one stays dead."""
    old = system.ref("total/a")
    old.ask(add(5), timeout=WAIT)
    old.stop(timeout=WAIT)
    new = system.ref("total/a")
    receipt = new.ask(add(1), timeout=WAIT)
    assert (receipt.version, receipt.state.total) == (2, 6)
    assert not old.is_alive()
    with pytest.raises(pykka.ActorDeadError):
        old.ask(add())


def test_a_stop_comes_behind_what_was_sent_before(system: ActorSystem) -> None:
    """Those messages are decided, then it stops."""
    ref = system.ref("total/a")
    asked = [ref.ask(add(), block=False) for _ in range(20)]
    ref.stop(timeout=WAIT)
    assert [receipt.version for receipt in answers(asked)] == list(range(1, 21))


def test_closing_twice_is_closing(system: ActorSystem) -> None:
    """The second call does nothing; a closed system has no refs to give."""
    ref = system.ref("total/a")
    system.close()
    system.close()
    with pytest.raises(pykka.ActorDeadError):
        system.ref("total/a")
    with pytest.raises(pykka.ActorDeadError):
        ref.ask(add())
    assert answers([ref.ask(add(), block=False)])[0].__class__ is pykka.ActorDeadError


def test_a_close_that_runs_out_of_time_says_so_to_whoever_waits() -> None:
    """A decision that never ends holds its own family: those behind it are told, and it closes."""
    gate = threading.Event()
    system = ActorSystem.open("memory:", totals)
    ref = system.ref("total/a")
    held = ref.ask(wait_for(gate), block=False)
    waiting = ref.ask(add(), block=False)
    other = system.ref("total/b").ask(add(), block=False)
    other.get(timeout=WAIT)
    system.close(timeout=0.05)
    found = answers([held, waiting])
    assert [type(each) for each in found] == [pykka.ActorDeadError] * 2
    gate.set()
