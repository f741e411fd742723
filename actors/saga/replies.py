"""What a saga sends and what comes back: its reactions, the answers as commands, what they note.

A saga that is stuck sends a dead letter, so that somebody looks; to retry the letter is to have the
saga try again.
An answer counts only where it is waited for (the table in `events.saga`): a second one, a late one
to a step that is settled, and one to a step that was never asked for note nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import msgspec

from ...events.dead_letters import DeadLetter
from ...events.errors import Rejected
from ...events.names import command
from ...events.parcel import seal, unseal
from ...events.recorded import Recorded
from ...events.saga import (
    CompensationRefused,
    CompensationRequested,
    CompensationRetried,
    Saga,
    SagaFinished,
    StepCompensated,
    StepRefused,
    StepRequested,
    StepTaken,
)
from ..behaviour import React, Receipt, Send
from ..letters import ADDRESS as DEAD_LETTERS
from ..letters import RecordLetter
from ..logs import about

Keep: TypeAlias = Callable[[Receipt], Any]
"""`reply(receipt)`: what later steps shall see of an answer, any JSON value."""

_encode = msgspec.json.Encoder(order="deterministic").encode
_decode = msgspec.json.Decoder().decode
_log = logging.getLogger("retold")


@command("saga.note_taken")
class NoteTaken:
    """A step's command was carried out; `problem` says why its reply could not be kept."""

    step: str
    reply: Any = None
    problem: str = ""


@command("saga.note_refused")
class NoteRefused:
    """A step's command was refused."""

    step: str
    reason: str


@command("saga.note_compensated")
class NoteCompensated:
    """The command that undoes a step was carried out."""

    step: str


@command("saga.note_not_compensated")
class NoteNotCompensated:
    """The command that undoes a step was refused."""

    step: str
    reason: str


@command("saga.retry_compensation")
class RetryCompensation:
    """Ask a stuck saga to undo once more what it could not."""


Reply: TypeAlias = (
    NoteTaken | NoteRefused | NoteCompensated | NoteNotCompensated | RetryCompensation
)


def noted(saga: Saga, reply: Reply) -> tuple[Any, ...]:
    """What an answer makes known, `()` where nobody waits for it."""
    if isinstance(reply, RetryCompensation):
        return (CompensationRetried(),) if saga.status == "stuck" else ()
    match reply, saga.steps.get(reply.step):
        case NoteTaken(step, kept, problem), "requested" | "timed out":
            return (StepTaken(step, kept, problem),)
        case NoteRefused(step, reason), "requested" | "timed out":
            return (StepRefused(step, reason),)
        case NoteCompensated(step), "undoing":
            return (StepCompensated(step),)
        case NoteNotCompensated(step, reason), "undoing":
            return (CompensationRefused(step, reason),)
    return ()


def reactions(replies: Mapping[str, Keep | None]) -> React:
    """How sagas react whose steps, by name, keep these replies."""

    def react(recorded: Recorded) -> tuple[Send, ...]:
        event = recorded.event
        match event:
            case StepRequested(step=step):
                return (_step(event, replies.get(step)),)
            case CompensationRequested():
                return (_compensation(event),)
            case SagaFinished("stuck", reason):
                return (_letter(recorded, reason),)
        return ()

    return react


def _step(event: StepRequested, keep: Keep | None) -> Send:
    step = event.step
    return Send(
        event.address,
        unseal(event.command),
        by=event.by,
        why=event.why,
        taken=NoteTaken(step) if keep is None else lambda receipt: _kept(step, keep, receipt),
        refused=lambda rejected: NoteRefused(step, str(rejected)),
    )


def _compensation(event: CompensationRequested) -> Send:
    step = event.step
    return Send(
        event.address,
        unseal(event.command),
        by=event.by,
        why=event.why,
        taken=NoteCompensated(step),
        refused=lambda rejected: NoteNotCompensated(step, str(rejected)),
    )


def _letter(recorded: Recorded, reason: str) -> Send:
    """A stuck saga is a dead letter: what waits for somebody is the command to try again."""
    again = RetryCompensation()
    _log.error(
        "%s is stuck: %s", recorded.address, reason,
        extra=about(recorded.address, again, f"stuck.{recorded.position}"),
    )  # fmt: skip
    letter = DeadLetter(
        f"stuck.{recorded.position}", recorded.address, seal(again), repr(again), recorded.by,
        recorded.why, reason, attempts=1,
    )  # fmt: skip
    return Send(DEAD_LETTERS, RecordLetter(letter), by="system", why="stuck")


def _kept(step: str, keep: Keep, receipt: Receipt) -> NoteTaken:
    """The reply as JSON has it: a decimal is text, a tuple a list, a set one in order."""
    try:
        return NoteTaken(step, _decode(_encode(keep(receipt))))
    except Exception as error:  # noqa: BLE001 - whatever it raises, the step was taken
        _log.error("the reply of %s cannot be kept", step, exc_info=error)
        return NoteTaken(step, problem=in_words(error))


def in_words(error: Exception) -> str:
    """Why something could not be done, as an event keeps it."""
    return str(error) if isinstance(error, Rejected) else f"{type(error).__name__}: {error}"
