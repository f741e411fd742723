"""Answers as SimPy has them: an event that succeeds with the receipt or fails with the error.

SimPy throws a fresh copy of the error into each process that waits, made by calling its class with
its `args`. Errors whose class takes more than one text would come out maimed or not at all, so what
the event carries is made so that the copy comes out whole.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import simpy

from ..actors.future import Future
from .crash import Crashed


def event_of(environment: simpy.Environment, future: Future[Any]) -> simpy.Event:
    """The event of an answer.

    As everywhere in SimPy, a failure that nobody waits for ends the run; an answer that was lost in
    a crash does not.
    """
    event = environment.event()

    def tell() -> None:
        receipt, error = future.outcome or (None, None)
        if error is None:
            event.succeed(receipt)
            return
        event.fail(carrying(error))  # type: ignore[arg-type]  # any BaseException, by its own check
        if isinstance(error, Crashed) and not event.callbacks:
            event.defused = True

    future.when_done(tell)
    return event


def carrying(error: BaseException) -> BaseException:
    """The same error for SimPy: of its class, with its attributes, and copied whole."""
    carried = _carrier(type(error))  # type: ignore[arg-type]  # a class can be hashed
    copy = _like(error, carried)
    copy.args = (error,)
    return copy


@cache
def _carrier(kind: type[BaseException]) -> type[BaseException]:
    def whole(_: type, error: BaseException) -> BaseException:
        return _like(error, kind)

    return type(kind.__name__, (kind,), {"__new__": whole, "__module__": kind.__module__})


def _like(error: BaseException, kind: type[BaseException]) -> BaseException:
    """A copy of an error as one of this class, made without its `__init__`."""
    made: BaseException = type(error).__new__(kind, *error.args)
    made.__dict__.update(error.__dict__)
    made.args = error.args
    return made
