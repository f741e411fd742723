"""Chains of upcasters: what leads nowhere is refused, with what is missing and what to write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from retold import ActorSystem, Log, event
from retold.events.codec import Codec
from retold.events.errors import BrokenChain
from retold.events.upcast import UPCASTERS, Upcaster, chain, check_chains, upcast

from .upcasting import RenamedNow, row, till, with_currency


def step(source: str, target: str) -> Upcaster:
    """One step of a chain that is only looked at."""
    return Upcaster(source, target, lambda data: data)


@pytest.mark.parametrize(
    ("steps", "classes", "name", "words"),
    [
        ([("a.b.v1", "a.b.v2")], [], "a.b.v1", r"ends at a\.b\.v2, which has neither class nor"),
        ([("a.b.v1", "a.b.v2")], ["a.b.v1"], "a.b.v1", r'@event\("a\.b\.v2"\)'),
        ([("a.b.v1", "a.b.v2")], ["a.b.v3"], "a.b.v1", r'@upcast\("a\.b\.v2"\) to a\.b\.v3'),
        ([("a.b.v1", "a.b.v2")], ["a.b.v2", "a.b.v10"], "a.b.v1", r"there is a\.b\.v10"),
        ([("a.b.v1", "a.c.v1"), ("a.c.v1", "a.b.v1")], ["a.b.v1"], "a.b.v1", "lead back"),
        ([("a.b.v1", "a.b.v2"), ("a.b.v3", "a.b.v4")], ["a.b.v4"], "a.b.v1", r"@upcast.*a\.b\.v3"),
    ],
)  # fmt: skip
def test_a_chain_that_leads_nowhere_is_told(
    steps: list[tuple[str, str]], classes: list[str], name: str, words: str
) -> None:
    """Which wire name it is, what is missing, and what to write."""
    upcasters = {source: step(source, target) for source, target in steps}
    with pytest.raises(BrokenChain, match=words) as caught:
        check_chains(upcasters, dict.fromkeys(classes, object))
    assert caught.value.name == name


def test_a_chain_that_leads_somewhere_is_in_order() -> None:
    """Old classes may stay, and versions that have no upcaster stand beside them."""
    upcasters = {each.source: each for each in (step("a.b.v1", "a.b.v2"), step("a.b.v2", "a.c.v1"))}
    classes = dict.fromkeys(["a.b.v1", "a.c.v1", "other.made.v1", "other.made.v7"], object)
    check_chains(upcasters, classes)
    assert [each.target for each in chain("a.b.v1", upcasters, classes)] == ["a.b.v2", "a.c.v1"]
    assert chain("other.made.v1", upcasters, classes) == ()


@pytest.mark.parametrize(
    "names",
    [
        ("upcast.priced.v1", "upcast.priced.v3"),
        ("upcast.priced.v2", "upcast.priced.v1"),
        ("upcast.priced.v2", "upcast.priced.v2"),
        ("priced",),
        ("upcast.priced",),
        ("upcast.priced.v1", "cents"),
        ("upcast.priced.v0",),
        (None,),
        (with_currency,),
    ],
)
def test_a_step_goes_to_the_next_version(names: tuple[Any, ...]) -> None:
    """A wire name that is none, and a target that skips or goes back, are refused at once."""
    before = dict(UPCASTERS)
    with pytest.raises(BrokenChain):
        upcast(*names)
    assert before == UPCASTERS


def test_what_is_no_function_upcasts_nothing() -> None:
    """It is refused at once, not at the first row that it would be run for."""
    before = dict(UPCASTERS)
    with pytest.raises(BrokenChain, match="5, which is no function"):
        upcast("upcast.numbered.v1")(5)  # type: ignore[arg-type]  # that is the point
    assert before == UPCASTERS


def test_two_functions_do_not_upcast_one_version() -> None:
    """The second is refused by name, and the first stays."""
    first = UPCASTERS["upcast.priced.v1"]
    with pytest.raises(BrokenChain, match=r"to_cents and .*with_currency upcast it"):
        upcast("upcast.priced.v1")(with_currency)
    assert UPCASTERS["upcast.priced.v1"] is first


def test_a_function_defined_again_takes_the_place_of_the_old() -> None:
    """As in a notebook, or a module that is loaded anew."""

    def define(text: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        @upcast("upcast.edited.v1", "upcast.renamed_now.v1")
        def edited(_: dict[str, Any]) -> dict[str, Any]:
            return {"text": text}

        return edited

    codec, old = Codec(), row("upcast.edited.v1", "{}")
    define("first")
    assert codec.decode(*old).data == RenamedNow("first")
    second = define("second")
    assert UPCASTERS["upcast.edited.v1"].function is second
    assert codec.decode(*old).data == RenamedNow("second")


def test_a_broken_chain_is_told_when_a_log_is_opened() -> None:
    """And when a system is made over a log that was opened before; what was missing heals it."""
    log = Log.open("memory:")

    @upcast("upcast.halved.v1")
    def half(data: dict[str, Any]) -> dict[str, Any]:
        return data

    try:
        with pytest.raises(BrokenChain, match=r"upcast\.halved\.v2"):
            Log.open("memory:")
        with pytest.raises(BrokenChain, match=r"upcast\.halved\.v2"):
            ActorSystem(log, till)
    finally:

        @event("upcast.halved.v2")
        class Halved:
            pass

    ActorSystem(Log.open("memory:"), till).close()
