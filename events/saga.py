"""Saga: what was asked of whom on the way of one long transaction, what came of it, how it ended.

These wire names are the storage format, the same for every kind of saga: steps go by their names. A
command that is sent stands in its event, sealed: what was sent is a fact of the log, whatever the
code says later.

| status | begun | last step taken | step refused, timed out | all known and undone | retried |
|---|---|---|---|---|---|
| new | running | | | | |
| running | | completed | compensating | | |
| compensating | | | | compensated or stuck | |
| completed, compensated | | | | | |
| stuck | | | | | compensating |

| a step | requested | taken | refused | timed out | to be undone | undone | not undone | retried |
|---|---|---|---|---|---|---|---|---|
| waiting | requested | | refused | | | | | |
| requested | | taken | refused | timed out | | | | |
| timed out | | taken | refused | | | | | |
| taken | | | | | undoing | | uncompensated | |
| undoing | | | | | | compensated | uncompensated | |
| uncompensated | | | | | | | | taken |
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, TypeAlias

import attrs

from .document import frozen
from .names import event, state
from .parcel import Parcel, unseal

Status: TypeAlias = Literal["new", "running", "compensating", "completed", "compensated", "stuck"]
StepStatus: TypeAlias = Literal[
    "waiting", "requested", "taken", "refused", "timed out",
    "undoing", "compensated", "uncompensated",
]  # fmt: skip
Outcome: TypeAlias = Literal["completed", "compensated", "stuck"]


@event("saga.begun.v1")
class SagaBegun:
    """The command that began it, and the names of its steps in their order."""

    command: Parcel
    steps: tuple[str, ...]


@event("saga.step_requested.v1")
class StepRequested:
    """A command goes out; unless it is answered by the deadline, the saga goes back."""

    step: str
    address: str
    command: Parcel
    by: str = ""
    why: str = ""
    deadline: datetime | None = None


@event("saga.step_taken.v1")
class StepTaken:
    """The command was carried out. `reply` is what later steps see of the answer, any JSON value;
    `problem` says why that could not be kept: then the saga goes back."""

    step: str
    reply: Any = None
    problem: str = ""


@event("saga.step_refused.v1")
class StepRefused:
    """The command was refused, or could not even be made: the step has no effect."""

    step: str
    reason: str


@event("saga.step_timed_out.v1")
class StepTimedOut:
    """No answer came by the deadline: the command may have taken effect, or may yet."""

    step: str


@event("saga.compensation_requested.v1")
class CompensationRequested:
    """The command that takes a step's effect back goes out."""

    step: str
    address: str
    command: Parcel
    by: str = ""
    why: str = ""


@event("saga.step_compensated.v1")
class StepCompensated:
    """The effect of a step is taken back."""

    step: str


@event("saga.compensation_refused.v1")
class CompensationRefused:
    """The effect of a step stays: taking it back was refused, or could not even be asked for."""

    step: str
    reason: str


@event("saga.compensation_retried.v1")
class CompensationRetried:
    """Somebody saw to what was in the way: what was not undone is tried once more."""


@event("saga.finished.v1")
class SagaFinished:
    """All is known and nothing more will be sent; `compensated` also where nothing had to be.

    Of a stuck saga `reason` says which effects stay, and why.
    """

    outcome: Outcome
    reason: str = ""


@state
class Saga:
    """One saga as it stands, and what the functions of its steps are given.

    `steps` is the status of each step in their order, `replies` what was kept of the answers, and
    `reasons` says of a step why it was refused, given up or not undone. `deadline` is that of the
    step that is under way.
    """

    status: Status = "new"
    begun_by: Parcel | None = None
    steps: dict[str, StepStatus] = attrs.field(factory=dict)
    replies: dict[str, Any] = attrs.field(factory=dict)
    reasons: dict[str, str] = attrs.field(factory=dict)
    deadline: datetime | None = None

    @property
    def command(self) -> Any:
        """The command that began it; ValueError before the beginning."""
        if self.begun_by is None:
            raise ValueError("the saga has not begun")
        return unseal(self.begun_by)

    def evolve(self, event: Any) -> Saga:
        """The saga after one more event; an event of another kind changes nothing."""
        match event:
            case SagaBegun(command, steps):
                return Saga("running", command, dict.fromkeys(steps, "waiting"))
            case StepRequested(step=step, deadline=deadline):
                return self._with(step, "requested", deadline=deadline)
            case StepTaken(step, reply, problem):
                return self._taken(step, reply, problem)
            case StepRefused(step, reason):
                return self._with(step, "refused", reason, status="compensating")
            case StepTimedOut(step):
                return self._with(step, "timed out", "timed out", status="compensating")
            case SagaFinished(outcome):
                return self._now(outcome)
        return self._back(event)

    def _back(self, event: Any) -> Saga:
        match event:
            case CompensationRequested(step=step):
                return self._with(step, "undoing")
            case StepCompensated(step):
                return self._with(step, "compensated")
            case CompensationRefused(step, reason):
                return self._with(step, "uncompensated", reason)
            case CompensationRetried():
                return self._retried()
        return self

    def _with(
        self,
        step: str,
        became: StepStatus,
        reason: str = "",
        *,
        status: Status | None = None,
        deadline: datetime | None = None,
    ) -> Saga:
        return Saga(
            status or self.status,
            self.begun_by,
            {**self.steps, step: became},
            self.replies,
            {**self.reasons, step: reason} if reason else self.reasons,
            deadline,
        )

    def _taken(self, step: str, reply: Any, problem: str) -> Saga:
        back: Status = "compensating" if problem else self.status
        taken = self._with(step, "taken", problem, status=back)
        if reply is None:
            return taken
        replies = {**self.replies, step: frozen(reply)}
        return Saga(back, self.begun_by, taken.steps, replies, taken.reasons)

    def _now(self, status: Status) -> Saga:
        return Saga(status, self.begun_by, self.steps, self.replies, self.reasons)

    def _retried(self) -> Saga:
        steps: dict[str, StepStatus] = {
            step: "taken" if was == "uncompensated" else was for step, was in self.steps.items()
        }
        return Saga("compensating", self.begun_by, steps, self.replies, self.reasons)


def end_of(saga: Saga) -> SagaFinished:
    """How a saga that went back ends: stuck where an effect could not be undone."""
    stay = [step for step, was in saga.steps.items() if was == "uncompensated"]
    if not stay:
        return SagaFinished("compensated")
    reasons = (f"{step} is not undone: {saga.reasons.get(step, '')}" for step in stay)
    return SagaFinished("stuck", "; ".join(reasons))
