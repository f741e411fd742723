"""Families: `settle`, the context of a decision, and answers that wait for their commit."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from retold import ActorSystem, At, Behaviour, Rejected, retell
from retold.actors import ROOT, Pool, Stepped
from retold.events import ManualClock
from retold.events.address import address
from retold.events.errors import BadDecision

from .totals import (
    WAIT,
    Added,
    Do,
    MembersJoined,
    Noted,
    Total,
    add,
    answers,
    decide,
    everything,
    give,
    refuse,
    totals,
    wait_for,
)


def settling(states: Any) -> tuple[At, ...]:
    """While the members have more than the root, the root is given one; a member above 100 never
    rests.
    """
    below = sum(states[name].total for name in states if name)
    if below > 100:
        return (At(ROOT, Noted("again")),)
    return (At(ROOT, Added(1)),) if states[ROOT].total < below else ()


settled = Behaviour("total", Total(), decide, settling)


@pytest.fixture(params=["pool", "stepped"])
def resting(request: pytest.FixtureRequest) -> Any:
    """A system whose families come to rest."""
    dispatcher = Pool() if request.param == "pool" else Stepped(turn_size=10)
    with ActorSystem.open("memory:", settled, dispatcher=dispatcher) as opened:
        opened.ref("total/a").ask(give(MembersJoined(("total/b", "total/c"))))
        yield opened


def test_a_family_settles_in_the_same_transaction(resting: ActorSystem) -> None:
    """Until nothing follows; what follows is the command's own, in its receipt and by its id."""
    before = resting.committer.transactions
    receipt = resting.ref("total/a/total/b").ask(add(3), by="bank", id="k", timeout=WAIT)
    assert receipt.events == (Added(3), *[At(ROOT, Added(1))] * 3)
    assert (receipt.version, receipt.state.total) == (1, 3)
    assert resting.committer.transactions == before + 1
    assert retell(resting.log, "total/a", behaviour=settled).total == 3
    stored = [each for each in resting.log.scan() if each.cause == "k"]
    assert [each.by for each in stored] == ["bank"] * 4
    quiet = resting.ref("total/a").ask(add(5), timeout=WAIT)
    assert quiet.events == (Added(5),)


def test_a_family_that_never_rests_is_refused(resting: ActorSystem) -> None:
    """`BadDecision` after a bounded number of rounds, and nothing of it is stored."""
    before = everything(resting)
    with pytest.raises(BadDecision, match="not at rest"):
        resting.ref("total/a/total/b").ask(add(200), timeout=WAIT)
    assert everything(resting) == before
    assert resting.ref("total/a/total/c").ask(add(1), timeout=WAIT).state.total == 1


def test_settle_gives_events_for_members(resting: ActorSystem) -> None:
    """A bare event would not say whose it is; a member that the root does not list is not asked."""
    mistaken: Any = lambda states: (Added(1),)  # noqa: E731 - the mistake itself
    bare = Behaviour("total", Total(), decide, mistaken)
    with ActorSystem.open("memory:", bare) as system:
        with pytest.raises(BadDecision, match="settle gives At"):
            system.ref("total/a").ask(add(1), timeout=WAIT)
        assert everything(system) == []


def test_the_states_of_a_family_are_the_root_and_whom_it_lists(resting: ActorSystem) -> None:
    """A mapping by member name; whoever is not listed is not there."""
    seen: list[Any] = []

    def look(states: Any) -> tuple[At, ...]:
        seen.append((sorted(states), len(states), "total/z" in states, states[ROOT].total))
        return ()

    with ActorSystem.open("memory:", Behaviour("total", Total(), decide, look)) as system:
        system.ref("total/a/total/z").ask(add(1), timeout=WAIT)
        system.ref("total/a").ask(give(MembersJoined(("total/b",)), Added(4)), timeout=WAIT)
    assert seen == [([""], 1, False, 0), (["", "total/b"], 2, False, 4)]


