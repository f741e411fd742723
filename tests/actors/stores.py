"""Logs that outlive their systems, fail when they are told to, and are read by plain means."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest

from retold import ActorSystem, Log
from retold.events import ManualClock
from retold.events.codec import Codec
from retold.events.recorders import connections, opening

from .errands import Row, read
from .faults import Breaking, Fault, Plan, Statements, failure
from .scenarios import BEHAVIOURS, Together

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Store(Protocol):
    """A log that outlives its systems."""

    clock: ManualClock

    @property
    def struck(self) -> bool:
        """Whether the fault has struck."""
        ...

    def open(self) -> ActorSystem:
        """A system over it, stepped by hand."""
        ...

    def arm(self, point: int, fault: Fault) -> None:
        """Let the fault strike at the point, counted from now."""
        ...

    def mend(self) -> None:
        """From now on everything works."""
        ...

    def readings(self) -> list[list[Row]]:
        """What the log holds, by position, in every way that anybody may come to read it."""
        ...

    def dues(self) -> dict[str, datetime]:
        """The table of due times."""
        ...


class MemoryStore:
    """A log in memory."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self._journal = Breaking()
        self.arm, self.mend = self._journal.plan.arm, self._journal.plan.mend

    @property
    def broken(self) -> dict[str, int]:
        """How often each kind of use fails from now on."""
        return self._journal.plan.broken

    @property
    def struck(self) -> bool:
        """Whether the fault has struck."""
        return self._journal.plan.struck

    def open(self) -> ActorSystem:
        """Another system over the same rows."""
        log = Log(self._journal, Codec(), self.clock)
        return ActorSystem(log, *BEHAVIOURS, dispatcher=Together())

    def readings(self) -> list[list[Row]]:
        """What is there."""
        return [read(self._journal.scan())]

    def dues(self) -> dict[str, datetime]:
        """What is due."""
        return dict(self._journal.dues())


class StatementStore:
    """A log in an SQLite file, whose statements fail."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = ManualClock()
        self._path = path
        self._plan = Statements.plan = Plan()
        self.arm, self.mend = self._plan.arm, self._plan.mend

        def connect_statements(uri: str) -> sqlite3.Connection:
            writes = "mode=rw" in uri
            if writes and self._plan.fails("reopen"):
                raise failure(sqlite3.SQLITE_CANTOPEN)
            connection = sqlite3.connect(
                uri, uri=True, isolation_level=None, check_same_thread=False, factory=Statements
            )
            connection.writes = writes
            return connection

        for module in (connections, opening):
            monkeypatch.setattr(module, "connect", connect_statements)

    @property
    def struck(self) -> bool:
        """Whether the fault has struck."""
        return self._plan.struck

    @property
    def uses(self) -> int:
        """How many statements were carried out since it was armed."""
        return self._plan.uses

    def open(self) -> ActorSystem:
        """A system over the file."""
        url = f"sqlite:///{self._path}"
        return ActorSystem.open(url, *BEHAVIOURS, dispatcher=Together(), clock=self.clock)

    def readings(self) -> list[list[Row]]:
        """What another connection sees."""
        return [read_file(self._path)]

    def dues(self) -> dict[str, datetime]:
        """The table, by plain SQL."""
        return read_dues(self._path)


def read_file(path: Path) -> list[Row]:
    """The rows of a file, by plain SQL."""
    return read(fetch(path, "SELECT position, originator_id, originator_version, topic, state"
                            " FROM stored_events ORDER BY position"))  # fmt: skip


def read_dues(path: Path) -> dict[str, datetime]:
    """The due times of a file, by plain SQL."""
    found = fetch(path, "SELECT address, moment FROM due")
    return {address: EPOCH + timedelta(microseconds=moment) for address, moment in found}


def fetch(path: Path, statement: str) -> list[Any]:
    """What a plain connection finds."""
    with closing(sqlite3.connect(path)) as plain:
        return plain.execute(statement).fetchall()


def numbers(store: Store, name: str) -> list[int]:
    """The numbers in the rows of one wire name, sorted; however the log is read."""
    (found,) = {
        tuple(sorted(row.n for row in rows if row.name == name)) for rows in store.readings()
    }
    return list(found)
