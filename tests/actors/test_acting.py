"""`acting`: who sends what does not say so itself."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from retold import ActorSystem
from retold.actors import Context
from retold.actors.acting import acting

from .runners import SendOut, Yard
from .totals import WAIT, Do, add, answers, fail


def envelopes(system: ActorSystem) -> list[tuple[str, str]]:
    """Author and reason of all that is in the log, by position."""
    return [(each.by, each.why) for each in system.log.scan()]


def test_commands_are_by_whoever_is_acting(system: ActorSystem) -> None:
    """Ask and tell take author and reason from the block; before and after it is `system`."""
    ref = system.ref("total/a")
    ref.ask(add())
    with acting(by="alice", why="audit of May"):
        ref.ask(add())
        ref.tell(add())
    ref.tell(add())
    ref.ask(add())
    alice = ("alice", "audit of May")
    assert envelopes(system) == [("system", ""), alice, alice, ("system", ""), ("system", "")]


def test_what_a_command_says_itself_wins(system: ActorSystem) -> None:
    """Each of the two by itself; an empty text and `system` are said as much as any other."""
    ref = system.ref("total/a")
    with acting(by="alice", why="audit of May"):
        ref.ask(add(), by="bob")
        ref.ask(add(), why="audit of June")
        ref.ask(add(), by="system", why="")
        ref.ask(add(), by="")
    said = [("bob", "audit of May"), ("alice", "audit of June"), ("system", "")]
    said.append(("", "audit of May"))
    assert envelopes(system) == said


def test_an_inner_block_takes_over_what_it_does_not_say(system: ActorSystem) -> None:
    """And the outer one holds again when it ends, by an exception too."""
    ref = system.ref("total/a")
    with acting(by="alice"), acting(why="audit"):
        with pytest.raises(ArithmeticError), acting(by="bob"):
            ref.ask(fail(ArithmeticError()))
        with acting(by="bob"):
            ref.ask(add())
        ref.ask(add())
        with acting(why=""):
            ref.ask(add())
    assert envelopes(system) == [("bob", "audit"), ("alice", "audit"), ("alice", "")]


@pytest.mark.parametrize("given", [{"by": 7}, {"why": b"bytes"}])
def test_what_is_no_text_is_refused_at_once(given: dict[str, Any]) -> None:
    """`TypeError` where the block begins, not where its first command is stored."""
    with pytest.raises(TypeError, match="are text, not"), acting(**given):
        pass


def test_each_task_acts_for_itself(pool: ActorSystem) -> None:
    """Tasks that run at the same time do not see each other's; a task begins as its maker is."""

    async def act(name: str, both: asyncio.Barrier) -> None:
        with acting(by=name):
            await both.wait()
            await pool.ref(f"total/{name}").ask(add(), block=False)
            await asyncio.create_task(ask_again(name))

    async def ask_again(name: str) -> None:
        await pool.ref(f"total/{name}").ask(add(), block=False)

    async def main() -> None:
        both = asyncio.Barrier(2)
        with acting(why="shared"):
            await asyncio.gather(act("alice", both), act("bob", both))

    asyncio.run(main())
    found = {(each.address, each.by, each.why) for each in pool.log.scan()}
    assert found == {("total/alice", "alice", "shared"), ("total/bob", "bob", "shared")}
    assert pool.log.last_position() == 4


def test_it_is_entered_and_decorates_nothing(system: ActorSystem) -> None:
    """Around a coroutine function it would end before the coroutine begins: refused, loudly. The
    same one may be entered again, within itself too."""
    alice: Any = acting(by="alice")
    ref = system.ref("total/a")
    with pytest.raises(TypeError, match="not callable"):
        alice(test_each_task_acts_for_itself)
    for _ in range(2):
        with alice, acting(by="bob"), alice:
            ref.ask(add())
    ref.ask(add())
    assert [by for by, _ in envelopes(system)] == ["alice", "alice", "system"]


def test_who_ends_in_anothers_task_leaves_its_author_alone(pool: ActorSystem) -> None:
    """An abandoned generator that is closed by another task takes nobody's place."""

    async def rows() -> AsyncGenerator[int, None]:
        with acting(by="alice"):
            yield 1

    async def begin(opened: AsyncGenerator[int, None]) -> None:
        await anext(opened)

    async def main() -> None:
        opened = rows()
        await asyncio.create_task(begin(opened))
        with acting(by="bob"):
            await opened.aclose()
            await pool.ref("total/a").ask(add(), block=False)

    asyncio.run(main())
    assert envelopes(pool) == [("bob", "")]


def test_a_thread_acts_for_whom_it_was_started_with(pool: ActorSystem) -> None:
    """With the context of its starter it goes on for him; without it is `system` again."""
    ref = pool.ref("total/a")
    with acting(by="alice", why="audit"):
        context = contextvars.copy_context()
        for run in (lambda: context.run(ref.ask, add()), lambda: ref.ask(add())):
            thread = threading.Thread(target=run)
            thread.start()
            thread.join(WAIT)
    assert envelopes(pool) == [("alice", "audit"), ("system", "")]


def test_a_decision_sees_who_acts(system: ActorSystem) -> None:
    """The context of the decision has them, wherever its turn was taken."""
    seen: list[tuple[str, str]] = []

    def look(_: object, context: Context) -> tuple[object, ...]:
        seen.append((context.by, context.why))
        return ()

    with acting(by="alice", why="audit"):
        answers([system.ref("total/a").ask(Do(look), block=False)])
        system.ref("total/a").ask(Do(look))
    assert seen == [("alice", "audit")] * 2


def test_what_the_system_sends_is_not_touched(yard: Yard) -> None:
    """What an event makes others do is by the author of the event, whoever acts meanwhile."""
    yard.system.ref("runner/a").ask(SendOut("runner/b", "sweep"), by="boss", why="order")
    with acting(by="mallory", why="mischief"):
        yard.turns.run_all()
    said = {each.by for each in yard.system.log.scan() if each.address.startswith("runner/")}
    assert said == {"boss"}
    assert yard.state("b").done == ("sweep",)
