"""Storage fails at every point of a commit, and whoever asked is told the truth about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from retold import ActorSystem, Receipt
from retold.events.log_errors import LeaseLost, StorageFailed

from .examination import at_every_point, drive
from .faults import EVER, Fault
from .scenarios import SCENARIOS, Asking, Scenario, one_turn, outings
from .stores import MemoryStore, StatementStore, Store

DEAD = {"write": EVER, "reopen": EVER, "rows": EVER}
LASTING: list[dict[str, int]] = [
    {}, {"reopen": 1}, {"reopen": EVER}, {"rows": 1}, {"rows": EVER}, {"write": EVER}, DEAD,
]  # fmt: skip
FAULTS = [
    *(Fault(what, broken) for what in ("before", "after", "full") for broken in LASTING),
    *(Fault(f"taken, {what}", broken) for what in ("before", "after") for broken in LASTING),
]


@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_every_asker_is_told_the_truth(scenario: Scenario, fault: Fault) -> None:
    """Whatever the journal does at whichever write of a scenario, and does from then on."""
    points, _ = at_every_point(lambda _: MemoryStore(), scenario, fault)
    assert points >= 1


def examine_a_file(
    scenario: Scenario, fault: Fault, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Let the fault strike at every statement of a scenario."""
    points, _ = at_every_point(
        lambda point: StatementStore(folder / f"{point}.db", monkeypatch), scenario, fault
    )
    assert points >= 1


@pytest.mark.parametrize("fault", [each for each in FAULTS if each.broken in ({}, DEAD)], ids=str)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_every_asker_over_a_file_is_told_the_truth(
    scenario: Scenario, fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever statement fails, before or after it took effect, and everything after it."""
    examine_a_file(scenario, fault, tmp_path, monkeypatch)


@pytest.mark.soak
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.__name__)
def test_every_asker_over_a_file_is_told_the_truth_of_all_faults(
    scenario: Scenario, fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same, whatever else fails once or for ever."""
    examine_a_file(scenario, fault, tmp_path, monkeypatch)


def test_every_kind_of_answer_was_given() -> None:
    """The tests above met receipts, refusals, failures and uncertainty, and several points."""
    met: set[str] = set()
    for what in ("before", "after", "full"):
        for broken in ({}, DEAD):
            points, told = at_every_point(lambda _: MemoryStore(), outings, Fault(what, broken))
            assert points >= 2
            met |= told
    met |= at_every_point(lambda _: MemoryStore(), one_turn, Fault("before"))[1]
    assert met == {
        "Receipt", "Rejected", "StorageFailed", "StorageFull", "OutcomeUncertain", "NoneType",
        "OSError",
    }  # fmt: skip


def test_a_commit_in_doubt_is_several_statements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With due times a transaction begins, checks the lease, stores, and commits: each a point."""
    store = StatementStore(tmp_path / "log.db", monkeypatch)
    with store.open() as system:
        store.arm(0, Fault(""))
        asking = Asking(system)
        asking.start("k1", 1)
        drive(system)
    assert store.uses >= 6


def test_a_log_taken_over_in_doubt_tells_the_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another system takes the file between a commit that failed and the look at what it left:
    what was stored is answered, what comes later gets `LeaseLost`."""
    store = StatementStore(tmp_path / "log.db", monkeypatch)
    for point, what, kind in ((1, "after", Receipt), (1, "before", StorageFailed)):
        system = store.open()
        others = taken_over_when_looked_at(system, tmp_path / "log.db", store)
        store.arm(point, Fault(what))
        asking = Asking(system)
        asking.add(f"k-{what}", "total/a", 1)
        drive(system)
        asking.add(f"later-{what}", "total/a", 2)
        drive(system)
        assert [type(each.told) for each in asking.asked] == [kind, LeaseLost]
        (rows,) = store.readings()
        found = [row.cause for row in rows if row.cause.endswith(what)]
        assert found == ([f"k-{what}"] if kind is Receipt else [])
        others[0].close()
        system.close()


def taken_over_when_looked_at(system: ActorSystem, path: Path, store: Store) -> list[ActorSystem]:
    """Let another system open the file just before this one opens it anew."""
    journal, others = system.log.journal, list[ActorSystem]()
    reopen = journal.reopen

    def meddled() -> None:
        os.remove(f"{path}-lease")
        others.append(store.open())
        reopen()

    journal.reopen = meddled  # type: ignore[method-assign]  # the last moment before it
    return others
