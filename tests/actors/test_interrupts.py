"""Ctrl-C at every single line of the core: whatever line it hits, the system goes on, and truly.

A `KeyboardInterrupt` is raised at the n-th line that a thread runs in the actors' floor, in the
committer, the log below it, or in Python's own threading, for every n there is.
"""

from __future__ import annotations

import contextlib
import gc
import itertools
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from retold import ActorSystem, Log, retell
from retold.actors import Future, Receipt
from retold.actors import family as some_file_of_the_floor
from retold.actors.dispatch import Pool
from retold.actors.family import Family
from retold.actors.future import inside
from retold.actors.message import Message
from retold.events import Recorded, bells, commit, log
from retold.events.following import latest
from retold.events.recorders import memory

from ..interrupts import CtrlC, CtrlCTwice
from .totals import WAIT, Added, Do, add, answers, at, give, totals

FLOOR = str(Path(some_file_of_the_floor.__file__).parent)
RECORDERS = str(Path(memory.__file__).parent)
ALSO = {each.__file__ for each in (bells, commit, latest, log, threading)}
Asked = list[Future[Receipt]]


def strikes(frame: FrameType) -> bool:
    """Whether it is of the core."""
    file = frame.f_code.co_filename
    return file.startswith((FLOOR, RECORDERS)) or file in ALSO


def waits_for(future: Future[Receipt]) -> None:
    """Stand for a thread that waits: what is called then is in C, as the lock of one is."""
    future.when_done(list[int]().clear)


def alone(system: ActorSystem, asked: Asked) -> None:
    """One ask, waited for: this thread takes the turn and leads the commit."""
    system.ref("total/a").ask(add(), timeout=WAIT)


def with_others(system: ActorSystem, asked: Asked) -> None:
    """An ask whose turn takes others' messages too, of two members and one that is refused, and
    threads wait for their answers."""
    ref, member = system.ref("total/a"), system.ref("total/a/total/b")

    def first(*_: Any) -> Any:
        for each in (add(), give(at("total/b", Added(1)), "no event"), add()):
            asked.append(ref.ask(each, block=False))
            waits_for(asked[-1])
        asked.append(member.ask(add(), block=False))
        return (Added(1),)

    ref.ask(Do(first), timeout=WAIT)


def behind_another(system: ActorSystem, asked: Asked) -> None:
    """An ask of a family that is busy: this thread waits for its answer."""
    asked.append(system.ref("total/a").ask(add(), block=False))
    system.ref("total/a").ask(add(), timeout=WAIT)


def sent_only(system: ActorSystem, asked: Asked) -> None:
    """Asks and tells that this thread does not wait for."""
    for number in range(3):
        asked.append(system.ref(f"total/{number % 2}").ask(add(), block=False))
        system.ref(f"total/{number % 2}").tell(add())


def stopping(system: ActorSystem, asked: Asked) -> None:
    """A stop between two asks."""
    ref = system.ref("total/a")
    asked.append(ref.ask(add(), block=False))
    ref.stop(timeout=WAIT)


def forgotten(system: ActorSystem, asked: Asked) -> None:
    """Messages that reach a family when it is forgotten already."""
    family, asleep = system.actor("total/f").family, Future[bool]()
    system.dispatcher.run(lambda: asleep.set(family.fall_asleep()))
    assert asleep.get(timeout=WAIT)
    assert family.retired
    futures = [Future[Receipt]() for _ in range(3)]
    mine, *others = [late(family, f"late-{n}", future) for n, future in enumerate(futures)]
    for future, each in zip(futures[1:], others, strict=True):  # sent in that very moment
        family._inbox.append(each)
        asked.append(future)
    family.send(mine, system.dispatcher.ready)


def late(family: Family, id: str, future: Future[Receipt]) -> Message:
    """A command to the root of a family."""
    return Message(family.actors[family.root], add(), future, "human", "", id, None)


class Seen:
    """The positions that a follower was called with."""

    def __init__(self) -> None:
        self.positions: list[int] = []
        self._more = threading.Condition()

    def __call__(self, each: Recorded) -> None:
        with self._more:
            self.positions.append(each.position)
            self._more.notify()

    def wrong(self, log: Log) -> Iterator[str]:
        """An event that is in the log and does not come, though nothing more is written."""
        with self._more:
            if not self._more.wait_for(lambda: len(self.positions) == log.last_position(), WAIT):
                yield f"followed {self.positions} of {log.last_position()}"


