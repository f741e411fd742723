"""Snapshots: when a state is kept, off the way of commands, and what becomes of one that fails."""

from __future__ import annotations

from typing import Any

import pytest

from retold import Behaviour, state
from retold.actors import Stepped
from retold.actors import snapshots as rooms
from retold.actors.options import Options
from retold.actors.snapshots import Progress
from retold.events import ManualClock

from .lasting import Lasting, keep, opened
from .totals import Total, add, nothing, totals


def test_a_state_is_kept_every_so_many_events() -> None:
    """Not before, not after each one; counted from the last that was kept."""
    journal, clock, stepped = Lasting(), ManualClock(), Stepped()
    kept = []
    with opened(journal, 4, totals, clock=clock, stepped=stepped) as system:
        for _ in range(13):
            system.ref("total/a").ask(add())
            clock.advance(1)
            stepped.run_all()
            kept.append(journal.version_kept("total/a"))
    assert kept == [0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12]


@pytest.mark.parametrize("never", [0, None])
def test_none_are_kept_where_none_are_wanted(never: int | None) -> None:
    """Nor is one used that is there."""
    journal = Lasting()
    with opened(journal, never, totals) as system:
        for _ in range(5):
            system.ref("total/a").ask(add())
    assert not journal.saved
    keep(journal, totals, 5, Total(99), 5)
    with opened(journal, never, totals) as system:
        assert system.ref("total/a").ask(nothing()).state == Total(5)


def test_a_number_below_zero_is_refused() -> None:
    """When it is given."""
    with pytest.raises(ValueError, match="snapshot_every"):
        Options(snapshot_every=-1)


def test_a_policy_decides_by_what_it_is_told() -> None:
    """Address, version and the events since the last that was kept, after each commit."""
    journal, clock, stepped, asked = Lasting(), ManualClock(), Stepped(), list[Progress]()

    def primes(progress: Progress) -> bool:
        asked.append(progress)
        return progress.version in (2, 3, 5)

    with opened(journal, primes, totals, clock=clock, stepped=stepped) as system:
        for _ in range(6):
            system.ref("total/a").ask(add())
            clock.advance(1)
            stepped.run_all()
    told = [(each.address, each.version, each.events) for each in asked]
    assert told == [
        ("total/a", version, events) for version, events in enumerate([1, 2, 1, 1, 2, 1], 1)
    ]
    assert journal.saved == [["total/a 2"], ["total/a 3"], ["total/a 5"]]


def test_a_policy_that_fails_keeps_none_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    """It is told of once, and not asked again."""
    journal = Lasting()

    def wrong(_: Progress) -> bool:
        raise ZeroDivisionError

    with opened(journal, wrong, totals) as system:
        assert [system.ref("total/a").ask(add()).version for _ in range(3)] == [1, 2, 3]
    assert not journal.saved
    assert caplog.text.count("policy of snapshots failed") == 1


def test_no_turn_writes_a_snapshot() -> None:
    """A turn decides and commits; what is to be kept is written by a step of its own."""
    journal, stepped = Lasting(), Stepped()
    with opened(journal, 1, totals, stepped=stepped) as system:
        future = system.ref("total/a").ask(add(), block=False)
        assert stepped.step()
        assert future.done
        assert not journal.saved
        assert stepped.step()
        assert journal.saved == [["total/a 1"]]
        assert not stepped.step()


def test_they_are_written_once_a_second_and_the_latest_wins() -> None:
    """Whatever happens in between costs nothing but the note of it."""
    journal, clock, stepped = Lasting(), ManualClock(), Stepped()
    with opened(journal, 1, totals, clock=clock, stepped=stepped) as system:
        for _ in range(2):
            for name in "aabab":
                system.ref(f"total/{name}").ask(add())
                stepped.run_all()
                clock.advance(0.01)
            clock.advance(1)
            stepped.run_all()
    second, third = ["total/a 3", "total/b 2"], ["total/a 6", "total/b 4"]
    assert journal.saved == [["total/a 1"], second, third]


def test_what_waits_is_bounded_and_written_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many at once: so many are noted, the others at their next event; so many go into a write."""
    monkeypatch.setattr(rooms, "WAITING", 5)
    monkeypatch.setattr(rooms, "GROUP", 2)
    journal, clock, stepped = Lasting(), ManualClock(), Stepped()
    with opened(journal, 1, totals, clock=clock, stepped=stepped) as system:
        system.ref("total/first").ask(add())
        stepped.run_all()
        for name in "abcdefg":
            system.ref(f"total/{name}").ask(add())
        clock.advance(1)
        stepped.run_all()
        assert [len(group) for group in journal.saved] == [1, 2, 2, 1]
        kept = [name for name in "abcdefg" if journal.version_kept(f"total/{name}")]
        assert kept == [*"abcde"]
        clock.advance(1)
        system.ref("total/g").ask(add())
        stepped.run_all()
        assert journal.version_kept("total/g") == 2


def test_closing_writes_what_waits_and_a_crash_loses_it() -> None:
    """Either way the next system knows the same."""
    for crash, kept in ((False, 7), (True, 0)):
        journal, stepped = Lasting(), Stepped()
        system = opened(journal, 7, totals, stepped=stepped)
        for name in "ba":
            for _ in range(7):
                system.ref(f"total/{name}", registered=False).ask(add())
            stepped.run_all()
        assert journal.saved == [["total/b 7"]]
        if crash:
            system.abandon()
        else:
            system.close()
        assert journal.version_kept("total/a") == kept
        with opened(journal, 7, totals) as system:
            assert system.ref("total/a").ask(nothing()).state == Total(7)


def test_a_write_that_fails_harms_no_commit(caplog: pytest.LogCaptureFixture) -> None:
    """It is told of once; when it goes again, so do snapshots."""
    journal, clock, stepped = Lasting(), ManualClock(), Stepped()
    journal.broken = OSError("no room for it")
    with opened(journal, 1, totals, clock=clock, stepped=stepped) as system:

        def told() -> int:
            clock.advance(1)
            version = system.ref("total/a").ask(add()).version
            stepped.run_all()
            return int(version)

        assert [told() for _ in range(3)] == [1, 2, 3]
        assert caplog.text.count("no room for it") == 1
        journal.broken = None
        assert told() == 4
        assert journal.version_kept("total/a") == 4
        journal.broken = OSError("again")
        assert told() == 5
    assert caplog.text.count("keeps no snapshots") == 2


@state
class Odd:
    """A state that no snapshot can hold."""

    seen: Any = ()

    def evolve(self, event: Any) -> Any:
        """Holds what no JSON holds."""
        return Odd((*self.seen, object))


def test_a_state_that_cannot_be_kept_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    """Its kind is left alone from then on; others are not."""
    journal, clock, stepped = Lasting(), ManualClock(), Stepped()
    odd = Behaviour("odd", Odd(), totals.decide)
    with opened(journal, 1, totals, odd, clock=clock, stepped=stepped) as system:
        for name in "ab":
            for _ in range(3):
                assert system.ref(f"odd/{name}").ask(add()).version
                clock.advance(1)
                stepped.run_all()
        system.ref("total/a").ask(add())
        clock.advance(1)
        stepped.run_all()
    assert journal.saved == [["total/a 1"]]
    assert caplog.text.count("The states of odd are not kept") == 1
    with opened(journal, 1, totals, odd) as system:
        assert len(system.ref("odd/a").ask(nothing()).state.seen) == 3
