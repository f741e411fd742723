"""Workflow: every persist is a version, with author and reason; what does not fit is refused."""

from __future__ import annotations

from typing import Any

import pytest

from retold import ActorSystem, Rejected, retell
from retold.actors.channel import OpenChannel
from retold.actors.workflow import PatchState, PersistState, workflow
from retold.events.document import Change, checksum
from retold.events.errors import Unstorable
from retold.events.workflow import StatePersisted, Workflow
from retold.projections import state_versions, verify

from .totals import WAIT, add

START: dict[str, Any] = {"title": "x", "sum": 5, "by": {"ann": 1}}


@pytest.mark.parametrize(
    ("given", "when", "changes", "document"),
    [
        ({}, PersistState(START), 3, START),
        (START, PersistState(START), 0, START),
        (START, PersistState({}), 3, {}),
        (START, PatchState({"sum": 6}), 1, {**START, "sum": 6}),
        (START, PatchState({"title": None}), 1, {"sum": 5, "by": {"ann": 1}}),
        (START, PatchState({"by": {"ben": 2}}), 1, {**START, "by": {"ann": 1, "ben": 2}}),
        (START, PatchState({"gone": None}), 0, START),
        (START, PatchState({}), 0, START),
        (START, PersistState({**START, "sum": 5.0}), 1, {**START, "sum": 5.0}),
    ],
)
def test_every_persist_is_a_version(
    system: ActorSystem, given: Any, when: Any, changes: int, document: Any
) -> None:
    """Also one that changes nothing; the event holds the delta and the checksum after it."""
    ref = system.ref("workflow/a")
    before = 0
    if given:
        before = ref.ask(PersistState(given), timeout=WAIT).version
    receipt = ref.ask(when, by="ann", why="asked to", timeout=WAIT)
    (event,) = receipt.events
    assert isinstance(event, StatePersisted)
    assert (len(event.changes), event.checksum) == (changes, checksum(document))
    assert receipt.state == Workflow(document, before + 1)
    *_, last = state_versions(system.log.read("workflow/a"))
    assert (last.author, last.reason, last.version) == ("ann", "asked to", before + 1)


def test_persisting_twice_is_two_versions(system: ActorSystem) -> None:
    """A persist has no "already in effect": it says that somebody meant it now."""
    ref = system.ref("workflow/a")
    versions = [ref.ask(PersistState(START), timeout=WAIT).state.version for _ in range(3)]
    assert versions == [1, 2, 3]


@pytest.mark.parametrize("expected", [0, 1, 3])
@pytest.mark.parametrize("make", [PersistState, PatchState])
def test_a_state_that_moved_on_is_refused(system: ActorSystem, make: Any, expected: int) -> None:
    """With the version that was expected and the one that is; the right one is taken."""
    ref = system.ref("workflow/a")
    for _ in range(2):
        ref.ask(PersistState(START), timeout=WAIT)
    with pytest.raises(Rejected) as caught:
        ref.ask(make({"x": 1}, expected=expected), timeout=WAIT)
    assert caught.value.facts == {"expected": expected, "version": 2}
    assert system.log.version("workflow/a") == 2
    assert ref.ask(make({"x": 1}, expected=2), timeout=WAIT).state.version == 3


def test_the_state_version_counts_states_only(system: ActorSystem) -> None:
    """Opening a channel is an event of the workflow and no version of its document."""
    ref = system.ref("workflow/a")
    ref.ask(PersistState(START, expected=0), timeout=WAIT)
    system.ref("workflow/a/channel/legal").ask(OpenChannel(), timeout=WAIT)
    receipt = ref.ask(PersistState(START, expected=1), timeout=WAIT)
    assert (receipt.version, receipt.state.version) == (3, 2)


@pytest.mark.parametrize("document", [[], "x", None, 5, ({},)], ids=repr)
@pytest.mark.parametrize("make", [PersistState, PatchState])
def test_a_document_is_an_object(system: ActorSystem, make: Any, document: Any) -> None:
    """Anything else is refused with what it was, and no version is made."""
    with pytest.raises(Rejected) as caught:
        system.ref("workflow/a").ask(make(document), timeout=WAIT)
    assert caught.value.facts == {"got": type(document).__name__}
    assert system.log.last_position() == 0


def test_a_command_of_others_is_refused(system: ActorSystem) -> None:
    """By the name of its class."""
    for what in (add(), OpenChannel()):
        with pytest.raises(Rejected) as caught:
            system.ref("workflow/a").ask(what, timeout=WAIT)
        assert caught.value.facts == {"got": type(what).__name__}


@pytest.mark.parametrize("key", [1, None, ("a",)], ids=repr)
def test_a_key_that_is_no_text_is_refused(system: ActorSystem, key: Any) -> None:
    """A typed error, and no version is made."""
    with pytest.raises(Unstorable):
        system.ref("workflow/a").ask(PersistState({key: 1}), timeout=WAIT)
    assert system.log.last_position() == 0


@pytest.mark.parametrize("document", [{"a": {1: 1}}, {"a": [{None: 1}]}, {"a": {("b",): 1}}])
def test_a_key_below_that_is_no_text_is_refused(system: ActorSystem, document: Any) -> None:
    """At any depth."""
    with pytest.raises(Unstorable):
        system.ref("workflow/a").ask(PersistState(document), timeout=WAIT)


def test_types_that_python_takes_for_equal_are_versions(system: ActorSystem) -> None:
    """1, true, 1.0, 0.0 and -0.0 replace each other, and the log verifies."""
    ref = system.ref("workflow/a")
    for value in (1, True, 1.0, 0.0, -0.0, 0, False):
        receipt = ref.ask(PersistState({"x": value}), timeout=WAIT)
        op = "replace" if receipt.version > 1 else "add"
        assert receipt.events[0].changes == (Change(op, "/x", value),)
        assert repr(receipt.state.document["x"]) == repr(value)
    assert not list(verify(system.log, lambda _: workflow.initial))
    again = retell(system.log, "workflow/a", version=5, behaviour=workflow)
    assert repr(again.document) == "{'x': -0.0}"
