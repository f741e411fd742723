"""Supervision: what becomes of an actor whose behaviour fails. Policies are pure functions.

A refusal (`Rejected`) is an answer and counts for nothing. A failure is any other exception out of
`decide`, `expire`, `evolve` or recovery: the asker gets it, nothing is stored, and the policy says
whether the actor goes on. In quarantine it takes no commands (`Quarantined`) until
`system.release(address)`; a restart of the system releases everybody.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal, TypeAlias

import attrs

from ..events.errors import Quarantined, Rejected

_log = logging.getLogger("retold")

Directive: TypeAlias = Literal["resume", "quarantine"]


@attrs.frozen
class Failure:
    """The facts of a failure: which actor, what error, and how many in a row with this one."""

    address: str
    error: BaseException
    in_a_row: int


Policy: TypeAlias = Callable[[Failure], Directive]
"""`policy(failure) -> directive`: pure."""


def quarantine_after(failures: int) -> Policy:
    """Quarantine an actor after so many failures in a row.

    >>> quarantine_after(2)(Failure("account/alice", ValueError(), 2))
    'quarantine'
    """
    if failures < 1:
        raise ValueError(f"failures are counted from 1, not {failures}")
    return lambda failure: "quarantine" if failure.in_a_row >= failures else "resume"


def always_resume(_: Failure) -> Directive:
    """Never quarantine anybody."""
    return "resume"


class Supervisor:
    """Counts the failures of actors, and keeps those in quarantine."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.troubled: dict[str, int] = {}
        """The failures in a row of those whose last command failed."""
        self._quarantined: dict[str, Failure] = {}

    def check(self, address: str) -> None:
        """Raise `Quarantined` for an actor that takes no commands."""
        failure = self._quarantined.get(address)
        if failure is not None:
            last = f"{type(failure.error).__name__}: {failure.error}"
            raise Quarantined(address, failure.in_a_row, last)

    def judge(self, address: str, error: BaseException | None) -> None:
        """Note what a command of an actor came to: count a failure, and ask the policy."""
        if error is None or isinstance(error, Rejected):
            self.troubled.pop(address, None)
            return
        if isinstance(error, Quarantined):
            return
        in_a_row = self.troubled.get(address, 0) + 1
        self.troubled[address] = in_a_row
        failure = Failure(address, error, in_a_row)
        if self._directive(failure) == "quarantine":
            self._quarantined[address] = failure
            _log.error(
                "%s is in quarantine after %d failures in a row", address, in_a_row,
                extra={"actor": address},
            )  # fmt: skip

    def _directive(self, failure: Failure) -> Directive:
        try:
            return self._policy(failure)
        except Exception:  # noqa: BLE001 - a policy is somebody else's code
            _log.exception(
                "The policy could not judge %r: the actor goes on", failure,
                extra={"actor": failure.address},
            )  # fmt: skip
            return "resume"

    def release(self, address: str) -> bool:
        """Let an actor go on; True if it was in quarantine."""
        self.troubled.pop(address, None)
        return self._quarantined.pop(address, None) is not None

    @property
    def quarantined(self) -> dict[str, Failure]:
        """Everybody in quarantine, by address, and the failure that brought them there."""
        return dict(self._quarantined)
