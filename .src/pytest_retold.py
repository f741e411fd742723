"""What pytest finds where Retold is installed: the fixture `system`, for tests of behaviours.

    @pytest.mark.behaviours(account)
    def test_a_deposit(system):
        assert system.ref("account/alice").ask(Deposit(Decimal(10))).state.balance == 10

It stands beside the package, because pytest imports it at every start, and the package takes as
long to import as pytest itself: it is imported by the first test that asks for the fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from retold import Behaviour
    from retold.sims.testing import Rehearsal

MARK = "behaviours(*behaviours): the behaviours that the fixture `system` runs (retold)"


def pytest_configure(config: pytest.Config) -> None:
    """Say what the marker is for."""
    config.addinivalue_line("markers", MARK)


@pytest.fixture
def behaviours(request: pytest.FixtureRequest) -> tuple[Behaviour, ...]:
    """What `system` runs: what the nearest marker names. Define your own to name them once."""
    marker = request.node.get_closest_marker("behaviours")
    if marker is None or not marker.args:
        pytest.fail(
            "The fixture `system` of Retold was not told which behaviours to run: mark the test"
            " (@pytest.mark.behaviours(account)), its class or module (pytestmark), or define a"
            " fixture `behaviours` that returns them.",
            pytrace=False,
        )
    named: tuple[Behaviour, ...] = marker.args
    return named


@pytest.fixture
def retold_log() -> str:
    """Where `system` keeps its log. Define your own to keep it in a file: `sqlite:///…`."""
    return "memory:"


@pytest.fixture
def system(behaviours: tuple[Behaviour, ...], retold_log: str) -> Iterator[Rehearsal]:
    """An actor system that runs the same way at every run, and is closed after the test.

    Turns are taken while the test waits: by `ask`, by a future, by `system.wait_idle()`. Time
    stands until `system.clock.advance(seconds)`. At the end every actor is retold from the log, and
    the test fails if one is not what its events add up to.
    """
    from retold.sims.testing import NotAsTold, Rehearsal

    with Rehearsal.begin(*behaviours, url=retold_log) as opened:
        yield opened
    if opened.differences:
        pytest.fail(str(NotAsTold(opened.differences)), pytrace=False)
