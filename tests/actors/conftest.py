"""Systems in memory, under a pool of threads or stepped by hand, closed after their test."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retold import ActorSystem
from retold.actors import Pool, Stepped
from retold.actors.channel import channel
from retold.actors.dispatch import Dispatcher
from retold.actors.workflow import workflow
from retold.events import ManualClock

from .runners import BUGS, Yard
from .totals import account, totals
from .towns import Town

BEHAVIOURS = (totals, account, workflow, channel)
DISPATCHERS: dict[str, Callable[[], Dispatcher]] = {"pool": Pool, "stepped": Stepped}


@pytest.fixture(params=DISPATCHERS)
def system(request: pytest.FixtureRequest) -> Iterator[ActorSystem]:
    """A system in memory under each dispatcher, with a clock that stands."""
    dispatcher = DISPATCHERS[request.param]()
    with ActorSystem.open(
        "memory:", *BEHAVIOURS, dispatcher=dispatcher, clock=ManualClock(), seed="seed"
    ) as opened:
        yield opened


@pytest.fixture
def pool() -> Iterator[ActorSystem]:
    """A system in memory over a pool of threads."""
    with ActorSystem.open("memory:", *BEHAVIOURS) as opened:
        yield opened


@pytest.fixture
def stepped() -> Iterator[ActorSystem]:
    """A system in memory whose turns take up to ten messages and happen when a test says so."""
    with ActorSystem.open("memory:", *BEHAVIOURS, dispatcher=Stepped(turn_size=10)) as opened:
        yield opened


@pytest.fixture
def town() -> Iterator[Town]:
    """A town in memory."""
    town = Town()
    yield town
    town.system.close()


@pytest.fixture
def lasting(tmp_path: Path) -> Iterator[Town]:
    """A town over a file."""
    town = Town(f"sqlite:///{tmp_path}/town.db")
    yield town
    town.system.close()


@pytest.fixture
def yard() -> Iterator[Yard]:
    """A yard, in which nothing fails yet."""
    BUGS.clear()
    made = Yard()
    yield made
    made.journal.full = False
    made.system.close()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Opened at the end in any case, so that no turn outlives its test."""
    gate = threading.Event()
    yield gate
    gate.set()
