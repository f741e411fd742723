"""Snapshots at recovery: used where they are of this log and this fold, else passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retold import ActorSystem, Behaviour, retell, state
from retold.actors import Stepped
from retold.actors.options import Options
from retold.actors.passivation import at_most
from retold.events import Append, ManualClock
from retold.projections import replay

from .lasting import Lasting, keep, opened
from .totals import Added, Total, add, everything, give, nothing, totals


def ten_events(every: int = 0) -> Lasting:
    """A log of ten events of total/a."""
    journal = Lasting()
    with opened(journal, every, totals) as system:
        for number in range(10):
            system.ref("total/a").ask(add(number))
    return journal


def test_recovery_reads_what_came_after_the_snapshot() -> None:
    """And the event it ends at, to see that the snapshot is of this log."""
    journal = ten_events()
    keep(journal, totals, 7, Total(21), 7)
    journal.rows_read = 0
    with opened(journal, 100, totals) as system:
        receipt = system.ref("total/a").ask(nothing())
        assert (receipt.version, receipt.position, receipt.state) == (10, 10, Total(45))
        assert journal.rows_read == 4
        assert system.actor("total/a").kept_version == 7


def test_what_was_recovered_at_length_is_kept() -> None:
    """So that it is not folded again, even if it is only ever asked and never changes."""
    journal, stepped = ten_events(), Stepped()
    with opened(journal, 10, totals, stepped=stepped) as system:
        system.ref("total/a").ask(nothing())
        stepped.run_all()
        assert journal.saved == [["total/a 10"]]
        journal.rows_read = 0
        assert system.state("total/a") == Total(45)
        assert journal.rows_read == 0
        system.actor("total/a").sleep()
        assert system.state("total/a") == Total(45)
        assert journal.rows_read == 1


@state
class Doubled:
    """The same fields, under another fold."""

    total: int = 0
    notes: tuple[Any, ...] = ()
    members: tuple[str, ...] = ()

    def evolve(self, event: Any) -> Any:
        """Everything counts twice."""
        return Doubled(self.total + 2 * event.n)


def test_another_fold_folds_everything_anew() -> None:
    """The snapshots of the old one are dropped, and made anew."""
    journal, clock, stepped = ten_events(every=5), ManualClock(), Stepped()
    assert journal.version_kept("total/a")
    old = journal.snapshot("total/a")
    doubled = Behaviour("total", Doubled(), totals.decide)
    with opened(journal, 1_000, doubled, clock=clock, stepped=stepped) as system:
        assert system.ref("total/a").ask(nothing()).state == Doubled(90)
        stepped.run_all()
        assert journal.snapshot("total/a") is None
    with opened(journal, 5, doubled) as system:
        assert system.ref("total/a").ask(nothing()).state == Doubled(90)
    assert journal.version_kept("total/a") == 10
    assert journal.snapshot("total/a") != old


@pytest.mark.parametrize(("version", "position"), [(11, 11), (7, 8), (8, 7), (-1, 0)])
def test_a_snapshot_of_another_log_is_ignored_and_dropped(version: int, position: int) -> None:
    """It has a place that this log has not, beyond its end or within."""
    journal, stepped = ten_events(), Stepped()
    keep(journal, totals, version, Total(99), position)
    with opened(journal, 100, totals, stepped=stepped) as system:
        assert system.ref("total/a").ask(nothing()).state == Total(45)
        assert journal.snapshot("total/a") is not None
        stepped.run_all()
        assert journal.snapshot("total/a") is None


@pytest.mark.parametrize("place", [3, 4, 5])
def test_a_damaged_snapshot_is_ignored_and_dropped(place: int) -> None:
    """Another fingerprint, another state or another checksum than was kept."""
    journal, stepped = ten_events(), Stepped()
    keep(journal, totals, 7, Total(99), 7)
    row: list[Any] = list(journal.snapshot("total/a") or ())
    row[place] = {3: "0" * 32, 4: b"{}", 5: 0}[place]
    journal.save_snapshots([tuple(row)])
    with opened(journal, 100, totals, stepped=stepped) as system:
        assert system.ref("total/a").ask(nothing()).state == Total(45)
        stepped.run_all()
        assert journal.snapshot("total/a") is None


def test_what_is_dropped_is_not_what_was_kept_since() -> None:
    """A newer snapshot that waits to be written takes the place of the order to drop the old."""
    journal, stepped = ten_events(), Stepped()
    keep(journal, totals, 11, Total(99), 11)
    with opened(journal, 10, totals, stepped=stepped) as system:
        assert system.ref("total/a").ask(nothing()).state == Total(45)
    assert journal.version_kept("total/a") == 10


def test_what_waits_to_be_written_is_not_dropped_with_what_it_replaces() -> None:
    """Found unfit while a newer one waits: the newer one is written all the same."""
    journal, stepped = ten_events(), Stepped()
    with opened(journal, lambda each: not each.version % 10, totals, stepped=stepped) as system:
        for name in "ba":
            stepped.run_all()
            keep(journal, totals, 11, Total(99), 11)
            system.ref(f"total/{name}").ask(give(*[Added(1)] * 10))
        system.ref("total/a").ask(add())
        system.actor("total/a").sleep()
        assert system.ref("total/a").ask(nothing()).state == Total(56)
    assert journal.version_kept("total/a") == 20


def test_the_past_is_told_without_snapshots() -> None:
    """Whatever stands beside the log: retelling, replay and old receipts fold its events."""
    journal = Lasting()
    with opened(journal, 0, totals) as system:
        first = system.ref("total/a").ask(add(1), id="k")
        for _ in range(9):
            system.ref("total/a").ask(add(1))
        truth = replay(system.log, lambda _: Total())
    keep(journal, totals, 10, Total(99), 10)
    with opened(journal, 100, totals) as system:
        assert system.ref("total/a").ask(nothing()).state == Total(99), "it would be used"
        assert retell(system.log, "total/a", behaviour=totals) == Total(10)
        assert retell(system.log, "total/a", version=10, behaviour=totals) == Total(10)
        assert replay(system.log, lambda _: Total()) == truth
        assert system.ref("total/a").ask(add(5), id="k") == first


def test_after_a_foreign_row_the_family_begins_at_its_snapshot() -> None:
    """And folds what was written meanwhile, by whomever."""
    journal, stepped = Lasting(), Stepped(turn_size=10)
    with opened(journal, 2, totals, stepped=stepped) as system:
        for _ in range(4):
            system.ref("total/a").ask(add())
            stepped.run_all()
        assert journal.version_kept("total/a") == 2
        system.log.append(Append("total/a", 4, (Added(100),)))
        receipt = system.ref("total/a").ask(add())
        assert (receipt.version, receipt.state.total) == (6, 105)


def test_who_falls_asleep_wakes_at_the_snapshot() -> None:
    """Passivation and snapshots together: nothing of the state in memory, and little to read."""
    journal, clock, stepped = Lasting(), ManualClock(), Stepped()
    with opened(journal, 5, totals, clock=clock, stepped=stepped, passivate=at_most(0)) as system:
        ref = system.ref("total/a", registered=False)
        for number in range(12):
            assert ref.ask(add()).state.total == number + 1
            clock.advance(1)
            stepped.run_all()
        assert not list(system.index)
        journal.rows_read = 0
        assert ref.ask(nothing()).state.total == 12
        assert journal.rows_read == 3


def test_a_store_of_the_library_goes_without(tmp_path: Path) -> None:
    """There is no table: nobody is told, and everything is folded."""
    url = "module:eventsourcing.sqlite"
    settings = {"SQLITE_DBNAME": str(tmp_path / "library.db")}
    for round_number in (1, 2):
        with ActorSystem.open(
            url, totals, settings=settings, options=Options(snapshot_every=1), dispatcher=Stepped()
        ) as system:
            totals_told = [system.ref("total/a").ask(add()).state for _ in range(3)]
            assert totals_told[-1] == Total(3 * round_number)


def test_a_file_keeps_them_over_a_restart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The default store and dispatcher: written at the end, used at the beginning."""
    url = f"sqlite:///{tmp_path}/log.db"
    for every in (3, 100):
        with ActorSystem.open(url, totals, options=Options(snapshot_every=every)) as system:
            receipts = [system.ref("total/a").ask(add()) for _ in range(4)]
            kept = system.log.snapshot("total/a")
    assert receipts[-1].state == Total(8)
    assert kept is not None
    assert kept[1] == 3
    assert [each[1] for each in everything_of(url)] == [*range(1, 9)]
    assert not caplog.records


def everything_of(url: str) -> list[tuple[str, int, Any]]:
    """All events of a log that nobody writes."""
    with ActorSystem.open(url, totals) as system:
        return everything(system)
