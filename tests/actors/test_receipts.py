"""Receipts and command ids: one effect an id, and the same answer however often it is asked."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retold import ActorSystem, At, Rejected
from retold.actors import ROOT, Stepped, receipts
from retold.actors.channel import MergeChannel, OpenChannel, PatchChannel, channel
from retold.actors.workflow import PersistState, workflow
from retold.events.errors import RepeatedTooLate

from .totals import (
    WAIT,
    Added,
    Do,
    add,
    answers,
    everything,
    give,
    note,
    nothing,
    refuse,
    totals,
    wait_for,
)


def test_a_receipt_says_what_was_stored(system: ActorSystem) -> None:
    """Version, position, events and state after them; of no events the actor's own last place."""
    system.ref("total/other").ask(add(), timeout=WAIT)
    ref = system.ref("total/a")
    receipt = ref.ask(give(Added(2), Added(3)), timeout=WAIT)
    assert (receipt.version, receipt.position, receipt.state.total) == (2, 3, 5)
    assert receipt.events == (Added(2), Added(3))
    system.ref("total/other").ask(add(), timeout=WAIT)
    again = ref.ask(nothing(), timeout=WAIT)
    assert (again.version, again.position, again.events) == (2, 3, ())
    assert system.ref("total/new").ask(nothing(), timeout=WAIT).position == 0


@pytest.mark.parametrize("when", ["same turn", "later turn", "much later"])
def test_a_repeated_id_has_one_effect(stepped: ActorSystem, when: str) -> None:
    """Its second ask gets the first receipt: state, version and position as they were then."""
    ref = stepped.ref("total/a")
    first = ref.ask(add(3), id="k", block=False)
    if when != "same turn":
        first.get()
    if when == "much later":
        answers([ref.ask(add(), block=False) for _ in range(30)])
    again = ref.ask(add(99), id="k")
    assert again == first.get()
    assert again.state.total == 3
    assert [event for _, _, event in everything(stepped)].count(Added(3)) == 1
    assert Added(99) not in [event for _, _, event in everything(stepped)]


def test_a_repeated_id_over_a_file_is_known_after_reopening(tmp_path: Path) -> None:
    """The log is where ids are known from: the first receipt again, of one actor or of several."""
    url = f"sqlite:///{tmp_path}/log.db"
    legal = "workflow/a/channel/legal"
    with ActorSystem.open(url, totals, workflow, channel) as system:
        one = system.ref("total/a").ask(give(Added(1), Added(2)), id="k")
        system.ref("total/a").ask(add(5))
        system.ref(legal).ask(OpenChannel({"x": 1}))
        several = system.ref(legal).ask(MergeChannel(), id="m")
        members = system.ref("total/a").ask(
            give(At("total/b", Added(7)), Added(8), At("total/b", Added(9))), id="n"
        )
    with ActorSystem.open(url, totals, workflow, channel) as system:
        before = system.log.last_position()
        system.ref("workflow/a").ask(PersistState({"y": 1}))
        assert system.ref(legal).ask(MergeChannel(), id="m") == several
        assert system.ref("total/a").ask(add(), id="k") == one
        assert system.ref("total/a").ask(add(), id="n") == members
        assert system.log.last_position() == before + 1


def test_a_repeated_id_at_another_member_has_no_second_effect(system: ActorSystem) -> None:
    """Ids are a family's: the other member shows the events as it sees them, and its own state."""
    first = system.ref("total/a").ask(give(Added(1), At("total/b", Added(2))), id="k", timeout=WAIT)
    again = system.ref("total/a/total/b").ask(add(50), id="k", timeout=WAIT)
    assert again.events == (At(ROOT, Added(1)), Added(2))
    assert (again.version, again.state.total, again.position) == (1, 2, first.position)
    assert len(everything(system)) == 2


def test_families_do_not_share_ids(system: ActorSystem) -> None:
    """The same id in another family is another command."""
    for name in "ab":
        assert system.ref(f"total/{name}").ask(add(), id="k", timeout=WAIT).version == 1
    assert len(everything(system)) == 2


