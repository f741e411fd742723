"""Whoever waits for a position gets what he wrote himself, or is told why not."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from retold import Log
from retold.events import Append
from retold.projections.errors import ProjectionStopped
from retold.projections.runner import Projections

from .tills import PATIENCE, Paid, at, expected, fill, in_memory, seen, stored

WRITERS, WRITES = 6, 40


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    """A log in a file, empty."""
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}") as opened:
        yield opened


@pytest.mark.parametrize("name", ["memory", "stored"])
def test_writers_read_what_they_wrote(log: Log, name: str) -> None:
    """Many threads write and wait, each for its own event, and each finds it in the view."""

    def work(number: int) -> None:
        address = f"till/w{number}"
        for version in range(WRITES):
            done = log.append(Append(address, version, (Paid(number + 1),)))
            projections.wait(name, done.positions[-1], PATIENCE)
            with projections.view(name) as view:
                events, total = seen(view)[address]
            assert events == version + 1
            assert total == (version + 1) * (number + 1)

    with (
        Projections(log, in_memory(), stored()) as projections,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        assert len(list(pool.map(work, range(WRITERS)))) == WRITERS
        assert projections[name].events == WRITERS * WRITES


@pytest.mark.parametrize("threads", [True, False])
@pytest.mark.parametrize("name", ["memory", "stored"])
def test_tasks_read_what_they_wrote(log: Log, name: str, threads: bool) -> None:
    """The same awaited by many tasks at once, with the runner's threads and without."""

    async def work(projections: Projections, number: int) -> None:
        address = f"till/w{number}"
        for version in range(10):
            done = await asyncio.to_thread(
                log.append, Append(address, version, (Paid(number + 1),))
            )
            async with asyncio.timeout(PATIENCE):
                await projections[name].reached(done.positions[-1])
            with projections.view(name) as view:
                assert seen(view)[address][0] == version + 1

    async def all_of_them() -> None:
        with Projections(log, in_memory(), stored(), threads=threads) as projections:
            await asyncio.gather(*(work(projections, n) for n in range(WRITERS)))

    asyncio.run(all_of_them())


def test_who_waits_for_what_will_not_come_is_told(log: Log) -> None:
    """By the failure, or by the end of the runner, on a thread and in a loop alike."""
    told = list[str]()

    def wait(projections: Projections, name: str) -> None:
        with pytest.raises(ProjectionStopped) as stopped:
            projections.wait(name, 300, PATIENCE)
        told.append(str(stopped.value))

    async def reach(projections: Projections, name: str) -> None:
        with pytest.raises(ProjectionStopped) as stopped:
            await projections[name].reached(300)
        told.append(str(stopped.value))

    with Projections(log, in_memory(at(150)), stored()) as projections:
        waiting = [
            threading.Thread(target=wait, args=(projections, name)) for name in ("memory", "stored")
        ] + [
            threading.Thread(target=lambda name=name: asyncio.run(reach(projections, name)))
            for name in ("memory", "stored")
        ]
        for each in waiting:
            each.start()
        fill(log, 200)
        projections.wait("stored", 200, PATIENCE)
        with pytest.raises(ProjectionStopped):
            projections.wait("memory", 200, PATIENCE)
    for each in waiting:
        each.join(PATIENCE)
    assert sum("the bug at 150" in each for each in told) == 2
    assert sum("runner was closed" in each for each in told) == 2


def test_a_waiter_who_gives_up_is_forgotten(log: Log) -> None:
    """A timeout says how far it was; a later event finds nobody to tell, and harms nobody."""

    async def give_up(projections: Projections) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await projections["stored"].reached(100)

    with Projections(log, stored()) as projections:
        asyncio.run(give_up(projections))
        with pytest.raises(TimeoutError, match=r"stood at position 0 after 0\.01 seconds, 100"):
            projections.wait("stored", 100, 0.01)
        fill(log, 100)
        projections.wait("stored", 100, PATIENCE)


@pytest.mark.parametrize("when", [1, 1_500, 2_600])
def test_a_runner_closed_while_it_catches_up_goes_on_there(log: Log, when: int) -> None:
    """Closed from another thread in the middle of an event: that piece is finished, no more."""
    fill(log, 2_600)
    reached, closing = threading.Event(), threading.Event()

    def stop_there(each: object) -> None:
        if getattr(each, "position", 0) == when:
            reached.set()
            assert closing.wait(PATIENCE)

    projections = Projections(log, in_memory(stop_there), stored(stop_there))
    closer = threading.Thread(target=projections.close)
    assert reached.wait(PATIENCE)
    closer.start()
    closing.set()
    closer.join(PATIENCE)
    assert not closer.is_alive()
    assert {each.status for each in projections} == {"closed"}
    place = projections["stored"].position
    with Projections(log, stored()) as again:
        assert again["stored"].position >= place
        again.wait("stored", 2_600, PATIENCE)
        with again.view("stored") as view:
            assert seen(view) == expected(2_600)


def test_closing_while_a_view_is_rebuilt_leaves_the_old_one(log: Log, tmp_path: Path) -> None:
    """The rebuild ends with it and leaves nothing beside the view."""
    fill(log, 2_600)
    begun, closing = threading.Event(), threading.Event()

    def slow(_: object) -> None:
        begun.set()
        assert closing.wait(PATIENCE)

    with Projections(log, stored()) as projections:
        projections.wait("stored", 2_600, PATIENCE)
    projections = Projections(log, stored(slow, version=2))
    assert begun.wait(PATIENCE)
    closer = threading.Thread(target=projections.close)
    closer.start()
    with pytest.raises(ProjectionStopped):
        projections.wait("stored", 2_601, PATIENCE)
    closing.set()
    closer.join(PATIENCE)
    assert not closer.is_alive()
    assert [each.name for each in (tmp_path / "log.db-views").glob("*.db*-rebuilt*")] == []
    with Projections(log, stored()) as projections, projections.view("stored") as view:
        assert seen(view) == expected(2_600)
