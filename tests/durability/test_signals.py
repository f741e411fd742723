"""A process that is told to end answers what it accepted, closes its log, and leaves quietly."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from retold import ActorSystem
from retold.actors import Stepped
from retold.actors.signals import Interrupted, orderly_exit
from retold.events.clock import Countdown

from ..actors.totals import WAIT, Added, Do, add, nothing, totals
from .checking import check_file, check_life
from .process import History, Writer

ENDING = [signal.SIGTERM, signal.SIGINT, signal.SIGHUP]
THREADS, OUTSTANDING = 2, 10


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("mode", ["orderly", "serving"])
def test_a_signal_ends_a_busy_process_in_good_order(tmp_path: Path, mode: str, number: int) -> None:
    """What was answered is in the log, which is closed and free, and nothing else is printed."""
    path, history, random = tmp_path / "busy.db", History(), Random(number)
    for run in range(3):
        with Writer(path, history, f"o{run}", mode, 2, THREADS, OUTSTANDING) as writer:
            writer.await_lines("answered", random.randrange(1, 300))
            writer.signal(number)
            assert writer.end() == (128 + number, "")
        assert not (tmp_path / "busy.db-wal").exists(), "the log was not closed"
        check_file(path, history, in_flight=(run + 1) * (THREADS * OUTSTANDING + 1))
    check_life(path, history, "afterwards")


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT])
def test_more_signals_do_not_break_the_closing(tmp_path: Path, first: int) -> None:
    """Whatever comes after the first one, as fast as it can be sent: the log is closed.

    Once it is, and the handlers are the old ones again, the next may end the process at once.
    """
    path, history = tmp_path / "busy.db", History()
    for run in range(3):
        with Writer(path, history, f"m{run}", "orderly", 2, THREADS, OUTSTANDING) as writer:
            writer.await_lines("answered", 50)
            writer.signal(first)
            while writer.runs():
                writer.signal(signal.SIGTERM)
            status, errors = writer.end()
        assert status in (128 + first, 143, -signal.SIGTERM)
        assert errors == "", errors
        assert not (tmp_path / "busy.db-wal").exists(), "the log was not closed"
        check_file(path, history, in_flight=(run + 1) * (THREADS * OUTSTANDING + 1))
    check_life(path, history, "afterwards")


@pytest.fixture(autouse=True)
def handlers_stay() -> Iterator[None]:
    """Whatever a test does, the handlers are those of before."""
    before = [signal.getsignal(number) for number in ENDING]
    yield
    assert [signal.getsignal(number) for number in ENDING] == before


@pytest.mark.parametrize("number", ENDING)
def test_a_signal_is_an_exit_and_an_interrupt(number: signal.Signals) -> None:
    """It goes through `except Exception`, and leaves with 128 and the signal's number."""
    with pytest.raises(Interrupted, match=number.name) as caught, orderly_exit() as watch:
        signal.raise_signal(number)
    assert isinstance(caught.value, SystemExit)
    assert isinstance(caught.value, KeyboardInterrupt)
    assert caught.value.code == 128 + number == 128 + (watch.number or 0)


def test_a_signal_inside_a_decision_is_not_its_fault() -> None:
    """It goes up, and the command, which may be anybody's, is undone and decided again."""
    met: list[int] = []

    def what(total: Any, context: Any) -> Any:
        if not met:
            met.append(total.total)
            signal.raise_signal(signal.SIGTERM)
        return (Added(10),)

    with ActorSystem.open("memory:", totals, dispatcher=Stepped()) as system:
        ref = system.ref("total/a")
        ref.tell(Do(what))
        with pytest.raises(Interrupted), orderly_exit():
            ref.ask(nothing())
        assert (met, system.log.last_position()) == ([0], 0)
        assert ref.ask(add(1)).state.total == 11


class Signalled(ActorSystem):
    """A system that gets signals while it closes."""

    def _drain(self, left: Countdown) -> None:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
        super()._drain(left)


def test_a_signal_behind_another_waits_for_its_end() -> None:
    """Whoever cleans up after the first one is not disturbed."""
    cleaned: list[int] = []

    def clean_up() -> None:
        signal.raise_signal(signal.SIGINT)
        cleaned.append(1)

    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(Interrupted, match="SIGTERM"))
        stack.enter_context(orderly_exit())
        stack.callback(clean_up)
        signal.raise_signal(signal.SIGTERM)
    assert cleaned == [1]


def test_a_signal_that_was_handled_is_over() -> None:
    """A program that goes on all the same gets the next one."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(pytest.raises(Interrupted, match="SIGINT"))
        stack.enter_context(orderly_exit())
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)


def asked_and_closed() -> Any:
    """An ask that is not waited for before the system is closed."""
    with Signalled.open("memory:", totals) as system:
        future = system.ref("total/a").ask(add(1), block=False)
    assert system.ended
    return future


def test_a_signal_while_closing_waits_for_its_end() -> None:
    """What was accepted is answered, the system is closed, and then it is raised."""
    with pytest.raises(Interrupted, match="SIGTERM"), orderly_exit():
        assert asked_and_closed().get(timeout=WAIT).version == 1


def test_the_error_of_the_body_goes_before_a_late_signal() -> None:
    """What went wrong is what is reported."""
    system = Signalled.open("memory:", totals)
    with pytest.raises(ValueError, match="wrong"), orderly_exit(), system:
        raise ValueError("wrong")


def test_what_is_ignored_stays_ignored() -> None:
    """A process under nohup outlives its terminal."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with orderly_exit() as watch:
            signal.raise_signal(signal.SIGHUP)
        assert watch.number is None
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_another_thread_is_told_why_not() -> None:
    """ValueError with the reason, and no handler is changed."""
    said: list[str] = []

    def enter() -> None:
        with pytest.raises(ValueError, match="main") as caught, orderly_exit():
            pass
        said.append(str(caught.value))

    thread = threading.Thread(target=enter, name="beside")
    thread.start()
    thread.join()
    assert "'beside'" in said[0]


def test_a_program_of_coroutines_ends_in_good_order() -> None:
    """The signal comes while the loop runs: tasks are cancelled, the system closed."""

    async def serve(system: ActorSystem) -> None:
        assert (await system.ref("total/a").ask(add(1), block=False)).version == 1
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGTERM)
        await asyncio.Event().wait()

    system = ActorSystem.open("memory:", totals)
    with pytest.raises(Interrupted) as caught, orderly_exit(), system:
        asyncio.run(serve(system))
    assert caught.value.code == 143
    assert system.ended
