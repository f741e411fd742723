"""Timers: each actor is woken at its time, once, never early, over restarts and sleep."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from retold import ActorSystem, Behaviour, Rejected
from retold.actors import timers as timers_room
from retold.actors.options import Options
from retold.actors.passivation import after
from retold.events.log import Log
from retold.events.recorded import Recorded

from .leases import Ended, Lease, Renew, Use, decide, due, lease
from .totals import WAIT, answers
from .towns import Town


def test_each_is_woken_at_its_time_and_none_early(town: Town) -> None:
    """In the order of their times, each once."""
    for number in (3, 1, 2):
        town.system.ref(f"lease/{number}").ask(Renew(number * 10))
    for _ in range(35):
        town.pass_time(1)
    assert town.ends() == {"lease/1": 10, "lease/2": 20, "lease/3": 30}
    assert [each[0] for each in town.told()[3:]] == ["lease/1", "lease/2", "lease/3"]


def test_a_deadline_that_moves_is_kept_where_it_went(town: Town) -> None:
    """Renewed it ends later, and not before."""
    for _ in range(4):
        town.system.ref("lease/a").ask(Renew(10))
        town.pass_time(6)
    assert town.ends() == {}
    town.pass_time(10)
    assert town.ends() == {"lease/a": 34}


def test_a_deadline_and_a_message_in_either_order_give_the_same() -> None:
    """A message that comes after a deadline finds it passed, though no timer has rung."""
    found = []
    for timer_first in (True, False):
        town = Town()
        ref = town.system.ref("lease/a")
        ref.ask(Renew(10))
        town.clock.advance(11)
        asked = ref.ask(Use(), block=False)
        if timer_first:
            town.system.timers.ring()
        town.turns.run_all()
        found.append([str(answers([asked])[0]), *town.told()])
        town.system.close()
    assert found[0] == found[1]
    assert found[0][0] == "not held"
    assert found[0][-1] == ("lease/a", "Ended", 11.0)


def test_a_deadline_of_any_member_comes_before_a_message_to_another(town: Town) -> None:
    """What a decision sees of its family is as of now."""
    seen: list[Any] = []

    def look(_: Any, command: Any, context: Any) -> tuple[Any, ...]:
        seen.append(context.member("lease/key").until)
        return ()

    root = Behaviour("house", Lease(), look)
    town.reopen(root, lease)
    town.system.ref("house/a/lease/key").ask(Renew(10))
    town.clock.advance(11)
    town.system.ref("house/a").ask(Use())
    assert seen == [None]
    assert town.ends() == {"house/a/lease/key": 11}


def test_what_expires_stays_though_the_command_is_refused(town: Town) -> None:
    """The refusal is by the state after the deadline, and leaves no trace of its own."""
    ref = town.system.ref("lease/a")
    ref.ask(Renew(10))
    town.clock.advance(10)
    with pytest.raises(Rejected, match="not held"):
        ref.ask(Use())
    assert town.ends() == {"lease/a": 10}
    assert [each.by for each in town.system.log.read("lease/a")] == ["system", "system"]


def test_timers_survive_a_restart_and_replay_nothing(
    lasting: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Opening reads the table and no event; each fires once, those long due at once."""
    for number in range(200):
        lasting.system.ref(f"lease/{number}").ask(Renew(number))
    lasting.system.close()
    read: list[int] = []
    scan, one = Log.read, Log.events
    monkeypatch.setattr(Log, "read", lambda *a, **k: (read.append(1), scan(*a, **k))[1])
    monkeypatch.setattr(Log, "events", lambda *a, **k: (read.append(1), one(*a, **k))[1])
    lasting.clock.advance(99)
    lasting.open()
    assert not read
    assert list(lasting.system.refs()) == []
    lasting.turns.run_all()
    assert len(lasting.ends()) == 100
    lasting.pass_time(1000)
    lasting.reopen()
    lasting.pass_time(1000)
    assert len([each for each in lasting.told() if each[1] == "Ended"]) == 200


