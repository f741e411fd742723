"""Saga: one long transaction over several actors, as a behaviour of its own kind.

A saga takes its steps one after the other: it sends a command, waits for the answer, and goes on.
If a step is refused or not answered in time, it goes back: what took effect is undone, the last
step first. It ends only when it knows of every command what became of it.

| what comes | what the saga does |
|---|---|
| the command that begins it | sends the first step's command |
| a step was taken | sends the next one's; after the last it has *completed* |
| a step was refused, or its command cannot be made | goes back |
| a step's deadline passes | goes back, and waits for the answer all the same |
| a step that timed out was taken after all | undoes it as well |
| a step that timed out was refused after all | nothing: it had no effect |
| an effect was undone | undoes the one before; all undone and known: *compensated* |
| undoing was refused, or cannot be asked for | leaves what came before alone: *stuck* |
| `RetryCompensation` when stuck (or the letter retried) | asks once more |
| an answer that nobody waits for | nothing |

Going back stops at an effect that stays: what came before it is what it was built on. Commands are
delivered by reactions (at least once, effect once): one that fails for good is a dead letter, and
the saga waits until somebody retries or drops it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs

from ...events.address import check
from ...events.errors import BadDecision, NotACommand, Rejected
from ...events.fold import fold
from ...events.names import is_command
from ...events.parcel import seal
from ...events.saga import (
    CompensationRefused,
    CompensationRequested,
    Saga,
    SagaBegun,
    SagaFinished,
    StepRefused,
    StepRequested,
    StepTimedOut,
    end_of,
)
from ..behaviour import Send
from ..context import Context
from .replies import (
    NoteCompensated,
    NoteNotCompensated,
    NoteRefused,
    NoteTaken,
    RetryCompensation,
    in_words,
    noted,
)
from .step import Step

_log = logging.getLogger("retold")


@attrs.frozen
class Course:
    """The way of the sagas of one kind."""

    kind: str
    begins: type
    steps: Mapping[str, Step]
    timeout_seconds: float | None

    def decide(self, saga: Saga, command: Any, context: Context) -> tuple[Any, ...]:
        """Begin, or note an answer; and what follows from that."""
        match command:
            case NoteTaken() | NoteRefused() | NoteCompensated() | NoteNotCompensated():
                return self._with_all_that_follows(saga, noted(saga, command), context.now)
            case RetryCompensation():
                return self._with_all_that_follows(saga, noted(saga, command), context.now)
        if type(command) is not self.begins:
            got = type(command).__name__
            raise Rejected(f"a {self.kind} begins with {self.begins.__name__}", got=got)
        if saga.status == "new":
            return self._begun(saga, command, context.now)
        if saga.command != command:
            raise Rejected(f"the {self.kind} was begun by another command", by=saga.command)
        return ()

    def expire(self, saga: Saga, now: datetime) -> tuple[Any, ...]:
        """The step under way is given up once its deadline has come."""
        if saga.deadline is None or saga.deadline > now:
            return ()
        late = (StepTimedOut(step) for step, was in saga.steps.items() if was == "requested")
        return self._with_all_that_follows(saga, tuple(late), now)

    def _begun(self, saga: Saga, command: Any, now: datetime) -> tuple[Any, ...]:
        """The first step's request may raise: then nothing has begun."""
        begun = SagaBegun(seal(command), tuple(self.steps))
        first = self._requested(saga.evolve(begun), begun.steps[0], now)
        return (begun, first)

    def _with_all_that_follows(
        self, saga: Saga, events: tuple[Any, ...], now: datetime
    ) -> tuple[Any, ...]:
        """Some events, and what follows from the state they lead to; `()` from none."""
        saga = fold(saga, events)
        while events and (following := self._next(saga, now)) is not None:
            events += (following,)
            saga = saga.evolve(following)
        return events

    def _next(self, saga: Saga, now: datetime) -> Any:
        """What a saga does of itself, None while it waits for an answer or has ended."""
        if saga.status == "running":
            return self._forward(saga, now)
        return self._back(saga) if saga.status == "compensating" else None

    def _forward(self, saga: Saga, now: datetime) -> Any:
        if "requested" in saga.steps.values():
            return None
        step = next((step for step, was in saga.steps.items() if was == "waiting"), None)
        if step is None:
            return SagaFinished("completed")
        return self._tried(step, lambda: self._requested(saga, step, now), StepRefused)

    def _back(self, saga: Saga) -> Any:
        statuses = saga.steps.values()
        if "undoing" in statuses:
            return None
        step = self._to_undo(saga)
        if step is None:
            return None if "timed out" in statuses else end_of(saga)
        return self._tried(step, lambda: self._undoing(saga, step), CompensationRefused)

    def _to_undo(self, saga: Saga) -> str | None:
        """The last step that left an effect, unless a later effect stays; None if there is none.

        A step that is no longer defined is taken for one that left an effect.
        """
        for step, was in reversed(saga.steps.items()):
            if was == "uncompensated":
                return None
            defined = self.steps.get(step)
            if was == "taken" and (defined is None or defined.compensate is not None):
                return step
        return None

    def _requested(self, saga: Saga, name: str, now: datetime) -> StepRequested:
        step = self._defined(name)
        send = self._checked(saga, step.request(saga), f"request of {name}")
        seconds = step.timeout_seconds
        if seconds is None and step.compensate is not None:
            seconds = self.timeout_seconds
        deadline = None if seconds is None else now + timedelta(seconds=seconds)
        return StepRequested(name, send.address, seal(send.command), send.by, send.why, deadline)

    def _undoing(self, saga: Saga, name: str) -> CompensationRequested:
        compensate = self._defined(name).compensate
        assert compensate is not None
        send = self._checked(saga, compensate(saga), f"compensation of {name}")
        return CompensationRequested(name, send.address, seal(send.command), send.by, send.why)

    def _defined(self, name: str) -> Step:
        try:
            return self.steps[name]
        except KeyError:
            raise Rejected(f"the {self.kind} has no step {name!r} any more") from None

    def _checked(self, saga: Saga, send: Any, what: str) -> Send:
        if not isinstance(send, Send):
            reason = f"the {what} gives a Send, not {send!r}"
            raise BadDecision(self.kind, saga.command, reason)
        if send.taken is not None or send.refused is not None:
            reason = f"the {what} has answers of its own; those are the saga's"
            raise BadDecision(self.kind, saga.command, reason)
        if not is_command(send.command):
            raise NotACommand(send.command, send.address)
        check(send.address)
        return send

    def _tried(self, step: str, make: Callable[[], Any], refused: Callable[[str, str], Any]) -> Any:
        """What a step's function makes, or its refusal; a bug in it is reported as well."""
        try:
            return make()
        except Exception as error:  # noqa: BLE001 - whatever it raises, the saga does not hang
            if not isinstance(error, Rejected):
                _log.error("a %s has no command for %s", self.kind, step, exc_info=error)
            return refused(step, in_words(error))
