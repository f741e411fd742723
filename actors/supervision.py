"""Supervision: what becomes of an actor whose behaviour fails. Policies are pure functions.

A refusal (`Rejected`) is an answer and counts for nothing. A failure is any other exception out of
`decide`, `expire`, `evolve` or recovery: the asker gets it, nothing is stored, and the policy says
whether the actor goes on. In quarantine it takes no commands (`Quarantined`) until
`system.release(address)`; a restart of the system releases everybody.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

import attrs

Directive: TypeAlias = Literal["resume", "quarantine"]


@attrs.frozen
class Failure:
    """The facts of a failure: which actor, of what, and how many in a row, this one included."""

    address: str
    error: BaseException
    in_a_row: int


Policy: TypeAlias = Callable[[Failure], Directive]
"""`policy(failure) -> directive`: pure."""


def quarantine_after(failures: int) -> Policy:
    """Quarantine an actor at so many failures in a row.

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
    """Counts the failures of actors and keeps those in quarantine."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._in_a_row: dict[str, int] = {}
        self._quarantined: dict[str, Failure] = {}

    @property
    def quiet(self) -> bool:
        """Whether nobody has failed lately: then nothing need be asked."""
        return not self._in_a_row

    def failed(self, address: str, error: BaseException) -> None:
        """An actor failed: count it, and let the policy decide."""
        count = self._in_a_row.get(address, 0) + 1
        self._in_a_row[address] = count
        failure = Failure(address, error, count)
        if self._policy(failure) == "quarantine":
            self._quarantined[address] = failure

    def succeeded(self, address: str) -> None:
        """A command of the actor was decided without failing."""
        self._in_a_row.pop(address, None)

    def quarantined(self, address: str) -> Failure | None:
        """The failure that put an actor into quarantine, None for one at large."""
        return self._quarantined.get(address)

    def release(self, address: str) -> bool:
        """Let an actor go on; whether it was in quarantine."""
        self._in_a_row.pop(address, None)
        return self._quarantined.pop(address, None) is not None

    def all_quarantined(self) -> dict[str, Failure]:
        """Everybody in quarantine, by address."""
        return dict(self._quarantined)
