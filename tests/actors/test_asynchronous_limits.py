"""Actors under asyncio: full inboxes, time limits, cancelled tasks, and the end."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pykka
import pytest

from retold.actors.asynchronous import AsyncSystem
from retold.events.errors import Overloaded

from .loops import bounded, opened
from .totals import WAIT, add, note, nothing, wait_for


def test_a_task_that_is_cancelled_leaves_its_command_to_its_course(gate: threading.Event) -> None:
    """It ends at once; the command is carried out, and asked again with its id has one effect."""

    async def main() -> tuple[int, int]:
        async with opened() as system:
            ref = system.ref("total/a")
            await ref.tell(wait_for(gate))
            asking = asyncio.create_task(ref.ask(add(5), id="five"))
            await asyncio.sleep(0)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            gate.set()
            again = await ref.ask(add(5), id="five")
            return again.version, (await system.state("total/a")).total

    assert asyncio.run(main()) == (1, 5)


def test_waiting_has_its_limits(gate: threading.Event) -> None:
    """`asyncio.wait_for` and `asyncio.timeout` end it, and so does `timeout`, as `pykka.Timeout`;
    the actor goes on."""

    async def main() -> int:
        async with opened() as system:
            ref = system.ref("total/a")
            await ref.tell(wait_for(gate))
            with pytest.raises(pykka.Timeout, match=r"total/a was asked Do: .* within 0\.01 s"):
                await ref.ask(add(), timeout=0.01)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ref.ask(add()), 0.01)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await ref.ask(add())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(ref.ref.ask(add(), block=False), 0.01)
            gate.set()
            return (await ref.ask(nothing(), timeout=WAIT)).state.total

    assert asyncio.run(main()) == 4


def test_a_loop_that_is_closed_before_the_answer_does_no_harm(gate: threading.Event) -> None:
    """The command is carried out, and the next loop asks as ever."""
    with opened() as plain:
        shared = AsyncSystem(plain)

        async def leave() -> None:
            await shared.ref("total/a").tell(wait_for(gate))
            await asyncio.wait_for(shared.ref("total/a").ask(add()), 0.01)

        with pytest.raises(TimeoutError):
            asyncio.run(leave())
        gate.set()
        assert asyncio.run(shared.ref("total/a").ask(nothing())).state.total == 1


def test_a_full_inbox_holds_up_the_task_and_not_the_loop(gate: threading.Event) -> None:
    """While senders wait for room the loop goes on; there is room: all are decided, in order."""

    async def main() -> tuple[Any, ...]:
        async with bounded(5) as system:
            ref = system.ref("total/a")
            await ref.tell(wait_for(gate))
            asking: list[Any] = [asyncio.create_task(ref.ask(note(n))) for n in range(100)]
            told = asyncio.gather(*(ref.tell(note(each)) for each in range(100, 120)))
            for _ in range(100):
                await asyncio.sleep(0)  # the loop turns: nobody stands on it
            assert not any(each.done() for each in [*asking, told])
            gate.set()
            await asyncio.gather(*asking, told)
            return (await ref.ask(nothing())).state.notes

    assert asyncio.run(main()) == tuple(range(120))


def test_nobody_overtakes_those_who_wait_for_room(gate: threading.Event) -> None:
    """Who finds room while others wait for it, and were not woken yet, sends after them."""

    async def main() -> tuple[Any, ...]:
        async with bounded(2) as system:
            ref = system.ref("total/a")
            await ref.tell(wait_for(gate))
            early = [asyncio.create_task(ref.ask(note(each))) for each in range(9)]
            for _ in range(9):
                await asyncio.sleep(0)
            drained = threading.Event()
            system.system.actor("total/a").family.fence(drained.set)
            gate.set()
            drained.wait(WAIT)  # on the loop's thread: there is room, and nobody was woken
            late = [asyncio.create_task(ref.ask(note(each))) for each in range(9, 12)]
            await asyncio.gather(*early, *late)
            return (await ref.ask(nothing())).state.notes

    assert asyncio.run(main()) == tuple(range(12))


def test_who_waits_for_room_waits_no_longer_than_said(gate: threading.Event) -> None:
    """`Overloaded` after `timeout` seconds, in front of the inbox and behind others who wait; what
    was never accepted is never carried out."""

    async def main() -> int:
        async with bounded(2) as system:
            ref = system.ref("total/a")
            begun = threading.Event()
            await ref.tell(wait_for(gate, begun))
            await asyncio.to_thread(begun.wait, WAIT)  # the turn at work has left the inbox
            accepted = [asyncio.create_task(ref.ask(add())) for _ in range(2)]
            first = asyncio.create_task(ref.ask(add(100)))
            await asyncio.sleep(0)
            for _ in range(2):
                with pytest.raises(Overloaded, match="total/a has 2 messages"):
                    await ref.ask(add(100), timeout=0.01)
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            gate.set()
            await asyncio.gather(*accepted)
            return (await ref.ask(nothing())).state.total

    assert asyncio.run(main()) == 2


def test_a_full_inbox_refuses_where_it_should(gate: threading.Event) -> None:
    """With overload="raise" nobody waits, on the loop as elsewhere."""

    async def main() -> None:
        async with bounded(1, "raise") as system:
            ref = system.ref("total/a")
            await ref.tell(wait_for(gate))
            with pytest.raises(Overloaded):
                await asyncio.gather(*(ref.ask(add()) for _ in range(3)))
            gate.set()

    asyncio.run(main())


def test_closing_lets_the_loop_go_on_and_answers_what_was_accepted(gate: threading.Event) -> None:
    """Another task opens the gate that the last turn waits at: no loop, no end."""

    async def main() -> list[Any]:
        async def later() -> None:
            await asyncio.sleep(0.01)
            gate.set()

        async with opened() as system:
            ref = system.ref("total/a")
            await ref.tell(wait_for(gate))
            asking = asyncio.gather(*(ref.ask(add()) for _ in range(10)))
            await asyncio.sleep(0)
            opening = asyncio.create_task(later())
        await opening
        assert system.system.closed
        return await asking

    assert [each.version for each in asyncio.run(main())] == list(range(1, 11))


def test_a_task_that_is_cancelled_while_it_closes_ends_with_the_system_closed(
    tmp_path: Path, gate: threading.Event
) -> None:
    """The cancellation comes through, and the log is given back: it opens again at once."""
    url = f"sqlite:///{tmp_path}/totals.db"

    async def serve(ready: asyncio.Event) -> None:
        async with opened(url) as system:
            await system.ref("total/a").tell(wait_for(gate))
            await system.ref("total/a").tell(add())
            ready.set()

    async def main() -> int:
        ready = asyncio.Event()
        serving = asyncio.create_task(serve(ready))
        await ready.wait()
        await asyncio.sleep(0)
        serving.cancel()
        await asyncio.sleep(0)
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await serving
        async with opened(url) as system:
            return (await system.ref("total/a").ask(nothing())).state.total

    assert asyncio.run(main()) == 1
