"""Passivation: who sleeps is forgotten, and nobody can tell but by the time it takes."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from typing import Any

import pykka
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import ActorSystem
from retold.actors import Stepped
from retold.actors.options import Options
from retold.actors.passivation import EVERY, NEWCOMERS, Resting, after, at_most, within
from retold.actors.weight import weight
from retold.events import ManualClock

from .totals import WAIT, add, answers, everything, note, nothing, refuse, totals, wait_for


def sleepy(policy: Any, clock: ManualClock | None = None, **more: Any) -> ActorSystem:
    """A system in memory whose families may fall asleep."""
    options = Options(passivate=policy)
    return ActorSystem.open(
        "memory:", totals, clock=clock or ManualClock(), options=options, seed="seed", **more
    )


def roots(system: ActorSystem) -> set[str]:
    """The families in memory."""
    return {each.root for each in system.index}


def test_who_is_idle_for_long_is_forgotten() -> None:
    """By age: after so many seconds without a turn nothing of a family is in memory."""
    clock, stepped = ManualClock(), Stepped()
    with sleepy(after(60), clock, dispatcher=stepped) as system:
        old, young = (system.ref(f"total/{name}", registered=False) for name in ("old", "young"))
        old.ask(add(1))
        clock.advance(50)
        young.ask(add(2))
        clock.advance(20)
        stepped.run_all()
        assert roots(system) == {"total/young"}
        assert old.ask(add(10)).state.total == 11
        assert old.is_alive()


def test_the_longest_idle_sleep_first() -> None:
    """By number: no more than so many families stay awake."""
    clock, stepped = ManualClock(), Stepped()
    with sleepy(at_most(2), clock, dispatcher=stepped) as system:
        for name in "abcd":
            system.ref(f"total/{name}", registered=False).ask(add())
            clock.advance(0.01)
        clock.advance(EVERY)
        stepped.run_all()
        assert roots(system) == {"total/c", "total/d"}


def test_the_largest_need_not_sleep_if_the_sum_fits() -> None:
    """By memory: the states of the idle ones take no more than so many bytes together."""
    clock, stepped = ManualClock(), Stepped()
    with sleepy(within(150_000), clock, dispatcher=stepped) as system:
        for name in "abc":
            system.ref(f"total/{name}", registered=False).ask(note("x" * 50_000 + name))
            clock.advance(0.01)
        clock.advance(EVERY)
        stepped.run_all()
        assert roots(system) == {"total/b", "total/c"}


def test_a_state_is_freed() -> None:
    """Of who sleeps the state is gone; who holds a reference keeps the reference."""
    clock, stepped = ManualClock(), Stepped()
    with sleepy(after(1), clock, dispatcher=stepped) as system:
        ref = system.ref("total/held")
        ref.ask(note("kept"))
        family = weakref.ref(system.ref("total/free", registered=False)._actor)
        clock.advance(2)
        stepped.run_all()
        gc.collect()
        assert family() is None
        assert roots(system) == {"total/held"}
        assert system.actor("total/held").asleep
        assert system.actor("total/held").state == totals.initial
        proxy: Any = ref.proxy()
        assert proxy.state.get().notes == ("kept",)
        assert pykka.ActorRegistry.get_by_urn("total/held") is not None


def test_nobody_sleeps_with_work_to_do() -> None:
    """A family with a turn at work or messages waiting stays; its answers come."""
    gate, begun = threading.Event(), threading.Event()
    with sleepy(at_most(0)) as system:
        ref = system.ref("total/a", registered=False)
        held = ref.ask(wait_for(gate, begun), block=False)
        assert begun.wait(WAIT)
        waiting = [ref.ask(add(), block=False) for _ in range(3)]
        system.sweeper.look()
        assert roots(system) == {"total/a"}
        gate.set()
        assert [each.version for each in answers([held, *waiting])] == [0, 1, 2, 3]


def test_a_reference_of_before_reaches_who_is_there_now() -> None:
    """Messages of one sender keep their order over a sleep, whichever reference they go by."""
    with sleepy(at_most(0), dispatcher=Stepped(turn_size=5)) as system:
        before = system.ref("total/a", registered=False)
        before.ask(note(0))
        system.sweeper.look()
        assert roots(system) == set()
        asked = [before.ask(note(1), block=False)]
        asked.append(system.ref("total/a", registered=False).ask(note(2), block=False))
        asked.append(before.ask(note(3), block=False))
        assert [each.version for each in answers(asked)] == [2, 3, 4]
        assert before.ask(nothing()).state.notes == (0, 1, 2, 3)


def test_repeated_ids_are_known_after_a_sleep() -> None:
    """The receipts are found in the log again."""
    with sleepy(at_most(0), dispatcher=Stepped()) as system:
        ref = system.ref("total/a", registered=False)
        first = ref.ask(add(7), id="k")
        system.sweeper.look()
        assert ref.ask(add(7), id="k") == first


def test_many_newcomers_are_looked_at_before_the_second_is_over() -> None:
    """Between two looks a thousand families come to memory, or half as many as there are."""
    with sleepy(at_most(10), dispatcher=Stepped()) as system:
        most = 0
        for number in range(3 * NEWCOMERS):
            system.ref(f"total/{number}", registered=False).ask(add())
            if number % 50 == 0:
                most = max(most, len(roots(system)))
        assert NEWCOMERS // 2 < most <= 10 + NEWCOMERS


def test_a_policy_that_fails_puts_nobody_to_sleep(caplog: pytest.LogCaptureFixture) -> None:
    """It is somebody else's code: reported, and asked again next time."""
    clock, stepped = ManualClock(), Stepped()

    def broken(_: Any) -> Any:
        raise KeyError("policy")

    with caplog.at_level(logging.ERROR, "retold"), sleepy(broken, clock, dispatcher=stepped) as s:
        s.ref("total/a", registered=False).ask(add())
        clock.advance(EVERY)
        stepped.run_all()
        assert roots(s) == {"total/a"}
    assert "nobody falls asleep" in caplog.text


