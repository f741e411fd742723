"""Futures: one answer, any number of waiters, awaited without blocking the loop."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

import pykka
import pytest

from retold import ActorSystem
from retold.actors import Future
from retold.actors.asynchronous import AsyncSystem
from retold.events.errors import AskInsideDecide

from .totals import WAIT, Do, add, fail, nothing, refuse, wait_for


def test_an_answer_is_given_once() -> None:
    """A second one raises as pykka's futures do, whichever of the two is an error."""
    future: Future[int] = Future()
    assert not future.done
    future.set(1)
    for second in (lambda: future.set(2), lambda: future.fail(ValueError()), future.set_exception):
        with pytest.raises(queue.Full):
            second()
    assert future.done
    assert [future.get(), future.get(timeout=0)] == [1, 1]


def test_an_error_is_raised_to_every_waiter() -> None:
    """As often as it is asked for."""
    future: Future[int] = Future()
    future.fail(ZeroDivisionError("x"))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError, match="x"):
            future.get()


def test_the_exception_at_hand_is_an_answer() -> None:
    """`set_exception` takes `sys.exc_info()`, that of a caller, or says that there is none."""
    handled: Future[int] = Future()
    try:
        raise ZeroDivisionError("at hand")  # noqa: TRY301 - it is what is at hand
    except ZeroDivisionError:
        handled.set_exception()
    with pytest.raises(ZeroDivisionError, match="at hand"):
        handled.get()
    told: Future[int] = Future()
    told.set_exception((ValueError, ValueError("told"), None))
    with pytest.raises(ValueError, match="told"):
        told.get()
    none: Future[int] = Future()
    none.set_exception()
    with pytest.raises(RuntimeError, match="no exception"):
        none.get()


def test_time_runs_out() -> None:
    """`pykka.Timeout`, at once for no time at all; the answer may still come."""
    future: Future[int] = Future()
    for seconds in (0, 0.01, -1):
        with pytest.raises(pykka.Timeout):
            future.get(timeout=seconds)
    future.set(5)
    assert future.get(timeout=0) == 5


def test_who_waited_in_vain_is_told_for_whom(pool: ActorSystem, gate: threading.Event) -> None:
    """Which actor was asked what, how long, and what to do; a timeout of its own is left alone."""
    ref = pool.ref("total/a")
    ref.tell(wait_for(gate))
    with pytest.raises(pykka.Timeout, match=r"total/a was asked Do: no answer within 0\.01 s"):
        ref.ask(add(), timeout=0.01)
    gate.set()
    with pytest.raises(pykka.Timeout, match=r"^its own$"):
        ref.ask(fail(pykka.Timeout("its own")), timeout=WAIT)


def test_many_threads_wait_for_one_answer() -> None:
    """All of them get it, those that came before and those that came after."""
    future: Future[int] = Future()
    ready, got = threading.Barrier(9), queue.SimpleQueue[int]()

    def wait() -> None:
        ready.wait(WAIT)
        got.put(future.get(timeout=WAIT))

    threads = [threading.Thread(target=wait) for _ in range(8)]
    for thread in threads:
        thread.start()
    ready.wait(WAIT)
    future.set(7)
    for thread in threads:
        thread.join()
    assert [got.get() for _ in threads] == [7] * 8


def test_a_waiter_that_races_the_answer_is_told() -> None:
    """A thousand times a callback is added while another thread answers: none is missed or
    doubled.
    """
    for _ in range(1_000):
        future: Future[int] = Future()
        told: list[int] = []
        thread = threading.Thread(target=future.set, args=(1,))
        thread.start()
        future.when_done(lambda told=told: told.append(1))
        thread.join()
        assert told == [1]


def test_map_filter_join_and_reduce_work_on_answers(pool: ActorSystem) -> None:
    """pykka's own, over our futures: each computes when it is asked for."""
    refs = [pool.ref(f"total/{name}") for name in "abc"]
    asked = [ref.ask(add(n), block=False) for n, ref in enumerate(refs, 1)]
    first, *others = asked
    assert first.map(lambda receipt: receipt.state.total * 10).get(timeout=WAIT) == 10
    found = first.join(*others).get(timeout=WAIT)
    assert [receipt.state.total for receipt in found] == [1, 2, 3]
    lists: Future[list[int]] = Future()
    lists.set([1, 2, 3, 4])
    plain: Any = lists
    assert plain.filter(lambda n: n % 2).get() == [1, 3]
    assert plain.reduce(lambda total, n: total + n, 10).get() == 20
    computed: list[int] = []
    plain.map(computed.append)
    assert computed == []
    with pytest.raises(queue.Full):
        lists.set_get_hook(lambda timeout: 1)
    assert lists.get() == [1, 2, 3, 4]


