"""Reactions that fail: tried again, buried where that does not help, and dug out by hand."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from retold.actors import Send
from retold.actors.courier import ATTEMPTS, DELAYS
from retold.events.recorded import Recorded

from .runners import BUGS, DoIt, Yard, react, runner, send_out


def test_what_fails_is_sent_again_a_little_later(
    yard: Yard, caplog: pytest.LogCaptureFixture
) -> None:
    """Reported each time, with a growing delay; then it has its effect once."""
    BUGS["dig"] = 2
    with caplog.at_level(logging.WARNING, "retold"):
        send_out(yard, "dig")
        yard.turns.run_all()
        assert yard.state("b").done == ()
        yard.pass_time(DELAYS[0])
        assert yard.state("b").done == ()
        yard.pass_time(DELAYS[1])
    assert yard.state("b").done == ("dig",)
    assert yard.state("a").heard == ("done 1",)
    assert caplog.text.count("is sent again") == 2
    assert yard.system.reactor is not None
    assert yard.system.reactor.idle


def test_what_fails_for_good_is_a_dead_letter_and_holds_up_nothing(yard: Yard) -> None:
    """It can be tried again by hand: then its answer goes back as it should have."""
    BUGS["dig"] = ATTEMPTS
    send_out(yard, "dig")
    send_out(yard, "sweep")
    for delay in DELAYS:
        yard.turns.run_all()
        yard.pass_time(delay)
    assert yard.state("b").done == ("sweep",)
    (letter,) = yard.system.letters.waiting()
    assert (letter.id, letter.address, letter.attempts) == ("r.1.0", "runner/b", ATTEMPTS)
    assert "dig went wrong" in letter.error
    yard.system.wait_idle()
    yard.system.letters.retry("r.1.0")
    assert yard.state("b").done == ("sweep", "dig")
    assert yard.state("a").heard == ("done 1", "done 2")
    assert yard.system.letters.waiting() == []


def test_a_dropped_letter_counts_as_refused(yard: Yard) -> None:
    """Who sent it is told, by the command that it named for a refusal."""
    BUGS["dig"] = 100
    send_out(yard, "dig")
    for delay in (0, *DELAYS):
        yard.pass_time(delay)
    yard.system.letters.drop("r.1.0")
    yard.turns.run_all()
    assert yard.state("a").heard == ("dropped as a dead letter",)


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda _: (Send("runner", DoIt("x")),), "BadAddress"),
        (lambda _: (Send("stranger/b", DoIt("x")),), "UnknownKind"),
        (lambda _: (Send("runner/b", "no command"),), "NotACommand"),
        (lambda _: [Send("runner/b", DoIt("x"))], "BadReaction"),
        (lambda _: 1 // 0, "ZeroDivisionError"),
    ],
)
def test_a_reaction_that_makes_no_sense_is_a_dead_letter(
    yard: Yard, wrong: Callable[[Any], Any], error: str
) -> None:
    """At once, with what is wrong; the next events are reacted to."""

    def sometimes(recorded: Recorded) -> Any:
        return wrong(recorded) if getattr(recorded.event, "what", "") == "odd" else react(recorded)

    yard.system.close()
    yard.open(attrs.evolve(runner, react=sometimes))
    send_out(yard, "odd")
    send_out(yard, "dig")
    yard.turns.run_all()
    assert yard.state("b").done == ("dig",)
    (letter,) = yard.system.letters.waiting()
    assert letter.id in ("r.1", "r.1.0")
    assert letter.error.startswith(error)
    assert yard.system.reactor is not None
    assert yard.system.reactor.idle
    yard.system.close()
    yard.open(runner)
    yard.system.letters.retry(letter.id)
    assert yard.state("b").done == ("dig", "odd")


def test_what_storage_refuses_is_sent_again_when_it_works(yard: Yard) -> None:
    """A full disk is nobody's fault: no attempt is counted, nothing becomes a dead letter."""
    send_out(yard, "dig")
    yard.journal.full = True
    for _ in range(10):
        yard.pass_time(5)
    assert yard.state("b").done == ()
    yard.journal.full = False
    yard.pass_time(5)
    assert yard.state("b").done == ("dig",)
    assert yard.state("a").heard == ("done 1",)
    assert yard.system.letters.waiting() == []
