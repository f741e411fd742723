"""So many may be at something at once, and whoever ends it can wait for them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from retold.events.places import Places

WAIT = 5.0


def test_no_more_are_at_it_than_there_are_places() -> None:
    """Three places are all taken by eight threads, and never a fourth."""
    places, counting = Places(3), threading.Condition()
    inside, seen = set[int](), list[int]()

    def work() -> None:
        for _ in range(20):
            with places.one():
                with counting:
                    inside.add(threading.get_ident())
                    seen.append(len(inside))
                    counting.notify_all()
                    assert counting.wait_for(lambda: 3 in seen, WAIT)
                with counting:
                    inside.remove(threading.get_ident())

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(work) for _ in range(8)]:
            done.result()
    assert max(seen) == 3
    assert inside == set()


def test_whoever_ends_it_waits_for_those_who_are_at_it() -> None:
    """And no longer."""
    places, at_it, go_on = Places(2), threading.Barrier(3), threading.Event()
    left = []

    def work() -> None:
        with places.one():
            at_it.wait(WAIT)
            assert go_on.wait(WAIT)
            left.append(True)

    with ThreadPoolExecutor(3) as pool:
        workers = [pool.submit(work) for _ in range(2)]
        at_it.wait(WAIT)
        ended = pool.submit(places.wait_for_all)
        assert not ended.done()
        go_on.set()
        ended.result(WAIT)
        assert len(left) == 2
        for worker in workers:
            worker.result(WAIT)


def test_those_who_find_none_free_wait_for_different_ones() -> None:
    """So that one that stays long holds up some of them alone."""
    places = Places(2)
    with places.one() as _, places.one() as _:
        assert places.one() is not places.one()