Work = Callable[[ActorSystem, Asked], None]


def interrupted(work: Work, ctrl_c: CtrlC, url: str) -> tuple[str, list[str]]:
    """Where the n-th line was, and what is wrong afterwards; no place if there is no such line."""
    system = ActorSystem.open(url, totals, dispatcher=Pool(turn_size=2))
    asked = Asked()
    system.ref("total/z").ask(add(), timeout=WAIT)
    seen = Seen()
    follower = system.log.follow().call(seen)
    with ctrl_c, contextlib.suppress(KeyboardInterrupt):
        work(system, asked)
    stuck = inside.turn is not None and inside.turn.at_work
    wrong = ["this thread may not wait any more"] if stuck else []
    inside.turn = None
    wrong += seen.wrong(system.log)
    asked += [
        system.ref(name).ask(add(), block=False) for name in ("total/a", "total/0", "total/z")
    ]
    wrong += _wrong(system, asked)
    system.close(timeout=1.0)
    follower.close(timeout=WAIT)
    if seen.positions != [*range(1, len(seen.positions) + 1)]:
        wrong.append(f"followed {seen.positions}")
    return ctrl_c.where, wrong


def _wrong(system: ActorSystem, asked: Asked) -> Iterator[str]:
    """Asks without an answer, gaps in versions, receipts that the log does not have,
    other states.
    """
    found = answers(asked)
    done = [future.done for future in asked]
    if not all(done):
        yield f"no answer: {done}"
    if any(future._waiters for future in asked):
        yield "somebody waits for an answer that is there"
    versions: dict[str, list[int]] = {}
    for each in system.log.scan():
        versions.setdefault(each.address, []).append(each.version)
    if any(seen != list(range(1, len(seen) + 1)) for seen in versions.values()):
        yield f"gaps: {versions}"
    stored = {each.position: each.event for each in system.log.scan()}
    for receipt in found:
        told = isinstance(receipt, Receipt) and receipt.events
        if told and stored.get(receipt.position) != receipt.events[-1]:
            yield f"not in the log: {receipt}"
    for address in versions:
        actor = system.actor(address)
        live = system.ref(address).ask(give(), timeout=WAIT)
        told = retell(system.log, address, behaviour=totals)
        found_state = (live.state, live.version)
        if found_state != (told, system.log.version(address)) or actor.tentative != told:
            yield f"{address} is {live.state}, retold {told}"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Hundreds of interrupts need not be read."""
    logging.disable(logging.CRITICAL)
    yield
    gc.collect()
    logging.disable(logging.NOTSET)
    assert threading.current_thread() is threading.main_thread()


WAYS: list[Work] = [alone, with_others, behind_another, sent_only, stopping, forgotten]


@pytest.mark.parametrize("work", WAYS, ids=lambda work: work.__name__)
@pytest.mark.filterwarnings("ignore:unclosed database:ResourceWarning")  # one just opened
@pytest.mark.parametrize("store", ["memory:", "sqlite:///"])
def test_an_interrupt_at_any_line_leaves_a_system_that_goes_on(
    tmp_path: Path, store: str, work: Work
) -> None:
    """Every ask resolves, versions are gapless, the live states are the retold ones."""
    numbers = itertools.count(1)

    def each_line() -> tuple[str, list[str]]:
        number = next(numbers)
        url = f"{store}{tmp_path / str(number)}.db" if store.endswith("/") else store
        return interrupted(work, CtrlC(number, strikes), url)

    assert all_wrong(each_line) == {}
    assert next(numbers) > 30


@pytest.mark.parametrize("work", WAYS, ids=lambda work: work.__name__)
@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_second_one_while_the_first_is_answered_does_no_more(work: Work, after: int) -> None:
    """Somebody leans on the keys."""
    numbers = itertools.count(1)

    def each_line() -> tuple[str, list[str]]:
        return interrupted(work, CtrlCTwice(next(numbers), strikes, after=after), "memory:")

    assert all_wrong(each_line) == {}
    assert next(numbers) > 30


def all_wrong(each_line: Callable[[], tuple[str, list[str]]]) -> dict[str, list[str]]:
    """What is wrong, by the line that was struck, until there is no further one."""
    found: dict[str, list[str]] = {}
    while (struck := each_line())[0]:
        where, wrong = struck
        if wrong:
            found[where] = wrong
    return found
