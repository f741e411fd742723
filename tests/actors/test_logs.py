"""Logging: which actor and which command a record is about."""

from __future__ import annotations

import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest

from retold import ActorSystem
from retold.actors import Pool, Stepped
from retold.actors.logs import WithActor
from retold.actors.options import Options
from retold.events import ManualClock

from .runners import SendOut, Yard
from .totals import Do, add, answers, fail, nothing, refuse, totals

_user_log = logging.getLogger("tests.somebody.else")


class Lines(logging.Handler):
    """Keeps what is logged, in a format that names actor and command."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(logging.Formatter("%(actor)s|%(command)s|%(message)s"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """One line more."""
        self.lines.append(self.format(record))


@pytest.fixture
def lines() -> Iterator[Lines]:
    """What all loggers say, by a handler with the filter."""
    handler = Lines()
    handler.addFilter(WithActor())
    root = logging.getLogger()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)


@pytest.fixture
def own() -> Iterator[Lines]:
    """What the library's own logger says, by a handler without any filter."""
    handler = Lines()
    log = logging.getLogger("retold")
    log.addHandler(handler)
    yield handler
    log.removeHandler(handler)


def test_failures_and_refusals_name_actor_and_command(system: ActorSystem, own: Lines) -> None:
    """What failed on an ask, and what was refused of a tell: no filter is needed for that."""
    ref = system.ref("total/a")
    answers([ref.ask(fail(ArithmeticError()), block=False, id="c1")])
    ref.tell(refuse(), id="c2")
    ref.tell(fail(ArithmeticError()), id="c3")
    answers([ref.ask(nothing(), block=False)])
    system.close()
    begun = [line.rsplit("|", 1)[0] for line in own.lines]
    assert begun == ["total/a|Do c1", "total/a|Do c2", "total/a|Do c3"]


def test_quarantine_names_the_actor_and_the_command_that_led_to_it(own: Lines) -> None:
    """The record of the policy's doing has the command that was at work."""
    options = Options(supervise=lambda _: "quarantine")
    with ActorSystem.open("memory:", totals, dispatcher=Stepped(), options=options) as system:
        answers([system.ref("total/a").ask(fail(ArithmeticError()), block=False, id="c1")])
    first, *_ = own.lines
    assert first == "total/a|Do c1|total/a is in quarantine after 1 failures in a row"


def test_what_concerns_no_actor_has_empty_texts(own: Lines) -> None:
    """Formats that name actor and command never fail on a record of the library."""

    def policy(_: Any) -> Any:
        raise ArithmeticError

    with ActorSystem.open(
        "memory:",
        totals,
        dispatcher=Stepped(),
        clock=ManualClock(),
        options=Options(passivate=policy),
    ):
        pass
    (line,) = [each.splitlines()[0] for each in own.lines]
    assert line == "||The policy of passivation failed: nobody falls asleep"


def test_a_reaction_that_fails_names_its_command(yard: Yard, own: Lines) -> None:
    """Under the id with which it is sent: where its event stands, and which of its sends."""
    yard.system.ref("runner/a").ask(SendOut("nowhere", "sweep"), by="boss", why="order")
    yard.turns.run_all()
    assert [line.split("|")[:2] for line in own.lines] == [["nowhere", "DoIt r.1.0"]]


@pytest.mark.parametrize("dispatcher", [Pool, Stepped])
def test_what_a_decision_logs_names_its_actor_and_command(dispatcher: Any, lines: Lines) -> None:
    """By any logger, for each command its own; before, between and after there is none."""

    def chat(_: Any, context: Any) -> tuple[Any, ...]:
        _user_log.warning("deciding %s", context.command_id)
        return ()

    _user_log.warning("before")
    with ActorSystem.open("memory:", totals, dispatcher=dispatcher()) as system:
        for number in range(3):
            for name in "ab":
                ref = system.ref(f"total/{name}")
                answers([ref.ask(Do(chat), id=f"{name}{number}", block=False)])
                _user_log.warning("between")
    found = [line for line in lines.lines if not line.endswith("|between")]
    expected = [f"total/{n}|Do {n}{i}|deciding {n}{i}" for i in range(3) for n in "ab"]
    assert found == ["||before", *expected]
    assert lines.lines.count("||between") == 6


def test_records_that_know_better_are_left_alone(lines: Lines) -> None:
    """An `actor` or `command` that a record was given stays, and gets nobody else's command."""

    def chat(_: Any, __: Any) -> tuple[Any, ...]:
        _user_log.warning("one", extra={"actor": "somebody"})
        _user_log.warning("two", extra={"actor": "total/a"})
        _user_log.warning("three", extra={"command": "mine"})
        return ()

    with ActorSystem.open("memory:", totals, dispatcher=Stepped()) as system:
        system.ref("total/a").ask(Do(chat), id="c1")
    assert lines.lines == ["somebody||one", "total/a|Do c1|two", "total/a|mine|three"]


def test_it_is_set_up_by_the_standard_library(lines: Lines) -> None:
    """`logging.config.dictConfig` names the filter by its class."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"with_actor": {"()": "retold.actors.logs.WithActor"}},
            "handlers": {
                "kept": {"()": f"{__name__}.Lines", "filters": ["with_actor"]},
            },
            "loggers": {"tests.configured": {"handlers": ["kept"], "propagate": False}},
        }
    )
    log = logging.getLogger("tests.configured")
    log.warning("hello")
    (handler,) = log.handlers
    assert isinstance(handler, Lines)
    assert handler.lines == ["||hello"]


def test_a_system_that_says_nothing_pays_nothing(system: ActorSystem, lines: Lines) -> None:
    """A command that goes well leaves no record."""
    system.ref("total/a").ask(add())
    assert lines.lines == []
