"""The fixture `system` that pytest finds where Retold is installed."""

from __future__ import annotations

from pathlib import Path

import pytest

BANK = Path(__file__).resolve().parents[2] / "examples" / "bank.py"

LAMP = """
from datetime import datetime, timedelta

import pytest

from bank import Deposit, Withdraw, account
from decimal import Decimal
from retold import Behaviour, Rejected, command, event, state
from retold.actors import Send


@event("lamp.lit.v1")
class Lit:
    until: datetime


@event("lamp.went_out.v1")
class WentOut:
    pass


@command
class Light:
    seconds: float


@state
class Lamp:
    until: datetime | None = None

    def evolve(self, event):
        return Lamp(event.until) if isinstance(event, Lit) else Lamp()


def decide(lamp, command, context):
    return (Lit(context.now + timedelta(seconds=command.seconds)),)


def react(recorded):
    if isinstance(recorded.event, WentOut):
        return (Send("account/electrician", Deposit(Decimal(5))),)
    return ()


lamp = Behaviour(
    "lamp", Lamp(), decide, due=lambda lamp: lamp.until,
    expire=lambda lamp, now: (WentOut(),), react=react,
)
"""

GOOD = """
@pytest.mark.behaviours(account)
def test_a_deposit(system):
    alice = system.ref("account/alice")
    assert alice.ask(Deposit(Decimal(10))).state.balance == 10
    with pytest.raises(Rejected):
        alice.ask(Withdraw(Decimal(11)))


@pytest.mark.behaviours(lamp, account)
def test_time_and_reactions(system):
    system.ref("lamp/hall").tell(Light(60))
    system.wait_idle()
    assert system.state("lamp/hall").until is not None
    system.clock.advance(59)
    system.wait_idle()
    assert system.state("account/electrician").balance == 0
    system.clock.advance(1)
    system.wait_idle()
    assert system.state("lamp/hall").until is None
    assert system.state("account/electrician").balance == 5


@pytest.mark.behaviours(account)
class TestOfOneClass:
    def test_each_test_has_a_system_of_its_own(self, system):
        assert system.state("account/alice").balance == 0
        assert system.log.last_position() == 0

    @pytest.mark.parametrize("again", [1, 2])
    def test_ids_are_the_same_at_every_run(self, system, again):
        system.ref("account/alice").ask(Deposit(Decimal(1)))
        assert [each.cause for each in system.log.scan()] == ["rehearsal.0.1"]
"""


@pytest.fixture
def users(pytester: pytest.Pytester, request: pytest.FixtureRequest) -> pytest.Pytester:
    """A folder of somebody's tests, beside the example's account."""
    pytester.makepyfile(bank=BANK.read_text())
    if not request.config.pluginmanager.has_plugin("retold"):
        pytester.plugins.append("pytest_retold")
    pytester.makeini("[pytest]\naddopts = --strict-markers\nfilterwarnings = error\n")
    return pytester


def outcome(users: pytest.Pytester, text: str) -> pytest.RunResult:
    """What becomes of somebody's test file."""
    users.makepyfile(test_users=LAMP + text)
    return users.runpytest_subprocess("-q", "-p", "no:cacheprovider", "-rN")


def test_users_tests_run_on_it(users: pytest.Pytester) -> None:
    """Asks, time, reactions; named by test or class; each test its own system, always the same."""
    outcome(users, GOOD).assert_outcomes(passed=5)


def test_behaviours_and_log_may_be_named_once(users: pytest.Pytester) -> None:
    """By fixtures of one's own; a log in a file is given back after each test."""
    text = """
@pytest.fixture
def behaviours():
    return (account,)

@pytest.fixture
def retold_log(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.getbasetemp()}/bank.db"

@pytest.mark.parametrize("version", [1, 2])
def test_the_log_goes_on(system, version):
    assert system.ref("account/alice").ask(Deposit(Decimal(10))).version == version
"""
    outcome(users, text).assert_outcomes(passed=2)


def test_a_fixture_of_ones_own_wins(users: pytest.Pytester) -> None:
    """Whoever has a fixture `system` goes on as before."""
    text = """
@pytest.fixture
def system():
    return "mine"

def test_mine(system):
    assert system == "mine"
"""
    outcome(users, text).assert_outcomes(passed=1)


def test_who_names_no_behaviour_is_told_how(users: pytest.Pytester) -> None:
    """In a few lines without a traceback of ours, whether the marker is absent or empty."""
    text = """
def test_unmarked(system):
    pass

@pytest.mark.behaviours()
def test_empty(system):
    pass
"""
    told = outcome(users, text)
    told.assert_outcomes(errors=2)
    told.stdout.fnmatch_lines(["*@pytest.mark.behaviours(account)*"])
    assert "Traceback" not in told.stdout.str()
    assert "pytest_retold.py:" not in told.stdout.str()