def test_what_stored_nothing_may_be_asked_again(system: ActorSystem) -> None:
    """A refusal, or a command already in effect, is decided anew under its id."""
    ref = system.ref("total/a")
    with pytest.raises(Rejected):
        ref.ask(refuse(), id="k", timeout=WAIT)
    assert ref.ask(nothing(), id="k", timeout=WAIT).version == 0
    assert ref.ask(add(4), id="k", timeout=WAIT).state.total == 4
    assert ref.ask(add(4), id="k", timeout=WAIT).version == 1


def test_a_repeated_tell_has_one_effect(system: ActorSystem) -> None:
    """As an ask, without an answer."""
    ref = system.ref("total/a")
    for _ in range(3):
        ref.tell(add(), id="k")
    assert ref.ask(nothing(), timeout=WAIT).state.total == 1


@pytest.mark.parametrize("reopened", [False, True])
def test_ids_are_kept_for_a_window(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reopened: bool
) -> None:
    """The last commands that stored events are known, after reopening too; one of long ago is
    refused by its id, and has no second effect.
    """
    monkeypatch.setattr(receipts, "WINDOW", 5)
    url, names = f"sqlite:///{tmp_path}/log.db", ("total/a", "total/a/total/b")
    with ActorSystem.open(url, totals) as system:
        for number in range(30):
            system.ref(names[number % 2]).ask(add(number), id=f"k{number}")
            if number < 28 or reopened:
                continue
            for known in range(number - 4, number + 1):
                receipt = system.ref(names[known % 2]).ask(add(), id=f"k{known}")
                assert receipt.events == (Added(known),)
    with ActorSystem.open(url, totals) as system:
        for known in range(25, 30):
            assert system.ref(names[known % 2]).ask(add(), id=f"k{known}").events == (Added(known),)
        assert system.log.last_position() == 30
        for number in (0, 12, 24 - 5):
            with pytest.raises(RepeatedTooLate) as refused:
                system.ref(names[number % 2]).ask(add(), id=f"k{number}")
            assert (refused.value.command_id, refused.value.position) == (f"k{number}", number + 1)
        assert system.log.last_position() == 30


def test_the_window_counts_commands_whatever_they_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of commands that stored several events the last ones are known after
    reopening, whole.
    """
    monkeypatch.setattr(receipts, "WINDOW", 5)
    url, pair = f"sqlite:///{tmp_path}/log.db", give(Added(1), Added(2))
    with ActorSystem.open(url, totals) as system:
        first = [system.ref("total/a").ask(pair, id=f"k{number}") for number in range(5)]
    with ActorSystem.open(url, totals) as system:
        again = [system.ref("total/a").ask(pair, id=f"k{number}") for number in range(5)]
    assert again == first


def test_ids_of_their_own_never_meet(tmp_path: Path) -> None:
    """Commands without an id get one that no other command of the log has, also after reopening."""
    url = f"sqlite:///{tmp_path}/log.db"
    for _ in range(3):
        with ActorSystem.open(url, totals, seed="same") as system:
            for _ in range(5):
                system.ref("total/a").ask(add())
    with ActorSystem.open(url, totals) as system:
        causes = [each.cause for each in system.log.scan()]
    assert len(set(causes)) == len(causes) == 15


def test_by_why_and_time_stand_in_the_log(system: ActorSystem) -> None:
    """On every event of the command, other members' included."""
    events = give(Added(1), At("total/b", Added(2)))
    system.ref("total/a").ask(events, by="bank", why="salary", id="k", timeout=WAIT)
    found = [(each.by, each.why, each.cause) for each in system.log.scan()]
    assert found == [("bank", "salary", "k")] * 2
    system.ref("total/a").ask(add(), timeout=WAIT)
    *_, last = system.log.scan()
    assert (last.by, last.why) == ("system", "")


def test_an_id_that_is_no_text_has_no_second_effect(tmp_path: Path) -> None:
    """It is refused, or it is known after reopening: never carried out twice."""
    url, key = f"sqlite:///{tmp_path}/log.db", UUID(int=5)
    for _ in range(2):
        with ActorSystem.open(url, totals) as system:
            plain: Any = system.ref("total/a")
            answers([plain.ask(add(), id=key, block=False)])
            assert system.log.last_position() <= 1


