"""What time makes of an actor: in any order the same, and told where it makes no sense."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold.events import RetoldError
from retold.events.errors import BadDecision

from .leases import Ended, Lease, Renew, Renewed, Use, expire, lease
from .totals import answers
from .towns import DAWN, Town


def test_what_fails_when_it_is_woken_is_woken_again(
    town: Town, caplog: pytest.LogCaptureFixture
) -> None:
    """A little later each time, reported; never lost, never at once."""
    broken = [True]

    def sometimes(state: Lease, now: datetime) -> tuple[Any, ...]:
        if broken[0]:
            raise ArithmeticError("a bug")
        return expire(state, now)

    town.reopen(attrs.evolve(lease, expire=sometimes))
    town.system.ref("lease/a").ask(Renew(10))
    with caplog.at_level(logging.WARNING, "retold"):
        for _ in range(20):
            town.pass_time(1)
        said = [each.getMessage() for each in caplog.records if "woken again" in each.getMessage()]
        assert len(said) == 4
        broken[0] = False
        town.pass_time(8)
    assert town.ends() == {"lease/a": 28}


FIRST = datetime(1, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"due": lambda _: datetime(2000, 1, 1)}, "with a zone or None"),
        ({"due": lambda _: 17}, "with a zone or None"),
        ({"expire": lambda *_: ()}, "expire gave"),
        ({"expire": lambda *_: [Ended(DAWN)]}, "expire gave"),
        ({"expire": lambda *_: (Renewed(DAWN),)}, "still due after"),
    ],
)
def test_a_deadline_that_makes_no_sense_is_told(wrong: dict[str, Any], match: str) -> None:
    """By actor and what was given; nothing of the command is stored."""
    town = Town("memory:", attrs.evolve(lease, **wrong))
    ref = town.system.ref("lease/a")
    said = answers([ref.ask(Renew(-1), block=False), ref.ask(Renew(5), block=False)])
    (told,) = [each for each in said if isinstance(each, BadDecision)][:1]
    assert told.address == "lease/a"
    assert match in str(told)
    assert "Ended" not in [each[1] for each in town.told()]
    town.system.close()


def test_deadlines_at_the_ends_of_time_do_no_harm(town: Town) -> None:
    """The first and the last moment that there is: one is long past, one never comes."""

    def far(_: Lease, command: Any, __: Any) -> tuple[Any, ...]:
        return (Renewed(LAST if command.seconds > 0 else FIRST),)

    town.reopen(attrs.evolve(lease, decide=far))
    town.system.ref("lease/never").ask(Renew(1))
    town.system.ref("lease/long-past").ask(Renew(-1))
    town.pass_time(1)
    assert set(town.ends()) == {"lease/long-past"}
    assert town.system.timers.moment("lease/never") == LAST


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("renew"), st.sampled_from("ab"), st.integers(0, 9)),
        st.tuples(st.just("use"), st.sampled_from("ab"), st.just(0)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 12)),
        st.tuples(st.sampled_from(["ring", "run", "lose"]), st.just(""), st.just(0)),
    ),
    max_size=30,
)


@given(STEPS)
def test_any_mix_of_messages_and_timers_is_as_deadlines_say(steps: Any) -> None:
    """Late, lost and doubled timers, in any order: the same as if each deadline had been
    applied exactly at its time, before each message."""
    town = Town()
    model: dict[str, list[Any]] = {"a": [None, []], "b": [None, []]}
    for what, name, number in steps:
        now = town.clock.now()
        if what in ("renew", "use"):
            held = model[name]
            if held[0] is not None and held[0] <= now:
                held[1].append(held[0])
                held[0] = None
            command = Renew(number) if what == "renew" else Use()
            said = answers([town.system.ref(f"lease/{name}").ask(command, block=False)])[0]
            if what == "use":
                assert isinstance(said, RetoldError) == (held[0] is None)
            else:
                held[0] = now + timedelta(seconds=number)
        elif what == "wait":
            town.clock.advance(number)
        elif what == "lose":
            town.turns._alarms.clear()
        elif what == "ring":
            town.system.timers.ring()
        elif what == "run":
            town.turns.run_all()
    town.clock.advance(100)
    town.system.timers.ring()
    town.turns.run_all()
    for name, (until, ends) in model.items():
        state = town.system.state(f"lease/{name}")
        assert state.until is None
        assert list(state.ends) == [*ends, *([] if until is None else [until])]
    town.system.close()
