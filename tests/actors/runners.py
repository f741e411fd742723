"""Runners that send each other on errands, in a stepped system that can die and come back."""

from __future__ import annotations

from typing import Any

from retold import ActorSystem, Behaviour, Rejected, command, event, state
from retold.actors import Send, Stepped
from retold.events import ManualClock
from retold.events.codec import Codec
from retold.events.log import Log
from retold.events.log_errors import StorageFull
from retold.events.recorded import Recorded
from retold.events.recorders import MemoryRecorder


@event("runners.sent_out.v1")
class SentOut:
    """Somebody is to do something, so many times."""

    to: str
    what: str
    times: int = 1


@event("runners.finished.v1")
class Finished:
    """It was done here."""

    what: str


@event("runners.answered.v1")
class Answered:
    """What came of it."""

    answer: str


@command("runners.send_out")
class SendOut:
    """Have somebody do something, so many times."""

    to: str
    what: str
    times: int = 1


@command("runners.do")
class DoIt:
    """Do something."""

    what: str


@command("runners.hear")
class Hear:
    """What came of it."""

    answer: str


@state
class Runner:
    """What was done, and what was heard."""

    done: tuple[str, ...] = ()
    heard: tuple[str, ...] = ()

    def evolve(self, event: Any) -> Runner:
        """One more."""
        match event:
            case Finished(what):
                return Runner((*self.done, what), self.heard)
            case Answered(answer):
                return Runner(self.done, (*self.heard, answer))
        return self


BUGS: dict[str, int] = {}
"""How often a thing still fails before it can be done."""


def decide(runner: Runner, command: Any, _: Any) -> tuple[Any, ...]:
    """Do as told; what begins with `no` is refused, what is nothing has no event."""
    match command:
        case SendOut(to, what, times):
            return (SentOut(to, what, times),)
        case Hear(answer):
            return (Answered(answer),)
        case DoIt(what) if what.startswith("no"):
            raise Rejected("will not")
        case DoIt("nothing"):
            return ()
        case DoIt(what):
            if BUGS.get(what, 0):
                BUGS[what] -= 1
                raise ArithmeticError(f"{what} went wrong")
            return (Finished(what),)
    raise AssertionError(command)


def react(recorded: Recorded) -> tuple[Send, ...]:
    """An errand goes out; its answer comes back."""
    match recorded.event:
        case SentOut(to, what, times):
            return tuple(
                Send(
                    to,
                    DoIt(what),
                    taken=lambda receipt: Hear(f"done {receipt.version}"),
                    refused=lambda refusal: Hear(refusal.reason),
                )
                for _ in range(times)
            )
    return ()


runner = Behaviour("runner", Runner(), decide, react=react)


class Kept(MemoryRecorder):
    """A journal that outlives its log, and stores nothing while it is `full`."""

    full = False

    def close(self) -> None:
        """Stay open."""

    def write(self, rows: Any, due: Any = ()) -> Any:
        """Refuse while there is no room."""
        if self.full:
            raise StorageFull("memory:", "no room")
        return super().write(rows, due)


class Yard:
    """A stepped system over a journal that outlives it."""

    def __init__(self) -> None:
        self.journal = Kept()
        self.clock = ManualClock()
        self.behaviour = runner
        self.open()

    def open(self, behaviour: Behaviour | None = None) -> None:
        """Begin another life over the same journal."""
        self.behaviour = behaviour or self.behaviour
        self.turns = Stepped()
        log = Log(self.journal, Codec(), self.clock)
        self.system = ActorSystem(log, self.behaviour, dispatcher=self.turns, seed="seed")

    def die(self) -> None:
        """End as a killed process does: nothing more is taken, told or stored."""
        self.system.abandon()
        self.system.dispatcher = self.turns = Stepped()

    def pass_time(self, seconds: float) -> None:
        """Let time go by, and whatever waits for it happen."""
        self.clock.advance(seconds)
        self.turns.run_all()

    def state(self, name: str) -> Runner:
        """What became of a runner."""
        found: Runner = self.system.state(f"runner/{name}")
        return found

    def causes(self) -> list[tuple[str, str]]:
        """What came of what, by position."""
        return [
            (type(each.event).__name__, each.cause)
            for each in self.system.log.scan()
            if each.address.startswith("runner/")
        ]


def send_out(yard: Yard, what: str, times: int = 1) -> None:
    """Ask the runner a to have b do something."""
    yard.system.ref("runner/a").ask(SendOut("runner/b", what, times), by="boss", why="order")
