"""Reactions: what committed events make others do, at least once sent, each effect once."""

from __future__ import annotations

from typing import Any

import pytest

from retold import ActorSystem
from retold.actors import Pool
from retold.actors import reactor as reactor_room
from retold.actors.outbox import EVERY

from .runners import BUGS, DoIt, SendOut, Yard, runner, send_out


def test_what_is_sent_is_done_and_its_answer_comes_back(yard: Yard) -> None:
    """With the author and reason of the event, and ids that say what it came of."""
    send_out(yard, "dig")
    yard.system.wait_idle()
    assert yard.state("b").done == ("dig",)
    assert yard.state("a").heard == ("done 1",)
    assert yard.causes()[1:] == [("Finished", "r.1.0"), ("Answered", "r.1.0.taken")]
    done = next(yard.system.log.read("runner/b"))
    assert (done.by, done.why) == ("boss", "order")


def test_a_refusal_comes_back_as_what_compensates(yard: Yard) -> None:
    """The command it names goes to the actor of the event; what was refused has no effect."""
    send_out(yard, "nonsense")
    yard.system.wait_idle()
    assert yard.state("a").heard == ("will not",)
    assert yard.causes()[1:] == [("Answered", "r.1.0.refused")]


def test_the_order_of_events_is_the_order_of_what_they_send(yard: Yard) -> None:
    """And of each event its sends, as long as none has to be repeated."""
    for number in range(10):
        send_out(yard, f"{number}", times=2)
    yard.system.wait_idle()
    assert yard.state("b").done == tuple(f"{n}" for n in range(10) for _ in range(2))


@pytest.mark.parametrize("what", ["dig", "nonsense", "nothing"])
def test_a_crash_after_any_step_changes_nothing_but_time(what: str) -> None:
    """Taken up again it ends the same: each effect once, each answer once."""
    for steps in range(14):
        yard = Yard()
        yard.system.ref("runner/a").ask(SendOut("runner/b", what, 2), block=False, id="k")
        for _ in range(steps):
            yard.turns.step()
        yard.die()
        yard.open()
        asked = yard.system.ref("runner/a").ask(SendOut("runner/b", what, 2), block=False, id="k")
        yard.turns.run_all()
        assert asked.get().version >= 1
        causes = yard.causes()
        assert len(causes) == len(set(causes)), steps
        effects = {"dig": ("dig", "dig")}.get(what, ())
        assert yard.state("b").done == effects
        assert len(yard.state("a").heard) == 2
        yard.system.close()


def test_a_settled_log_is_not_read_again(yard: Yard) -> None:
    """The cursor follows; an opening reads what comes after it and reacts to nothing twice."""
    for number in range(EVERY):
        yard.system.ref("runner/b").ask(DoIt(f"{number}"))
    send_out(yard, "dig")
    yard.turns.run_all()
    last = yard.system.log.last_position()
    yard.system.close()
    read: list[int] = []
    scan = yard.journal.scan

    def counted(after: int = 0, upto: int | None = None) -> Any:
        for row in scan(after, upto):
            read.append(row[0])
            yield row

    yard.journal.scan = counted  # type: ignore[method-assign]  # what an opening reads
    yard.open()
    yard.turns.run_all()
    assert read
    assert min(read) > EVERY // 2
    assert yard.system.log.last_position() <= last + 1


def test_at_most_so_many_are_under_way(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many an event sends, and however many events there are."""
    monkeypatch.setattr(reactor_room, "IN_FLIGHT", 5)
    for number in range(10):
        send_out(yard, f"{number}", times=4)
    assert yard.system.reactor is not None
    outbox, most = yard.system.reactor._outbox, 0
    while yard.turns.step():
        most = max(most, outbox.under_way)
    assert most == 5
    assert len(yard.state("b").done) == 40


def test_reactions_live_on_a_pool_of_threads() -> None:
    """Many families at once, none lost, none twice; `wait_idle` waits for all of them."""
    BUGS.clear()
    with ActorSystem.open("memory:", runner, dispatcher=Pool(threads=3)) as system:
        asked = [
            system.ref(f"runner/{number % 20}").ask(
                SendOut(f"runner/x{number % 7}", f"{number}"), block=False
            )
            for number in range(2_000)
        ]
        for each in asked:
            each.get(timeout=10)
        system.wait_idle(timeout=30)
        done = [what for n in range(7) for what in system.state(f"runner/x{n}").done]
        heard = sum(len(system.state(f"runner/{n}").heard) for n in range(20))
        assert sorted(done, key=int) == [f"{number}" for number in range(2_000)]
        assert heard == 2_000
