"""Any saga, whatever is refused, late, repeated or out of order: a world that keeps its own books.

The world carries commands out or refuses them and keeps what took effect in plain lists; it judges
each command that a saga sends by these lists alone, and the outcome by what is left of them.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from retold import Behaviour
from retold.actors import Context, Send
from retold.actors.saga import Step, saga
from retold.actors.saga.replies import NoteCompensated, NoteNotCompensated, NoteRefused, NoteTaken
from retold.actors.saga.step import MakeSend
from retold.events import fold
from retold.events.saga import CompensationRequested, SagaFinished, StepRequested

from .courses import Moment
from .trips import Book, Cancel, Travel


class World:
    """One saga and everybody it asks; `fates` say of each step what becomes of it.

    A fate: whether it can be undone, whether it is taken, whether undoing it is.
    """

    def __init__(self, fates: list[tuple[bool, bool, bool]], seen: Counter[str]) -> None:
        self.fates = {f"s{number}": fate for number, fate in enumerate(fates)}
        self.saga: Behaviour = saga(
            "trip", Travel, *map(self._step, self.fates), timeout_seconds=60
        )
        self.seen = seen
        self.moment = Moment()
        self.log: list[Any] = []
        self.on_the_way: list[tuple[str, str]] = []
        self.mailbox: list[Any] = []
        self.effects: list[str] = []
        self.told: list[str] = []
        self.undone: list[str] = []
        self.stay: list[str] = []
        self.outcomes: list[str] = []
        self.late: set[str] = set()
        self.say(Travel("ann"))

    def _step(self, name: str) -> Step:
        undo = _sending(name, Cancel("ann", 0)) if self.fates[name][0] else None
        return Step(name, _sending(name, Book("ann")), undo)

    def say(self, command: Any) -> None:
        """The saga decides a command as an actor does: first what the time makes of it."""
        self.expire()
        context = Context("trip/1", len(self.log), "", "", "", self.moment)
        self.believe(self.saga.decide(self.state, command, context))

    def expire(self) -> None:
        """What the time makes of the saga."""
        due, expire = self.saga.due, self.saga.expire
        assert due is not None
        assert expire is not None
        moment = due(self.state)
        if moment is not None and moment <= self.moment.now:
            self.late |= {step for step, kind in self.open if kind == "do"}
            self.believe(expire(self.state, self.moment.now))

    @property
    def state(self) -> Any:
        """The saga as its events have it."""
        return fold(self.saga.initial, self.log)

    @property
    def open(self) -> list[tuple[str, str]]:
        """What was asked for and whose answer the saga has not heard."""
        return self.on_the_way + [(step, kind) for step, kind, _ in self.mailbox]

    def believe(self, events: tuple[Any, ...]) -> None:
        """Judge what the saga does by the books."""
        for each in events:
            self.log.append(each)
            match each:
                case StepRequested(step):
                    assert not self.outcomes
                    assert not self.late
                    assert self.told == self.effects == list(self.fates)[: len(self.told)]
                    assert step == list(self.fates)[len(self.told)]
                    self.on_the_way.append((step, "do"))
                case CompensationRequested(step):
                    assert not self.outcomes
                    standing = [one for one in self.told if one not in self.undone]
                    assert step == max(one for one in standing if self.fates[one][0])
                    assert not any(one > step for one in self.stay)
                    self.on_the_way.append((step, "undo"))
                case SagaFinished(outcome):
                    assert not self.open
                    self.outcomes.append(outcome)

    def carry_out(self, number: int) -> None:
        """Somebody takes or refuses what he was asked for."""
        step, kind = self.on_the_way.pop(number % len(self.on_the_way))
        _, takes, lets_go = self.fates[step]
        if kind == "do" and takes:
            self.effects.append(step)
        if kind == "undo" and lets_go:
            assert step in self.effects
            assert step not in self.undone
            self.undone.append(step)
        self.mailbox.append((step, kind, takes if kind == "do" else lets_go))

    def deliver(self, number: int) -> None:
        """An answer reaches the saga."""
        step, kind, good = self.mailbox.pop(number % len(self.mailbox))
        if kind == "do" and good:
            self.told.append(step)
        if kind == "undo" and not good:
            self.stay.append(step)
        if step in self.late and kind == "do":
            self.seen["late effect" if good else "late refusal"] += 1
        self.say(_answer(step, kind, good))

    def again(self, number: int) -> None:
        """An answer comes that nobody waits for: a second one, or one to what was never asked."""
        before = len(self.log)
        for step in [*self.fates, "s9"]:
            for kind in {"do", "undo"} - {kind for one, kind in self.open if one == step}:
                known = step in self.told if kind == "do" else step in self.undone
                self.seen["repeated" if known else "never asked"] += 1
                self.say(_answer(step, kind, bool(number % 2)))
        assert len(self.log) == before

    def wait(self) -> None:
        """So much time goes by that nobody is in time any more."""
        self.moment.now += timedelta(seconds=61)
        self.expire()

    def step(self, choice: int, number: int) -> None:
        """One thing of all that may happen."""
        if choice == 0:
            self.wait()
        elif choice == 1:
            self.again(number)
        elif self.on_the_way and (choice % 2 or not self.mailbox):
            self.carry_out(number)
        elif self.mailbox:
            self.deliver(number)


def _sending(name: str, command: Any) -> MakeSend:
    return lambda _: Send(f"x/{name}", command)


def _answer(step: str, kind: str, good: bool) -> Any:
    match kind, good:
        case "do", True:
            return NoteTaken(step)
        case "do", False:
            return NoteRefused(step, "no")
        case "undo", True:
            return NoteCompensated(step)
    return NoteNotCompensated(step, "no")


def judge(world: World) -> None:
    """What is left when nothing is on its way any more."""
    assert len(world.outcomes) == 1
    left = [step for step in world.effects if step not in world.undone]
    to_undo = [step for step in left if world.fates[step][0]]
    match world.outcomes[0]:
        case "completed":
            assert world.effects == list(world.fates)
            assert not world.undone
            assert not world.late
        case "compensated":
            assert not to_undo
            assert not world.stay
            assert world.late or not all(takes for _, takes, _ in world.fates.values())
        case "stuck":
            assert world.stay
            assert set(world.stay) <= set(to_undo)
            assert max(to_undo) == max(world.stay)
    world.seen[world.outcomes[0]] += 1
    before = len(world.log)
    world.again(0)
    world.again(1)
    world.wait()
    assert len(world.log) == before


FATES = st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=1, max_size=5)
GOOD = st.lists(st.just((True, True, True)), min_size=1, max_size=5)
NEARLY = st.lists(st.tuples(st.just(True), st.just(True), st.booleans()), min_size=1, max_size=5)
CHOICES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 20)), max_size=40)


def test_every_saga_ends_in_one_outcome_that_fits_what_took_effect() -> None:
    """Completed with all effects, or all undone from the last, or stuck at one that stays."""
    seen: Counter[str] = Counter()

    @settings(max_examples=600, derandomize=True, database=None)
    @given(FATES | GOOD | NEARLY, CHOICES)
    def run(fates: list[tuple[bool, bool, bool]], choices: list[tuple[int, int]]) -> None:
        world = World(fates, seen)
        for choice, number in choices:
            world.step(choice, number)
        while world.on_the_way or world.mailbox:
            world.step(3 if world.on_the_way else 2, 0)
        judge(world)

    run()
    sometimes = {"completed", "compensated", "stuck", "late effect", "late refusal", "repeated"}
    assert seen.keys() >= sometimes | {"never asked"}