def test_the_context_says_who_when_and_where() -> None:
    """Author, reason, id, address, version and the clock's time; chance by the seed alone."""
    seen: list[Any] = []

    def look(total: Total, context: Any) -> Any:
        draws = context.id(), context.id(), context.rng.random(), context.rng.random()
        seen.append(
            (context.address, context.version, context.by, context.why, context.command_id,
             context.now, context.member(ROOT).total, draws)
        )  # fmt: skip
        return ()

    moment = datetime(2020, 1, 1, tzinfo=UTC)
    for seed in ("s", "s", "t"):
        with ActorSystem.open("memory:", totals, clock=ManualClock(moment), seed=seed) as system:
            system.ref("total/a").ask(add(4), timeout=WAIT)
            system.ref("total/a/total/b").ask(Do(look), by="bank", why="x", id="k", timeout=WAIT)
    first, second, third = seen
    assert first[:-1] == ("total/a/total/b", 0, "bank", "x", "k", moment, 4)
    assert first == second
    draws = first[-1]
    assert draws[0] != draws[1]
    assert draws[2] == draws[3]
    assert third[:-1] == first[:-1]
    assert third[-1][0] != draws[0]
    assert third[-1][2] != draws[2]


def test_a_member_is_seen_as_the_turn_has_it(stepped: ActorSystem) -> None:
    """Also with what an earlier command of the same turn gave it, and never when taken back."""
    root, member = stepped.ref("total/a"), stepped.ref("total/a/total/b")

    def look(total: Total, context: Any) -> Any:
        return (Noted(context.member("total/b").total),)

    broken = give(At("total/b", Added(50)), "no event")
    asked = [each[0].ask(each[1], block=False) for each in (
        (member, add(2)), (root, broken), (root, Do(look)), (root, give(At("total/b", Added(3)))),
        (root, Do(look)),
    )]  # fmt: skip
    found = answers(asked)
    assert found[-1].state.notes == (2, 5)


def test_a_context_cannot_be_changed(system: ActorSystem) -> None:
    """It is read-only: an attempt is the decision's own fault, and nothing is stored."""

    def change(total: Total, context: Any) -> Any:
        context.by = "somebody else"

    with pytest.raises(AttributeError):
        system.ref("total/a").ask(Do(change), timeout=WAIT)
    assert everything(system) == []


def test_a_refusal_carries_its_facts(system: ActorSystem) -> None:
    """Reason and facts as the decision gave them."""
    ref = system.ref(address("total", "a b"))
    ref.ask(add(3), timeout=WAIT)
    with pytest.raises(Rejected) as caught:
        ref.ask(refuse("too much"), timeout=WAIT)
    assert (caught.value.reason, caught.value.facts) == ("too much", {"total": 3})


def test_a_refusal_by_a_tentative_state_waits_for_its_commit(stepped: ActorSystem) -> None:
    """It was refused because of what is not on disk yet: it is answered only when that is."""
    ref = stepped.ref("total/a")
    told: list[int] = []
    write = stepped.log.journal.write
    asked = [ref.ask(add(3), block=False), ref.ask(refuse(), block=False)]

    def watched(rows: Any, due: Any = ()) -> Any:
        told.append(sum(each.done for each in asked))
        return write(rows, due)

    journal: Any = stepped.log.journal
    journal.write = watched
    first, error = answers(asked)
    assert told == [0]
    assert isinstance(error, Rejected)
    assert error.facts == {"total": 3}
    assert first.version == 1


def test_a_refusal_whose_ground_was_not_stored_is_told_that(stepped: ActorSystem) -> None:
    """The write failed, so the refusal has no ground: its asker gets the error of the write."""
    from retold.events.log_errors import StorageFull

    ref = stepped.ref("total/a")
    asked = [ref.ask(each, block=False) for each in (refuse("at once"), add(3), refuse("after"))]

    def full(rows: Any, due: Any = ()) -> Any:
        raise StorageFull("log", "no room")

    stepped.log.journal.write = full  # type: ignore[method-assign]  # a disk without room
    found = answers(asked)
    assert [type(each) for each in found] == [Rejected, StorageFull, StorageFull]
    del stepped.log.journal.write
    assert ref.ask(add(1)).version == 1


def test_a_family_waits_for_its_own_batch_only(pool: ActorSystem) -> None:
    """One whose decision takes long holds nobody else."""
    gate = threading.Event()
    slow = pool.ref("total/slow").ask(wait_for(gate), block=False)
    assert pool.ref("total/quick").ask(add(), timeout=WAIT).version == 1
    assert not slow.done
    gate.set()
    assert slow.get(timeout=WAIT).version == 0
