"""Callbacks: called for every event in order, on a thread of their own, until they end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from retold import Log
from retold.events.recorded import Recorded

from .test_follow import PATIENCE, log, write

__all__ = ["log"]


async def _coroutine(_: Recorded) -> None: ...


def _generator(_: Recorded) -> Iterator[None]:
    yield


class _Asynchronous:
    async def __call__(self, _: Recorded) -> None: ...


@pytest.mark.parametrize("callback", [None, _coroutine, _generator, _Asynchronous()])
def test_a_callback_that_would_do_nothing_is_refused(log: Log, callback: Any) -> None:
    """What gives a coroutine or a generator back has not dealt with the event."""
    with log.follow() as follower, pytest.raises(TypeError, match="a callback is"):
        follower.call(callback)


def test_a_callback_may_end_itself(log: Log) -> None:
    """Closed from within, it hears of nothing more, and that is no error."""
    write(log, "thing/a", "thing/b", "thing/c")
    heard: list[int] = []
    made = threading.Event()

    def note(each: Recorded) -> None:
        assert made.wait(PATIENCE)
        heard.append(each.position)
        if each.position == 2:
            calling.close()

    calling = log.follow().call(note)
    made.set()
    calling._thread.join(PATIENCE)
    assert (heard, calling.position, calling.alive, calling.error) == ([1, 2], 2, False, None)


def test_a_callback_that_raises_ends_itself_alone(log: Log) -> None:
    """It says at which event; another one goes on."""
    write(log, "thing/a", "thing/b", "thing/c")
    done, failed = threading.Event(), threading.Event()

    def fail(each: Recorded) -> None:
        if each.position == 2:
            failed.set()
            raise ValueError("not this one")

    def note(each: Recorded) -> None:
        if each.position == 3:
            done.set()

    failing, other = log.follow().call(fail), log.follow().call(note)
    assert done.wait(PATIENCE)
    assert failed.wait(PATIENCE)
    failing.close()
    other.close()
    assert isinstance(failing.error, ValueError)
    assert failing.position == 1
    assert other.error is None
