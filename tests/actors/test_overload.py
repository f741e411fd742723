"""Bounded inboxes: a sender waits for room or is refused, and nothing accepted is lost."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any, Literal

import pytest

from retold import ActorSystem
from retold.actors import Stepped
from retold.actors.options import Options
from retold.events import ManualClock
from retold.events.errors import Overloaded

from .totals import WAIT, Do, add, answers, nothing, totals, wait_for


def bounded(inbox: int, overload: Literal["block", "raise"], **more: Any) -> ActorSystem:
    """A system in memory whose inboxes are so long."""
    options = Options(inbox=inbox, overload=overload)
    return ActorSystem.open("memory:", totals, clock=ManualClock(), options=options, **more)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opened at the end in any case, so that no turn outlives its test."""
    gate = threading.Event()
    yield gate
    gate.set()


def test_a_full_inbox_refuses_where_it_should() -> None:
    """`Overloaded` names the actor and the bound; what was accepted before is decided."""
    with bounded(3, "raise", dispatcher=Stepped()) as system:
        ref = system.ref("total/a")
        accepted = [ref.ask(add(), block=False) for _ in range(3)]
        for send in (ref.tell, lambda message: ref.ask(message, block=False)):
            with pytest.raises(Overloaded, match="total/a has 3 messages waiting") as refused:
                send(add(100))
            assert (refused.value.address, refused.value.limit) == ("total/a", 3)
        assert [each.version for each in answers(accepted)] == [1, 2, 3]
        assert ref.ask(nothing()).state.total == 3


def test_a_full_inbox_holds_its_senders_up(gate: threading.Event) -> None:
    """They go on when there is room; every message is decided, in the order of each sender."""
    with bounded(5, "block") as system:
        ref = system.ref("total/a")
        ref.tell(wait_for(gate))
        sent: list[list[Any]] = [[] for _ in range(4)]

        def send(mine: list[Any]) -> None:
            mine.extend(ref.ask(add(), block=False) for _ in range(50))

        threads = [threading.Thread(target=send, args=(mine,)) for mine in sent]
        for thread in threads:
            thread.start()
        assert all(thread.is_alive() for thread in threads)
        gate.set()
        for thread in threads:
            thread.join(WAIT)
        versions: Any = [[each.version for each in answers(mine)] for mine in sent]
        assert all(mine == sorted(mine) for mine in versions)
        assert sorted(itertools.chain.from_iterable(versions)) == list(range(1, 201))


def test_who_waits_for_room_waits_no_longer_than_for_an_answer(gate: threading.Event) -> None:
    """`Overloaded` once the time is up: the message was not accepted and never will be."""
    with bounded(1, "block") as system:
        ref = system.ref("total/a")
        begun = threading.Event()
        held = ref.ask(wait_for(gate, begun), block=False)
        assert begun.wait(WAIT)
        waiting = [ref.ask(add(), block=False)]
        with pytest.raises(Overloaded):
            ref.ask(add(100), timeout=0.01)
        gate.set()
        answers([held, *waiting])
        assert ref.ask(nothing(), timeout=WAIT).state.total == 1


def test_a_sender_inside_a_turn_is_never_held_up() -> None:
    """It would wait for itself: it is refused, and its own command goes on."""
    with bounded(2, "block", dispatcher=Stepped()) as system:
        ref, refusals = system.ref("total/a"), list[Overloaded]()

        def flood(*_: Any) -> Any:
            for _number in range(4):
                try:
                    ref.tell(add())
                except Overloaded as error:
                    refusals.append(error)
            return ()

        ref.ask(Do(flood))
        assert len(refusals) == 2
        assert ref.ask(nothing()).state.total == 2


def test_a_bound_is_at_least_one() -> None:
    """Another is refused when the options are made."""
    with pytest.raises(ValueError, match="inbox is at least 1"):
        Options(inbox=0)


@pytest.mark.parametrize("wrong", [{"overload": "drop"}, {"supervise": 5}, {"passivate": "old"}])
def test_options_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    """When they are made, and by name: not when they are needed first."""
    with pytest.raises((ValueError, TypeError), match=next(iter(wrong))):
        Options(**wrong)