def test_what_a_receipt_shows_is_not_the_living_state(system: ActorSystem) -> None:
    """Its document cannot be changed, and a copy that can has nothing to do with the actor."""
    ref = system.ref("workflow/a")
    receipt = ref.ask(PersistState({"a": {"b": 1}}), timeout=WAIT)
    with pytest.raises(TypeError, match="deepcopy"):
        receipt.state.document["a"]["b"] = 99
    mine = copy.deepcopy(receipt.state.document)
    mine["a"]["b"] = 99
    assert ref.ask(PersistState({"a": {"b": 1}}), timeout=WAIT).events[0].changes == ()


def test_what_was_asked_can_change_without_the_actor(system: ActorSystem) -> None:
    """The document that went in is apart from what its asker still holds."""
    document: dict[str, Any] = {"a": {"b": 1}}
    ref = system.ref("workflow/a")
    ref.ask(PersistState(document), timeout=WAIT)
    document["a"]["b"] = 99
    assert ref.ask(PersistState({"a": {"b": 1}}), timeout=WAIT).events[0].changes == ()
    patch: dict[str, Any] = {"c": [1]}
    legal = system.ref("workflow/a/channel/legal")
    legal.ask(OpenChannel(patch), timeout=WAIT)
    patch["c"].append(2)
    assert legal.ask(PatchChannel({"c": [1]}), timeout=WAIT).events == ()


def test_a_repeated_id_in_the_turn_of_a_failure_is_answered(stepped: ActorSystem) -> None:
    """Behind a command of its id that stored nothing, in one turn, it is decided by itself."""
    ref = stepped.ref("total/a")
    asked = [ref.ask(each, id="k", block=False) for each in (refuse(), add(2), add(3))]
    first, second, third = answers(asked)
    assert isinstance(first, Rejected)
    assert second == third
    assert second.state.total == 2


def test_a_command_that_holds_its_family_is_repeated_with_its_receipt(pool: ActorSystem) -> None:
    """Asked again while it is being stored: one effect, two equal receipts."""
    import threading

    ref, gate = pool.ref("total/a"), threading.Event()
    held = ref.ask(wait_for(gate), block=False)
    asked = [ref.ask(note("x"), id="k", block=False) for _ in range(5)]
    gate.set()
    held.get(timeout=WAIT)
    found = answers(asked)
    assert all(each == found[0] for each in found)
    assert len(everything(pool)) == 1


def test_stepped_and_pool_give_the_same_receipts() -> None:
    """The same commands in the same order come to the same answers under either dispatcher."""

    def run(system: ActorSystem) -> list[Any]:
        refs = [system.ref("total/a"), system.ref("total/a/total/b")]
        double = Do(lambda total, context: (Added(total.total + 1), At(ROOT, Added(1))))
        asked = [refs[n % 2].ask(double, id=str(n), block=False) for n in range(12)]
        return answers(asked)

    with ActorSystem.open("memory:", totals) as pool:
        first = run(pool)
    with ActorSystem.open("memory:", totals, dispatcher=Stepped(turn_size=200)) as stepped:
        assert run(stepped) == first


def test_the_oldest_command_of_the_window_is_found_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that stored two events has both in its receipt after reopening."""
    monkeypatch.setattr(receipts, "WINDOW", 5)
    url = f"sqlite:///{tmp_path}/log.db"
    with ActorSystem.open(url, totals) as system:
        first = system.ref("total/a").ask(give(Added(1), Added(2)), id="pair")
        for number in range(4):
            system.ref("total/a").ask(add(), id=f"k{number}")
    with ActorSystem.open(url, totals) as system:
        assert system.ref("total/a").ask(add(), id="pair") == first


@pytest.mark.parametrize("size", [1, 3])
def test_an_id_that_two_families_share_is_repeated_in_each(stepped: ActorSystem, size: int) -> None:
    """Though their events stand side by side in the log, each shows its own and no other's."""
    refs = [stepped.ref(f"total/{name}") for name in "ab"]
    commands = [give(*[Added(n)] * size) for n in (1, 2)]
    asked = [ref.ask(each, id="k", block=False) for ref, each in zip(refs, commands, strict=True)]
    first = answers(asked)
    assert [ref.ask(add(), id="k") for ref in refs] == first
