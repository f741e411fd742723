"""Ctrl-C at every single line of the core: whatever line it hits, the system goes on, and truly.

A `KeyboardInterrupt` is raised at the n-th line that a thread runs in the actors' floor or in the
committer, for every n there is. Lines of `with` are left out: an interrupt between a lock and its
block is the interpreter's to prevent.
"""

from __future__ import annotations

import contextlib
import linecache
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any, Self

import pytest

from retold import ActorSystem, retell
from retold.actors import Future, Receipt
from retold.actors import family as some_file_of_the_floor
from retold.actors.future import inside
from retold.events import commit

from .totals import WAIT, Added, Do, add, answers, at, give, totals

FLOOR = str(Path(some_file_of_the_floor.__file__).parent)
Asked = list[Future[Receipt]]


class CtrlC:
    """Interrupts this thread at the n-th line that it runs in the core."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.where = ""

    def __enter__(self) -> Self:
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)

    def _trace(self, frame: FrameType, what: str, _: Any) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(FLOOR) and file != commit.__file__:
            return None
        if what == "line" and "with self" not in linecache.getline(file, frame.f_lineno):
            self.number -= 1
            if not self.number:
                self.where = f"{Path(file).name}:{frame.f_lineno} in {frame.f_code.co_name}"
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._trace


def alone(system: ActorSystem, asked: Asked) -> None:
    """One ask, waited for: this thread takes the turn and leads the commit."""
    system.ref("total/a").ask(add(), timeout=WAIT)


def with_others(system: ActorSystem, asked: Asked) -> None:
    """An ask whose turn takes others' messages too, of two members and one that is refused."""
    ref, member = system.ref("total/a"), system.ref("total/a/total/b")

    def first(*_: Any) -> Any:
        for each in (add(), give(at("total/b", Added(1)), "no event"), add()):
            asked.append(ref.ask(each, block=False))
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


Work = Callable[[ActorSystem, Asked], None]


def interrupted(work: Work, number: int) -> tuple[str, list[str]]:
    """Where the n-th line was, and what is wrong afterwards; no place if there is no such line."""
    system, asked = ActorSystem.open("memory:", totals), Asked()
    system.ref("total/z").ask(add(), timeout=WAIT)
    ctrl_c = CtrlC(number)
    with ctrl_c, contextlib.suppress(KeyboardInterrupt):
        work(system, asked)
    stuck = inside.turn is not None and inside.turn.at_work
    wrong = ["this thread may not wait any more"] if stuck else []
    inside.turn = None
    asked += [
        system.ref(name).ask(add(), block=False) for name in ("total/a", "total/0", "total/z")
    ]
    wrong += _wrong(system, asked)
    system.close(timeout=1.0)
    return ctrl_c.where, wrong


def _wrong(system: ActorSystem, asked: Asked) -> Iterator[str]:
    """Asks without an answer, gaps in versions, receipts that the log does not have,
    other states.
    """
    found = answers(asked)
    done = [future.done for future in asked]
    if not all(done):
        yield f"no answer: {done}"
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
        if (live.state, live.version) != (told, versions[address][-1]) or actor.tentative != told:
            yield f"{address} is {live.state}, retold {told}"


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Hundreds of interrupts need not be read."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
    assert threading.current_thread() is threading.main_thread()


WAYS: list[Work] = [alone, with_others, behind_another, sent_only, stopping]


@pytest.mark.parametrize("work", WAYS, ids=lambda work: work.__name__)
def test_an_interrupt_at_any_line_leaves_a_system_that_goes_on(work: Work) -> None:
    """Every ask resolves, versions are gapless, the live states are the retold ones."""
    found: dict[str, list[str]] = {}
    lines = 0
    while True:
        where, wrong = interrupted(work, lines + 1)
        if not where:
            break
        lines += 1
        if wrong:
            found[where] = wrong
    assert found == {}
    assert lines > 30