def test_asks_that_race_with_sleep_all_resolve() -> None:
    """Ten thousand asks from four threads while their families are put to sleep again and again:
    every one is carried out once, in the order of its sender."""
    with sleepy(at_most(0)) as system:
        done = threading.Event()

        def put_to_sleep() -> None:
            while not done.is_set():
                system.sweeper.look()

        sweeper = threading.Thread(target=put_to_sleep)
        sweeper.start()
        asked: list[list[Any]] = [[] for _ in range(4)]
        held = [system.ref(f"total/{name}", registered=False) for name in range(3)]

        def ask(who: int) -> None:
            for number in range(2_500):
                name = number % 3
                ref = held[name] if number % 2 else system.ref(f"total/{name}", registered=False)
                asked[who].append(ref.ask(note([who, number]), block=False))

        threads = [threading.Thread(target=ask, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        found = [answers(mine) for mine in asked]
        done.set()
        sweeper.join(WAIT)
        assert all(each.version for mine in found for each in mine)
        for name in range(3):
            notes = system.ref(f"total/{name}", registered=False).ask(nothing()).state.notes
            for who in range(4):
                mine = [number for sender, number in notes if sender == who]
                assert mine == [number for number in range(2_500) if number % 3 == name]


@given(st.lists(st.sampled_from(["add", "refuse", "sleep", "repeat", "member"]), max_size=25))
def test_sleep_changes_nothing_but_time(steps: list[str]) -> None:
    """With a sleep anywhere the answers and the log are those of a system that never sleeps."""

    def run(sleeps: bool) -> Any:
        with sleepy(at_most(0), dispatcher=Stepped()) as system:
            said: list[Any] = []
            for number, step in enumerate(steps):
                address = "total/a/total/b" if step == "member" else "total/a"
                ref = system.ref(address, registered=False)
                if step == "sleep" and sleeps:
                    system.sweeper.look()
                elif step != "sleep":
                    what = refuse() if step == "refuse" else add(number)
                    known = "k" if step == "repeat" else f"k{number}"
                    said.append(str(answers([ref.ask(what, id=known, block=False)])[0]))
            return said, everything(system)

    assert run(sleeps=True) == run(sleeps=False)


@given(st.lists(st.integers(0, 100)), st.integers(0, 300))
def test_within_keeps_the_youngest_that_fit(sizes: list[int], limit: int) -> None:
    """The longest suffix whose sum is within the limit stays awake."""
    resting = [Resting(f"a/{n}", float(-n), lambda n=n: sizes[n]) for n in range(len(sizes))]
    fits = [start for start in range(len(sizes) + 1) if sum(sizes[start:]) <= limit]
    assert within(limit)(resting) == {each.root for each in resting[: min(fits)]}


def test_weight_counts_what_is_there_once() -> None:
    """About as much as its parts take; what is shared counts for nothing."""
    text = "x" * 10_000
    assert 10_000 < weight([[text, text]]) < 11_000
    assert weight([[text]], shared=[text]) < 1_000
    assert weight([int, len, gc]) == 0


@pytest.mark.parametrize("policy", [at_most, within])
def test_bounds_are_no_less_than_nothing(policy: Any) -> None:
    """Refused when the policy is made."""
    with pytest.raises(ValueError, match="0"):
        policy(-1)


def test_the_end_of_a_system_tells_who_waits_for_a_forgotten_family() -> None:
    """A message that goes by an old reference while the system closes resolves like any other."""
    system = sleepy(at_most(0), dispatcher=Stepped())
    ref = system.ref("total/a", registered=False)
    ref.ask(add())
    system.sweeper.look()
    system.close()
    with pytest.raises(pykka.ActorDeadError):
        ref.ask(add())
