"""A journal and a connection that fail at a chosen point of a commit.

A point is a number: the first, second, … time that the store is used to write after `arm`. A fault
says what happens there, and what the store does from then on until it is mended.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

import attrs
from eventsourcing.persistence import IntegrityError

from retold.events.journal import Due, StoredRow
from retold.events.journal import Row as Written
from retold.events.log_errors import StorageFull
from retold.events.recorders import MemoryRecorder

EVER = 1_000_000


@attrs.frozen
class Fault:
    """What a use of the store comes to: `before` it takes effect an error, or `after`; `full`, or
    `taken` as if somebody else had the version (and the use after that fails `before` or `after`).

    `broken` says how often each kind of use fails from then on: `write`, `reopen`, `rows`.
    """

    what: str
    broken: dict[str, int] = attrs.field(factory=dict)

    def __str__(self) -> str:
        lasting = ("-".join((use, "ever" if times == EVER else "once"))
                   for use, times in self.broken.items())  # fmt: skip
        return " then ".join((self.what, *lasting))


class Plan:
    """Where a fault strikes and what fails from then on."""

    def __init__(self) -> None:
        self.mend()
        self.struck = False

    def arm(self, point: int, fault: Fault) -> None:
        """Strike at the point."""
        self.uses, self._point, self._fault = 0, point, fault

    def mend(self) -> None:
        """Strike no more."""
        self.uses, self._point, self._fault = 0, 0, Fault("")
        self.broken: dict[str, int] = {}

    def use(self) -> str:
        """One more use to write: what happens to it."""
        self.uses += 1
        first, _, second = self._fault.what.partition(", ")
        if self.uses == self._point:
            self.struck = True
            self.broken = dict(self._fault.broken)
            return first
        if second and self.uses == self._point + 1:
            return second
        return "before" if self.fails("write") else ""

    def fails(self, use: str) -> bool:
        """Whether this use of the store is one that still fails."""
        left = self.broken.get(use, 0)
        self.broken[use] = max(left - 1, 0)
        return left > 0


class Breaking(MemoryRecorder):
    """A journal in memory with a plan; it can be closed and opened again."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = Plan()

    def write(self, rows: Sequence[Written], due: Sequence[Due] = ()) -> range:
        """As the plan has it."""
        match self.plan.use():
            case "taken":
                raise IntegrityError("taken")
            case "full":
                raise StorageFull(self.path, "full")
            case "before":
                raise OSError("it broke")
            case "after":
                super().write(rows, due)
                raise OSError("the answer was lost")
        return super().write(rows, due)

    def reopen(self) -> None:
        """Unless it fails."""
        if self.plan.fails("reopen"):
            raise OSError("not to be opened")

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """Unless they cannot be read."""
        if self.plan.fails("rows"):
            raise OSError("unreadable")
        return super().rows(address, after, upto)

    def close(self) -> None:
        """Stay."""


class Statements(sqlite3.Connection):
    """A connection whose statements go by a plan, once it is armed. One statement is one point."""

    plan = Plan()
    writes = False

    def execute(self, *statement: Any) -> sqlite3.Cursor:
        """As the plan has it."""
        return self._do(super().execute, statement)

    def executemany(self, *statement: Any) -> sqlite3.Cursor:
        """As the plan has it."""
        return self._do(super().executemany, statement)

    def _do(self, execute: Any, statement: tuple[Any, ...]) -> sqlite3.Cursor:
        if not self.writes:
            if self.plan.fails("rows"):
                raise failure(sqlite3.SQLITE_IOERR_READ)
            return execute(*statement)
        what = self.plan.use()
        if what == "after":
            execute(*statement)
        if what == "taken":
            raise sqlite3.IntegrityError("UNIQUE constraint failed")
        if what:
            raise failure(sqlite3.SQLITE_FULL if what == "full" else sqlite3.SQLITE_IOERR_FSYNC)
        return execute(*statement)


def failure(code: int) -> sqlite3.OperationalError:
    """An error as SQLite gives it."""
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorcode = code
    return error
