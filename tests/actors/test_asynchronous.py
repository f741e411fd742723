"""Actors under asyncio: answers are awaited, and nothing holds the event loop up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pykka
import pytest

from retold import Receipt, Rejected
from retold.actors import Stepped
from retold.actors.asynchronous import AsyncSystem
from retold.actors.options import Options
from retold.events import ManualClock
from retold.events.errors import NotACommand, UnknownKind

from .loops import bounded, opened
from .runners import SendOut
from .totals import WAIT, Do, add, fail, note, refuse


def test_an_answer_is_awaited() -> None:
    """The receipt is the one that a blocking ask gets, with its envelope in the log."""

    async def main() -> tuple[Receipt, Any]:
        async with opened() as system:
            receipt = await system.ref("total/a").ask(add(7), by="alice", why="audit", id="c1")
            return receipt, next(system.system.log.scan())

    receipt, recorded = asyncio.run(main())
    assert (receipt.version, receipt.position, receipt.state.total) == (1, 1, 7)
    assert (recorded.by, recorded.why, recorded.cause) == ("alice", "audit", "c1")


def test_what_goes_wrong_is_raised_where_it_is_awaited() -> None:
    """A refusal, a failure, what is no command, and what comes after a stop or the end."""

    async def main() -> None:
        async with opened() as system:
            ref = system.ref("total/a")
            with pytest.raises(Rejected, match="never"):
                await ref.ask(refuse("never"))
            with pytest.raises(ArithmeticError):
                await ref.ask(fail(ArithmeticError()))
            with pytest.raises(TimeoutError, match="its own"):
                await ref.ask(fail(TimeoutError("its own")), timeout=WAIT)
            with pytest.raises(NotACommand):
                await ref.ask("text")
            with pytest.raises(UnknownKind):
                system.ref("nobody/a")
            assert (await ref.stop(), await ref.stop(), ref.is_alive()) == (True, False, False)
            with pytest.raises(pykka.ActorDeadError):
                await ref.tell(add())
            other = system.ref("total/b")
        with pytest.raises(pykka.ActorDeadError):
            await other.ask(add())

    asyncio.run(main())


def test_no_turn_and_no_commit_is_on_the_thread_of_the_loop(tmp_path: Path) -> None:
    """Decisions, commits and recoveries are elsewhere, whichever way one asks."""
    deciding: list[int] = []
    folding: list[int] = []
    storing: list[int] = []

    def decide(total: Any, context: Any) -> Any:
        deciding.append(threading.get_ident())
        return add().what(total, context)

    def spied(work: Callable[..., Any], seen: list[int]) -> Callable[..., Any]:
        def call(*given: Any) -> Any:
            seen.append(threading.get_ident())
            return work(*given)

        return call

    async def main() -> int:
        async with opened(f"sqlite:///{tmp_path}/totals.db") as system:
            plain: Any = system.system
            plain.log.store = spied(plain.log.store, storing)
            plain.recovery.recovered = spied(plain.recovery.recovered, folding)
            for each in range(5):
                await system.ref(f"total/{each}").ask(Do(decide))
                await system.ref(f"total/{each}").tell(Do(decide))
                await plain.ref(f"total/{each}").ask(Do(decide), block=False)
                plain.ref(f"total/{each}").tell(Do(decide))
            assert (await system.state("total/unmet")).total == 0
            return threading.get_ident()

    loop = asyncio.run(main())
    assert len(deciding) == 20
    assert storing
    assert len(folding) == 6
    assert loop not in {*deciding, *storing, *folding}


def test_thousands_of_asks_at_once() -> None:
    """Every one gets its own receipt; each task's are decided in its order."""

    async def one(system: AsyncSystem, task: int) -> list[int]:
        ref = system.ref(f"total/{task % 3}")
        found = await asyncio.gather(*(ref.ask(note([task, each])) for each in range(500)))
        return [receipt.version for receipt in found]

    async def main() -> list[Any]:
        async with opened() as system:
            versions = await asyncio.gather(*(one(system, task) for task in range(10)))
            assert all(each == sorted(each) for each in versions)
            return [(await system.state(f"total/{each}")).notes for each in range(3)]

    noted = asyncio.run(main())
    for actor, notes in enumerate(noted):
        tasks = [task for task in range(10) if task % 3 == actor]
        assert len(notes) == 500 * len(tasks)
        for task in tasks:
            assert [each for by, each in notes if by == task] == list(range(500))


def test_two_loops_share_a_system() -> None:
    """Each in its own thread; every answer reaches the loop that asked, with full inboxes too."""
    found: dict[int, list[int]] = {}

    async def many(system: AsyncSystem, number: int) -> None:
        ref = system.ref("total/shared")
        receipts = await asyncio.gather(*(ref.ask(add()) for _ in range(300)))
        found[number] = [receipt.version for receipt in receipts]

    with bounded(10) as plain:
        shared = AsyncSystem(plain)
        threads = [
            threading.Thread(target=lambda n=n: asyncio.run(many(shared, n))) for n in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
    assert sorted(found[0] + found[1]) == list(range(1, 601))


def test_reactions_are_awaited() -> None:
    """`wait_idle` waits until what is committed was reacted to; a time limit ends it."""

    async def main() -> tuple[Any, ...]:
        async with opened() as system:
            await system.wait_idle(WAIT)
            await system.ref("runner/a").ask(SendOut("runner/b", "sweep"))
            await system.wait_idle(WAIT)
            return (await system.state("runner/a")).heard

    assert asyncio.run(main()) == ("done 1",)


def test_quarantine_is_left_by_release() -> None:
    """As in the system itself, and without waiting."""

    async def main() -> list[bool]:
        async with opened(options=Options(supervise=lambda _: "quarantine")) as system:
            with pytest.raises(ArithmeticError):
                await system.ref("total/a").ask(fail(ArithmeticError()))
            return [system.release("total/a"), system.release("total/a")]

    assert asyncio.run(main()) == [True, False]


def test_a_stepped_system_is_awaited_too() -> None:
    """Awaiting drives the steps, so code under asyncio is tested without threads."""

    async def main() -> tuple[int, bool]:
        stepped = Stepped()
        async with opened(dispatcher=stepped, clock=ManualClock()) as system:
            ref = system.ref("total/a")
            await asyncio.gather(*(ref.ask(add()) for _ in range(3)))
            total = (await ref.ref.ask(add(), block=False)).state.total
            return total, await ref.stop()

    assert asyncio.run(main()) == (4, True)
