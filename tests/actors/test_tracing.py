"""The seam for tracing: every command that was accepted is begun once and ended once."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from retold import ActorSystem, Behaviour, Receipt
from retold.actors import Pool, Send, Stepped
from retold.actors.message import Message
from retold.actors.options import Options
from retold.events.errors import Overloaded
from retold.events.log_errors import StorageFull
from retold.sims import Simulation

from .runners import SendOut, runner
from .totals import Total, add, answers, decide, fail, nothing, refuse, totals


class Notes:
    """Notes what began and how it ended."""

    def __init__(self) -> None:
        self.begun: list[tuple[str, str, str]] = []
        self.ended: dict[str, list[Any]] = {}

    def sent(self, message: Message, cause: str) -> Note:
        """One more began."""
        self.begun.append((message.id, type(message.command).__name__, cause))
        return Note(self, message.id)


class Note:
    """Of one command."""

    def __init__(self, notes: Notes, command_id: str) -> None:
        self._ended = notes.ended.setdefault(command_id, [])

    def ended(self, receipt: Receipt | None, error: BaseException | None) -> None:
        """It has ended."""
        answer: Any = receipt or type(error).__name__
        self._ended.append(getattr(answer, "version", answer))


def opened(notes: Any, dispatcher: Any = None, **options: Any) -> Any:
    """An actor system that is traced."""
    return ActorSystem.open(
        "memory:", totals, runner, dispatcher=dispatcher, options=Options(tracer=notes, **options)
    )


@pytest.mark.parametrize("dispatcher", [Pool, Stepped])
def test_each_command_ends_once_as_it_was_answered(dispatcher: Any) -> None:
    """Asks and tells alike: stored, nothing to do, refused, failed, repeated."""
    notes = Notes()
    with opened(notes, dispatcher()) as system:
        ref = system.ref("total/a")
        for how in ("ask", "tell"):
            for number, command in enumerate((add(), nothing(), refuse(), fail(ArithmeticError()))):
                if how == "tell":
                    ref.tell(command, id=f"tell{number}")
                else:
                    answers([ref.ask(command, block=False, id=f"ask{number}")])
        ref.tell(add(), id="ask0")
    once = {id: ended for id, ended in notes.ended.items() if "." not in id}
    assert once == {
        "ask0": [1, 1], "ask1": [1], "ask2": ["Rejected"], "ask3": ["ArithmeticError"],
        "tell0": [2], "tell1": [2], "tell2": ["Rejected"], "tell3": ["ArithmeticError"],
    }  # fmt: skip


def test_what_the_end_of_the_actor_or_the_log_brings_is_told() -> None:
    """A stop, a quarantine, a disk that is full: each ends what it struck, tells too."""
    notes = Notes()
    with opened(notes, Stepped(), supervise=lambda _: "quarantine") as system:
        ref = system.ref("total/a")
        ref.tell(fail(ArithmeticError()), id="fails")
        ref.tell(add(), id="quarantined")
        other = system.ref("total/b")
        other.tell(add(), id="b1")
        other.stop(block=False)
        other.tell(add(), id="stopped")
        system.dispatcher.run_all()

        def full(*_: Any) -> Any:
            raise StorageFull("memory:", "no room")

        system.log.store = full
        system.ref("total/c").tell(add(), id="unstored")
        system.dispatcher.run_all()
    assert {id: ended for id, ended in notes.ended.items() if "." not in id} == {
        "fails": ["ArithmeticError"],
        "quarantined": ["Quarantined"],
        "b1": [1],
        "stopped": ["ActorDeadError"],
        "unstored": ["StorageFull"],
    }


def test_what_was_never_accepted_has_no_end() -> None:
    """A sender who finds the inbox full is told so itself."""
    notes = Notes()
    with opened(notes, Stepped(), inbox=1, overload="raise") as system:
        ref = system.ref("total/a")
        ref.tell(add(), id="taken")
        with pytest.raises(Overloaded):
            ref.tell(add(), id="refused")
    assert notes.ended == {"taken": [1], "refused": []}


def test_reactions_know_what_caused_them() -> None:
    """The command of an event, and the command whose answer goes back."""
    notes = Notes()
    with opened(notes, Stepped()) as system:
        system.ref("runner/a").ask(SendOut("runner/b", "sweep"), id="order")
        system.dispatcher.run_all()
    assert notes.begun == [
        ("order", "SendOut", ""),
        ("r.1.0", "DoIt", "order"),
        ("r.1.0.taken", "Hear", "r.1.0"),
    ]
    assert notes.ended == {"order": [1], "r.1.0": [1], "r.1.0.taken": [2]}


def test_bookkeeping_is_not_traced() -> None:
    """What had no event is settled by one of the system's own, which nobody asked for."""
    notes = Notes()
    turns = Stepped()
    quiet = Behaviour("quiet", Total(), decide, react=lambda _: (Send("total/b", nothing()),))
    options = Options(tracer=notes)
    with ActorSystem.open("memory:", quiet, totals, dispatcher=turns, options=options) as system:
        system.ref("quiet/a").ask(add(), id="order")
        turns.run_all()
        assert [each.address for each in system.log.scan()] == ["quiet/a", "reactions/cursor"]
    assert [id for id, _, _ in notes.begun] == ["order", "r.1.0"]


@pytest.mark.parametrize("latency", [None, 0.5])
def test_a_simulated_world_is_traced_too(latency: float | None) -> None:
    """Whether its messages take time or not."""
    notes = Notes()
    options = Options(tracer=notes)
    with Simulation(totals, runner, seed=1, latency=latency, options=options) as sim:
        sim.ref("runner/a").tell(SendOut("runner/b", "sweep"), id="order")
        sim.run()
    assert notes.ended == {"order": [1], "r.1.0": [1], "r.1.0.taken": [2]}


@pytest.mark.parametrize("where", ["sent", "ended"])
def test_a_tracer_that_fails_harms_nobody(where: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and every command is answered as without it."""

    class Broken:
        def sent(self, message: Message, cause: str) -> Any:
            if where == "sent":
                raise ArithmeticError
            return self

        def ended(self, receipt: Any, error: Any) -> None:
            raise ArithmeticError

    with opened(Broken()) as system:
        ref = system.ref("total/a")
        ref.tell(add())
        found = answers([ref.ask(add(), block=False) for _ in range(3)])
        assert [each.version for each in found] == [2, 3, 4]
    assert "The tracer could not" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
