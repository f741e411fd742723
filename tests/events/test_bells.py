"""A bell rings until it is cleared, whoever rings it, and whoever waits for it hears it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

from retold.events.bells import LoopBell, ThreadBell

WAIT = 5.0


def test_a_bell_rings_until_it_is_cleared() -> None:
    """However often it was rung, or cleared, before."""
    bell = ThreadBell()
    assert not bell.is_set()
    bell.set()
    bell.set()
    assert bell.is_set()
    assert bell.wait(0)
    assert bell.is_set()
    bell.clear()
    bell.clear()
    assert not bell.is_set()


def test_who_waits_in_vain_is_told_so() -> None:
    """After the time that he gave, none or a little, or less than none."""
    bell = ThreadBell()
    assert [bell.wait(seconds) for seconds in (0, -1.0, 0.01)] == [False] * 3
    assert not bell.is_set()


def test_no_ring_is_lost_between_threads() -> None:
    """Two that ring each other in turn, ten thousand times."""
    here, there = ThreadBell(), ThreadBell()

    def answer() -> int:
        for count in range(10_000):
            if not there.wait(WAIT):
                return count
            there.clear()
            here.set()
        return 10_000

    with ThreadPoolExecutor(1) as pool:
        answered = pool.submit(answer)
        for _ in range(10_000):
            there.set()
            assert here.wait(WAIT)
            here.clear()
        assert answered.result(WAIT) == 10_000


def test_many_that_ring_at_once_ring_it() -> None:
    """None of them is told that another was first."""
    for _ in range(200):
        bell, begin = ThreadBell(), threading.Barrier(4)

        def ring(bell: ThreadBell = bell, begin: threading.Barrier = begin) -> None:
            begin.wait(WAIT)
            for _ in range(20):
                bell.set()

        with ThreadPoolExecutor(4) as pool:
            ringers = [pool.submit(ring) for _ in range(4)]
            assert bell.wait(WAIT)
        assert [each.result() for each in ringers] == [None] * 4
        assert bell.is_set()


def test_a_bell_in_a_loop_is_rung_from_any_thread() -> None:
    """And ringing it once the loop is gone does nothing."""

    async def wait() -> LoopBell:
        event = asyncio.Event()
        bell = LoopBell(event)
        await asyncio.to_thread(bell.set)
        await asyncio.wait_for(event.wait(), WAIT)
        return bell

    asyncio.run(wait()).set()
