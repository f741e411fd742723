"""Supervision: what becomes of an actor that fails again and again."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from retold import ActorSystem
from retold.actors import Stepped
from retold.actors.options import Options
from retold.actors.supervision import Failure, always_resume, quarantine_after
from retold.events import ManualClock
from retold.events.errors import Quarantined, Rejected

from .totals import (
    WAIT,
    Added,
    Noted,
    add,
    answers,
    everything,
    fail,
    give,
    nothing,
    refuse,
    totals,
)


def supervised(policy: Any) -> ActorSystem:
    """A stepped system in memory with this policy."""
    return ActorSystem.open(
        "memory:",
        totals,
        dispatcher=Stepped(turn_size=10),
        clock=ManualClock(),
        options=Options(supervise=policy),
    )


def test_an_actor_that_fails_n_times_in_a_row_is_quarantined_until_it_is_released() -> None:
    """It takes no commands, says why and what to do; released, it goes on where it stood."""
    with supervised(quarantine_after(3)) as system:
        ref = system.ref("total/a")
        ref.ask(add(5))
        bug = ZeroDivisionError("by zero")
        asked = [ref.ask(fail(bug), block=False) for _ in range(3)]
        assert answers(asked) == [bug] * 3
        with pytest.raises(Quarantined, match=r"total/a .* after 3 failures .*by zero") as refused:
            ref.ask(add(1))
        assert (refused.value.address, refused.value.failures) == ("total/a", 3)
        assert set(system.supervisor.quarantined) == {"total/a"}
        assert system.release("total/a")
        assert not system.release("total/a")
        assert ref.ask(add(1)).state.total == 6
        assert everything(system) == [("total/a", 1, Added(5)), ("total/a", 2, Added(1))]


def test_only_failures_in_a_row_count() -> None:
    """A command that is carried out or refused in between begins the count anew."""
    with supervised(quarantine_after(2)) as system:
        ref = system.ref("total/a")
        for between in (add(1), refuse(), nothing()):
            found = answers(
                [ref.ask(each, block=False) for each in (fail(ArithmeticError()), between)]
            )
            assert isinstance(found[0], ArithmeticError)
        assert system.supervisor.quarantined == {}


def test_a_refusal_is_no_failure() -> None:
    """However often it comes."""
    with supervised(quarantine_after(1)) as system:
        ref = system.ref("total/a")
        found = answers([ref.ask(refuse(), block=False) for _ in range(20)])
        assert [type(each) for each in found] == [Rejected] * 20


def test_others_of_the_family_are_not_quarantined_with_it() -> None:
    """Each actor for itself, though they take their turns together."""
    with supervised(quarantine_after(1)) as system:
        root, member = system.ref("total/a"), system.ref("total/a/total/b")
        found = answers(
            [root.ask(fail(ArithmeticError()), block=False), member.ask(add(), block=False)]
        )
        assert isinstance(found[0], ArithmeticError)
        assert found[1].state.total == 1
        assert answers([root.ask(add(), block=False)])[0].address == "total/a"


@pytest.mark.parametrize(
    "bug", [give(1), give(Noted(float("nan"))), fail(SystemExit(3))], ids=["type", "value", "exit"]
)
def test_whatever_goes_wrong_in_a_decision_is_a_failure(bug: Any) -> None:
    """Events that are none, that cannot be stored, and an exit in one command count alike."""
    with supervised(quarantine_after(1)) as system:
        ref = system.ref("total/a")
        answers([ref.ask(bug, block=False)])
        assert set(system.supervisor.quarantined) == {"total/a"}
        assert everything(system) == []


def test_the_policy_is_asked_with_the_facts() -> None:
    """Address, error and how many in a row; what it says is done."""
    seen: list[Failure] = []

    def watch(failure: Failure) -> Any:
        seen.append(failure)
        return "quarantine" if "fatal" in str(failure.error) else "resume"

    with supervised(watch) as system:
        ref = system.ref("total/a")
        errors = [
            ArithmeticError("a"),
            ArithmeticError("b"),
            ArithmeticError("fatal"),
            ArithmeticError("c"),
        ]
        answers([ref.ask(fail(each), block=False) for each in errors])
        assert [(each.address, each.error, each.in_a_row) for each in seen] == [
            ("total/a", errors[0], 1),
            ("total/a", errors[1], 2),
            ("total/a", errors[2], 3),
        ]


def test_a_policy_that_fails_lets_the_actor_go_on(caplog: pytest.LogCaptureFixture) -> None:
    """It is somebody else's code: its error is reported, and the asker gets the actor's own."""

    def broken(_: Failure) -> Any:
        raise KeyError("policy")

    with caplog.at_level(logging.ERROR, "retold"), supervised(broken) as system:
        ref = system.ref("total/a")
        assert isinstance(
            answers([ref.ask(fail(ArithmeticError()), block=False)])[0], ArithmeticError
        )
        assert ref.ask(add(), timeout=WAIT).version == 1
    assert "the actor goes on" in caplog.text


def test_an_actor_that_cannot_be_recovered_is_quarantined_too(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Whoever asks gets what stands in the way, then that it is in quarantine."""
    with caplog.at_level(logging.CRITICAL, "retold"), supervised(quarantine_after(2)) as system:
        system.ref("total/a").ask(add())
        system.actor("total/a").sleep()

        def torn(*_: Any) -> Any:
            raise ArithmeticError("unreadable")

        system.log.journal.rows = torn  # type: ignore[method-assign,assignment]  # no way to read
        ref = system.ref("total/a")
        found = answers([ref.ask(add(), block=False) for _ in range(2)])
        assert [type(each) for each in found] == [ArithmeticError] * 2
        assert set(system.supervisor.quarantined) == {"total/a"}


def test_nobody_is_quarantined_where_the_policy_is_to_resume() -> None:
    """However often it fails."""
    with supervised(always_resume) as system:
        ref = system.ref("total/a")
        answers([ref.ask(fail(ArithmeticError()), block=False) for _ in range(200)])
        assert ref.ask(add()).version == 1


def test_a_policy_counts_from_one() -> None:
    """Another number is refused when it is made."""
    with pytest.raises(ValueError, match="counted from 1"):
        quarantine_after(0)