def test_awaiting_leaves_the_loop_free(pool: ActorSystem) -> None:
    """The loop goes on while a decision takes its time, also for a mapped future."""
    ref = pool.ref("total/a")

    async def main(mapped: bool) -> list[Any]:
        gate, ticked = threading.Event(), []
        asked: Any = ref.ask(wait_for(gate), block=False)
        asyncio.get_running_loop().call_soon(lambda: (ticked.append(gate.is_set()), gate.set()))
        waited = asked.map(lambda receipt: "mapped") if mapped else asked
        ticked.append(await waited)
        return ticked

    assert asyncio.run(main(True)) == [False, "mapped"]
    ticked = asyncio.run(main(False))
    assert (ticked[0], ticked[1].version) == (False, 0)


def test_many_tasks_await_many_answers(pool: ActorSystem) -> None:
    """A hundred at once, and several at the same future."""
    refs = [pool.ref(f"total/{number % 7}") for number in range(100)]

    async def main() -> list[Any]:
        asked = [ref.ask(add(), block=False) for ref in refs]

        async def one(future: Any) -> Any:
            return await future

        return await asyncio.gather(*(one(future) for future in (*asked, asked[0], asked[0])))

    found = asyncio.run(main())
    assert found[-1] == found[0]
    assert sum(receipt.version == 1 for receipt in found[:100]) == 7


def test_an_error_is_raised_where_it_is_awaited(pool: ActorSystem) -> None:
    """A refusal comes out of `await` as out of `get`, whether it is there already or not."""
    ref = pool.ref("total/a")

    async def main(wait_first: bool) -> None:
        asked = ref.ask(fail(ZeroDivisionError("bug")), block=False)
        if wait_first:
            done = threading.Event()
            asked.when_done(done.set)
            done.wait(WAIT)
        await asked

    for wait_first in (False, True):
        with pytest.raises(ZeroDivisionError):
            asyncio.run(main(wait_first))


def test_a_closed_loop_does_not_disturb_the_answer(pool: ActorSystem) -> None:
    """Whoever awaited it gave up and its loop is gone: the actor goes on, the answer is there."""
    ref, gate = pool.ref("total/a"), threading.Event()
    asked = ref.ask(wait_for(gate), block=False)

    async def give_up() -> None:
        await asyncio.wait_for(asyncio.ensure_future(_wait(asked)), timeout=0.01)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(give_up())
    gate.set()
    assert asked.get(timeout=WAIT).version == 0
    assert ref.ask(add(), timeout=WAIT).version == 1


async def _wait(future: Any) -> Any:
    """A coroutine that waits, for loops want one."""
    return await future


@pytest.mark.parametrize("how", ["ask", "get", "another's", "proxy", "stop", "await", "tasks"])
def test_nothing_waits_inside_a_decision(system: ActorSystem, how: str) -> None:
    """`AskInsideDecide` at once, whichever way it tries; the family goes on and nothing
    is stored.
    """
    ref, other = system.ref("total/a"), system.ref("total/b")
    ways: dict[str, Any] = {
        "ask": lambda *_: other.ask(add()),
        "get": lambda *_: ref.ask(add(), block=False).get(timeout=0.2),
        "another's": lambda *_: other.ask(nothing(), block=False).get(),
        "proxy": lambda *_: other.ask(refuse(), timeout=0.1),
        "stop": lambda *_: other.stop(timeout=0.2),
        "await": lambda *_: asyncio.run(_wait(ref.ask(add(), block=False))),
        "tasks": lambda *_: asyncio.run(AsyncSystem(system).ref("total/b").ask(add())),
    }
    with pytest.raises(AskInsideDecide):
        ref.ask(Do(ways[how]), timeout=WAIT)
    assert ref.ask(nothing(), timeout=WAIT).events == ()
    assert system.state("total/b").total == 0


def test_a_cycle_of_asks_is_told_with_its_path(system: ActorSystem) -> None:
    """Who asked whom: an ask cycle cannot close, and its first step is named."""
    ref, other = system.ref("total/a"), system.ref("total/b")
    with pytest.raises(AskInsideDecide, match="total/a -> total/b") as refused:
        ref.ask(Do(lambda *_: other.ask(Do(lambda *_: ref.ask(add())))), timeout=WAIT)
    assert (refused.value.asker, refused.value.address) == ("total/a", "total/b")


def test_a_decision_may_send_without_waiting(system: ActorSystem) -> None:
    """A tell, or an ask whose answer it does not wait for, is decided after it."""
    ref, sent = system.ref("total/a"), []

    def send(*_: Any) -> Any:
        ref.tell(add(10))
        sent.append(ref.ask(add(100), block=False))
        return ()

    ref.ask(Do(send), timeout=WAIT)
    assert sent[0].get(timeout=WAIT).state.total == 110