def test_who_sleeps_is_woken_by_its_time() -> None:
    """Passivation forgets the actor, not its timer."""
    town = Town(options=Options(passivate=after(5)))
    town.system.ref("lease/a", registered=False).ask(Renew(60))
    town.pass_time(30)
    assert list(town.system.index) == []
    town.pass_time(30)
    assert town.ends() == {"lease/a": 60}
    town.system.close()


def test_a_storm_is_woken_so_many_at_a_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many are due at once, at most `AWAKE` are being woken; all are in the end."""
    monkeypatch.setattr(timers_room, "AWAKE", 7)
    asked = [town.system.ref(f"lease/{n}").ask(Renew(10), block=False) for n in range(100)]
    answers(asked)
    town.clock.advance(10)
    most = 0
    while town.turns.step():
        most = max(most, town.system.timers._ringing)
    assert most == 7
    assert len(town.ends()) == 100


def test_a_kind_that_gains_a_deadline_is_folded_once(lasting: Town) -> None:
    """Actors of before get their due times when the log is opened, and are in the table then."""
    plain = attrs.evolve(lease, due=None, expire=None)
    lasting.reopen(plain)
    lasting.system.ref("lease/a").ask(Renew(10))
    lasting.reopen(lease)
    path = lasting.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as found:
        assert ("lease/a",) in found.execute("SELECT address FROM due").fetchall()
    lasting.pass_time(10)
    assert lasting.ends() == {"lease/a": 10}


def test_a_log_without_the_table_is_opened_and_gets_it(lasting: Town) -> None:
    """A file of before there were due times is folded once, and goes on."""
    lasting.system.ref("lease/a").ask(Renew(10))
    lasting.system.close()
    with closing(sqlite3.connect(lasting.url.removeprefix("sqlite:///"))) as plain:
        plain.execute("DROP TABLE due")
        plain.commit()
    lasting.open()
    lasting.pass_time(10)
    assert lasting.ends() == {"lease/a": 10}


def test_a_store_without_a_table_is_folded_each_time(tmp_path: Path) -> None:
    """A recorder of the library knows no due times; they are found all the same."""
    town = Town("module:eventsourcing.popo")
    town.system.ref("lease/a").ask(Renew(10))
    town.pass_time(10)
    assert town.ends() == {"lease/a": 10}
    town.system.close()


def test_another_due_time_of_the_same_state_corrects_the_table(lasting: Town) -> None:
    """A behaviour that is due later than the table says is woken, finds nothing due, and waits."""
    lasting.system.ref("lease/a").ask(Renew(10))
    later = attrs.evolve(
        lease,
        due=lambda state: None if state.until is None else state.until + timedelta(seconds=5),
    )
    lasting.reopen(later)
    lasting.pass_time(10)
    assert lasting.ends() == {}
    lasting.pass_time(4)
    assert lasting.ends() == {}
    lasting.pass_time(1)
    assert lasting.ends() == {"lease/a": 15}


def test_due_and_expire_go_together() -> None:
    """One without the other is refused when the behaviour is made."""
    with pytest.raises(ValueError, match="both due and expire"):
        Behaviour("lease", Lease(), decide, due=due)


def test_a_live_timer_rings_by_itself() -> None:
    """On the wall clock, on a thread of the system's own, and the thread ends with the system."""
    with ActorSystem.open("memory:", lease) as system:
        ref = system.ref("lease/a")
        ref.ask(Renew(0.05))
        seen = next(_until_ended(system))
        assert seen.recorded_at >= seen.event.deadline


def _until_ended(system: ActorSystem) -> Iterator[Recorded]:
    with system.log.follow(0, "lease") as follower:
        while (batch := follower.batch(WAIT)) is not None:
            yield from (each for each in batch.events if isinstance(each.event, Ended))
    raise AssertionError("the timer never rang")
