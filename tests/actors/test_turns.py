"""Turns: order, one batch a family, `At` and `settle`, the context, and failures without
a trace.
"""

from __future__ import annotations

import threading
from decimal import Decimal
from typing import Any

import pytest

from retold import ActorSystem, At
from retold.actors import ROOT, Stepped
from retold.events.errors import BadDecision, UnknownKind, Unstorable

from .totals import (
    FAULTS,
    WAIT,
    Added,
    Deposited,
    Do,
    Total,
    add,
    answers,
    everything,
    fail,
    give,
    note,
    nothing,
    refuse,
    totals,
)


def test_messages_of_a_family_are_decided_in_the_order_of_sending(system: ActorSystem) -> None:
    """Across its members, asks and tells mixed: the log has the order in which they were sent."""
    root, member = system.ref("total/a"), system.ref("total/a/total/b")
    last = None
    for number in range(50):
        ref = member if number % 3 else root
        if number % 2:
            ref.tell(note(number))
        else:
            last = ref.ask(note(number), block=False)
    assert last is not None
    last.get(timeout=WAIT)
    system.ref("total/a").ask(nothing(), timeout=WAIT)
    assert [event.what for _, _, event in everything(system)] == list(range(50))


def test_each_thread_keeps_its_order(pool: ActorSystem) -> None:
    """Four threads at one actor: what each sent stands in the order in which it sent it."""
    ref = pool.ref("total/a")

    def send(who: int) -> None:
        for number in range(100):
            if number % 2:
                ref.tell(note([who, number]))
            else:
                ref.ask(note([who, number]), timeout=WAIT)

    threads = [threading.Thread(target=send, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ref.ask(nothing(), timeout=WAIT)
    stored = [event.what for _, _, event in everything(pool)]
    for who in range(4):
        assert [number for each, number in stored if each == who] == list(range(100))
    assert [version for _, version, _ in everything(pool)] == list(range(1, 401))


def test_a_turn_is_one_transaction(stepped: ActorSystem) -> None:
    """What waits in a family is decided together, and answered together when it is stored."""
    refs = [stepped.ref("total/a"), stepped.ref("total/a/total/b")]
    for ref in refs:
        ref.ask(nothing())
    asked = [refs[number % 2].ask(add(), block=False) for number in range(8)]
    assert not any(each.done for each in asked)
    asked[0].get()
    assert all(each.done for each in asked)
    assert stepped.committer.transactions == 1


def test_the_dispatcher_chooses_which_family_is_next() -> None:
    """Stepped by hand, the last ready one first: order is what the test says it is."""
    dispatcher = Stepped(choose=lambda ready: ready - 1)
    with ActorSystem.open("memory:", totals, dispatcher=dispatcher) as system:
        for name in "abc":
            system.ref(f"total/{name}").tell(note(name))
        assert dispatcher.run_all() == 3
        assert [event.what for _, _, event in everything(system)] == ["c", "b", "a"]
        assert dispatcher.step() is False


def test_a_later_command_sees_what_an_earlier_one_of_its_turn_decided(stepped: ActorSystem) -> None:
    """Decisions are made over tentative states, each answered with its own."""
    ref = stepped.ref("total/a")

    def double(total: Total, context: Any) -> Any:
        return (Added(total.total),)

    asked = [ref.ask(each, block=False) for each in (add(3), Do(double), nothing(), Do(double))]
    found = answers(asked)
    assert [each.state.total for each in found] == [3, 6, 6, 12]
    assert [each.version for each in found] == [1, 2, 2, 3]
    assert [each.position for each in found] == [1, 2, 2, 3]


def test_an_event_at_a_member_is_the_members(system: ActorSystem) -> None:
    """In one transaction, with the member's own version; the receipt shows it in `At`."""
    root, member = system.ref("total/a"), system.ref("total/a/total/b")
    member.ask(add(5), timeout=WAIT)
    receipt = root.ask(give(Added(1), At("total/b", Added(2)), Added(3)), timeout=WAIT)
    assert receipt.events == (Added(1), At("total/b", Added(2)), Added(3))
    assert (receipt.version, receipt.position, receipt.state.total) == (2, 4, 4)
    assert everything(system)[1:] == [
        ("total/a", 1, Added(1)), ("total/a/total/b", 2, Added(2)), ("total/a", 2, Added(3)),
    ]  # fmt: skip
    back = member.ask(give(At(ROOT, Added(10))), timeout=WAIT)
    assert (back.version, back.state.total) == (2, 7)
    assert root.ask(nothing(), timeout=WAIT).state.total == 14


WRONG: Any = "no number"
ONE = Decimal(1)
BAD: list[tuple[str, Any]] = [
    ("no tuple", [Added(1)]), ("None", None), ("a bare event", Added(1)), ("a text", "x"),
    ("no event", (Added(1), "x")), ("a wrong field", (Added(1), Added(WRONG))),
    ("an unknown kind", (Added(1), At("other/b", Added(1)))),
    ("no member", (Added(1), At("total", Added(1)))),
    ("no event at another", (Added(1), At("account/x", Deposited(ONE)), At(ROOT, "x"))),
    ("none of its state's", (Added(1), Deposited(ONE))),
]  # fmt: skip


@pytest.mark.parametrize("bad", [each[1] for each in BAD], ids=[each[0] for each in BAD])
def test_a_decision_that_cannot_be_stored_leaves_no_trace(system: ActorSystem, bad: Any) -> None:
    """Its asker gets a typed error; state, version and log are as before, and the actor goes on."""
    ref = system.ref("total/a")
    ref.ask(add(5), timeout=WAIT)
    before = everything(system)
    with pytest.raises((BadDecision, Unstorable, UnknownKind, ValueError)):
        ref.ask(Do(lambda total, context: bad), timeout=WAIT)
    assert everything(system) == before
    receipt = ref.ask(add(1), timeout=WAIT)
    assert (receipt.version, receipt.state.total) == (2, 6)


@pytest.mark.parametrize(
    "what",
    [refuse(), fail(ZeroDivisionError("bug")), fail(SystemExit(3))],
    ids=["refused", "bug", "exit"],
)
def test_a_command_that_raises_leaves_no_trace(stepped: ActorSystem, what: Do) -> None:
    """Between two good ones of its turn: they are stored one after the other, it is told."""
    ref, member = stepped.ref("total/a"), stepped.ref("total/a/total/b")
    asked = [ref.ask(add(1), block=False), ref.ask(what, block=False), ref.ask(add(2), block=False)]
    first, error, last = answers(asked)
    assert isinstance(error, FAULTS)
    assert (first.version, last.version, last.state.total) == (1, 2, 3)
    assert [version for _, version, _ in everything(stepped)] == [1, 2]
    assert member.ask(nothing()).version == 0


def test_an_event_that_a_state_cannot_take_back_leaves_no_trace(stepped: ActorSystem) -> None:
    """The second event fails after the first evolved two members: all of it is taken back."""
    root, member = stepped.ref("total/a"), stepped.ref("total/a/total/b")
    broken = give(Added(1), At("total/b", Added(2)), Added(3), At("total/b", "no event"))
    asked = [
        root.ask(add(1), block=False),
        root.ask(broken, block=False),
        member.ask(add(7), block=False),
    ]
    first, error, last = answers(asked)
    assert isinstance(error, Unstorable)
    assert (first.state.total, last.state.total, last.version) == (1, 7, 1)
    assert everything(stepped) == [("total/a", 1, Added(1)), ("total/a/total/b", 1, Added(7))]
