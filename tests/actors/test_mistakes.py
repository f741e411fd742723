"""What is easily got wrong is told in words that name it, and say what is right."""

from __future__ import annotations

from typing import Any

import pytest

from retold import ActorSystem, Behaviour, command, event, state
from retold.actors import Context
from retold.events.errors import BadDecision, BadUrl, NameTaken, NotACommand, Unstorable


@event("slip.filled.v1")
class Filled:
    """It was filled in."""

    line: str = ""


@command
class Fill:
    """Fill it in."""


@state
class Slip:
    """What stands on it."""

    lines: tuple[str, ...] = ()

    def evolve(self, event: Any) -> Any:
        """A phase of another class for a line that is known, nothing sensible for others."""
        phases: dict[str, Any] = {"": self, "number": 5, "done": Done()}
        return phases.get(event.line)


@state
class Done:
    """A second phase."""

    def evolve(self, event: Any) -> Any:
        """Nothing more happens."""
        return self


@state
class Bare:
    """A state that says nothing about events."""


def decide(slip: Slip, command: Any, context: Context) -> tuple[Any, ...]:
    """Whatever is asked, one event."""
    return (Filled(),)


slip = Behaviour("slip", Slip(), decide)

make: Any = Behaviour
named: Any = event
opened: Any = ActorSystem.open
BEHAVIOURS: list[tuple[Any, type[Exception], str]] = [
    (lambda: make("slip", Slip, decide), TypeError, r"'slip' begins with .* Account\(\), not"),
    (lambda: make("slip", Bare(), decide), TypeError, r"evolve\(event\).* not with Bare"),
    (lambda: make("slip", None, decide), TypeError, "not with None"),
    (lambda: make("", Slip(), decide), ValueError, "name of its kind first"),
    (lambda: make(Slip(), "slip", decide), ValueError, "name of its kind first"),
    (lambda: make("slip", Slip(), "decide"), TypeError, r"decide\(state, command, context\)"),
    (lambda: named(Filled), NameTaken, r"'Filled' .* @event\(\"noun.verb_past.v1\"\)"),
    (lambda: opened(slip), BadUrl, "named first, by a text such as sqlite:///bank.db"),
    (lambda: opened("memory:", [slip]), TypeError, "each a Behaviour"),
]


@pytest.mark.parametrize(("made", "error", "text"), BEHAVIOURS)
def test_what_is_put_together_wrongly_is_told_at_once(
    made: Any, error: type[Exception], text: str
) -> None:
    """Where it is written, and not when the first command comes."""
    with pytest.raises(error, match=text):
        made()


DECISIONS: list[tuple[Any, type[Exception], str]] = [
    ((Filled,), Unstorable, "Filled cannot be stored: it is a class, not an event made of it"),
    ((Filled("number"),), BadDecision, r"slip/a, deciding Fill\(\): .* gave 5 for .*; it gives a"),
    ((Filled("?"),), BadDecision, r"slip/a, deciding Fill\(\): .* gave None .* self for those"),
]


@pytest.mark.parametrize(("events", "error", "text"), DECISIONS)
def test_what_is_decided_wrongly_is_told(events: Any, error: type[Exception], text: str) -> None:
    """Of which actor, deciding what; nothing is stored. A state of another class is none of it."""
    given = [events, (Filled("done"),)]
    wrong = Behaviour("slip", Slip(), lambda *_: given.pop(0))
    with ActorSystem.open("memory:", wrong) as system:
        with pytest.raises(error, match=text):
            system.ref("slip/a").ask(Fill())
        assert system.log.last_position() == 0
        assert system.ref("slip/a").ask(Fill()).state == Done()


def test_what_is_asked_wrongly_is_told() -> None:
    """A class for a command, an id that says nothing or is no text; nothing is done."""
    with ActorSystem.open("memory:", slip) as system:
        ref = system.ref("slip/a")
        with pytest.raises(NotACommand, match="it is a class; send an instance of it"):
            ref.ask(Fill)
        for send in (ref.ask, ref.tell):
            with pytest.raises(ValueError, match="a text that is not empty, not ''"):
                send(Fill(), id="")
        number: Any = 7
        with pytest.raises(Unstorable, match="7 is no text, and is the id of its command"):
            ref.ask(Fill(), id=number)
        assert system.log.last_position() == 0
