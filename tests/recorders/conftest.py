"""Journals of every kind, each empty and closed again after its test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.application import Application
from eventsourcing.persistence import InfrastructureFactory

from retold.events.inherited import Inherited
from retold.events.journal import Journal
from retold.events.recorders import AdoptedJournal, MemoryRecorder, SqliteRecorder


def adopted(module: str, **settings: str) -> AdoptedJournal:
    """A recorder of the library, made as its users make it."""
    env = {"PERSISTENCE_MODULE": module, "ORIGINATOR_ID_TYPE": "text", **settings}
    factory: InfrastructureFactory[Any] = InfrastructureFactory.construct(env=env)
    return AdoptedJournal(factory.application_recorder(), module, factory.close)


def inherited(file: Path) -> Journal:
    """A database that an application of the library made, and wrote nothing to."""
    settings = {"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": str(file)}
    with Application[UUID](env=settings):
        return Inherited([], settings=settings).open_journal(False, {})[0]


KINDS: dict[str, Callable[[Path], Journal]] = {
    "sqlite": lambda folder: SqliteRecorder.open(folder / "log.db"),
    "memory": lambda folder: MemoryRecorder(),
    "adopted-popo": lambda folder: adopted("eventsourcing.popo"),
    "adopted-sqlite": lambda folder: adopted(
        "eventsourcing.sqlite", SQLITE_DBNAME=str(folder / "library.db")
    ),
    "inherited": lambda folder: inherited(folder / "inherited.db"),
}


@pytest.fixture(params=KINDS)
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """Every journal there is."""
    made = KINDS[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture(params=["sqlite", "memory"])
def our_journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """Every journal of ours."""
    made = KINDS[request.param](tmp_path)
    yield made
    made.close()


@pytest.fixture
def path(tmp_path: Path) -> str:
    """Where a log may be made."""
    return str(tmp_path / "log.db")


@pytest.fixture
def recorder(path: str) -> Iterator[SqliteRecorder]:
    """A log in a file, open for writing."""
    made = SqliteRecorder.open(path)
    yield made
    made.close()


RunPython = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def run_python() -> Iterator[RunPython]:
    """Start another process with a piece of Python and its arguments; it ends with the test."""
    started: list[subprocess.Popen[str]] = []

    def run(code: str, *arguments: str, **options: Any) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments], stdin=pipe, stdout=pipe, text=True, **options
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()