COUNTED = """
@event("list.grown.v1")
class Grown:
    what: str

@command
class Grow:
    what: str

@state
class Things:
    all: tuple[str, ...] = ()

    def evolve(self, event):
        counted.append(event)
        return Things((*self.all, f"{event.what}{len(counted)}"))

counted = []
things = Behaviour("list", Things(), lambda state, command, context: (Grown(command.what),))

@pytest.mark.behaviours(things, account)
def test_that_sees_nothing_wrong(system):
    system.ref("account/alice").ask(Deposit(Decimal(10)))
    system.ref("list/a").ask(Grow("x"))
    assert system.ref("list/b").ask(Grow("y")).state.all == ("y2",)
"""


def test_an_evolve_that_depends_on_more_is_found(users: pytest.Pytester) -> None:
    """The test fails, and says of which actor what was live and what its events add up to."""
    found = outcome(users, COUNTED)
    assert found.ret == pytest.ExitCode.TESTS_FAILED
    found.stdout.fnmatch_lines(
        [
            "*States are not what the log retells:*",
            "*list/a after 1 events*",
            "*live:   Things(all=('x1',))*",
            "*retold: Things(all=('x3',))*",
            "*list/b after 1 events*",
            "*live:   Things(all=('y2',))*",
        ]
    )
    assert "account/alice" not in found.stdout.str()
    assert found.stdout.str().count("list/b after") == 1


IN_PLACE = """
@event("heap.grown.v1")
class Grown:
    what: str

@command
class Grow:
    what: str

@state
class Heap:
    all: list[str] = []

    def evolve(self, event):
        {evolve}

def decide_heap(heap, command, context):
    {decide}
    return (Grown(command.what),)

heap = Behaviour("heap", Heap(), decide_heap)

@pytest.mark.behaviours(heap, account)
def test_that_sees_nothing_wrong(system):
    system.ref("account/alice").ask(Deposit(Decimal(10)))
    for what in {words!r}:
        system.ref("heap/a").ask(Grow(what))
"""
GOOD_EVOLVE = "return Heap([*self.all, event.what])"
SHARED = "self.all.append(event.what); return self"
LATER = "return Heap([event.what]) if not self.all else self.all.append(event.what) or self"


@pytest.mark.parametrize(
    ("evolve", "decide", "words", "lines"),
    [
        (SHARED, "", "x", ["any heap after 0 events", "live:   Heap(all=['x'])", "Heap(all=[])"]),
        (GOOD_EVOLVE, "heap.all.append('!')", "x", ["any heap after 0 events", "Heap(all=['!'])"]),
        (LATER, "", "xy", ["heap/a after 1 events", "Heap(all=['x', 'y'])", "Heap(all=['x'])"]),
    ],
    ids=["the initial one", "by a decision", "a later one"],
)
def test_a_state_that_is_changed_in_place_is_found(
    users: pytest.Pytester, evolve: str, decide: str, words: str, lines: list[str]
) -> None:
    """Also where all versions share one list, and so agree with each other."""
    text = IN_PLACE.format(evolve=evolve, decide=decide or "pass", words=words)
    found = outcome(users, text)
    found.assert_outcomes(passed=1, errors=1)
    told = found.stdout.str().partition("States are not what the log retells:")[2]
    assert [line for line in lines if line not in told] == []
    assert "account" not in told
    outcome(users, IN_PLACE.format(evolve=GOOD_EVOLVE, decide="pass", words=words)).assert_outcomes(
        passed=1
    )


def test_nothing_of_it_is_imported_until_it_is_asked_for(users: pytest.Pytester) -> None:
    """A run of tests that have nothing to do with it takes no longer than before."""
    users.makepyfile("""
import sys

def test_unrelated():
    assert "pytest_retold" in sys.modules
    assert not [name for name in sys.modules if name.split(".")[0] in ("retold", "pykka", "simpy")]
""")
    users.runpytest_subprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=1)


def test_it_says_what_its_marker_is_for(users: pytest.Pytester) -> None:
    """`pytest --markers` and `pytest --fixtures` show it."""
    users.runpytest_subprocess("--markers").stdout.fnmatch_lines(["@pytest.mark.behaviours(*"])
    users.runpytest_subprocess("--fixtures").stdout.fnmatch_lines(["system -- *pytest_retold*"])
