"""Actor systems: on every log there is, opened and closed, and who gives the turns."""

from __future__ import annotations

import gc
import threading
from pathlib import Path
from typing import Any

import pykka
import pytest

from retold import ActorSystem, Behaviour, Log, retell
from retold.actors import Pool, Stepped
from retold.actors.channel import MergeChannel, OpenChannel, channel
from retold.actors.workflow import PersistState, workflow
from retold.events import ManualClock
from retold.events.errors import BadUrl
from retold.events.log_errors import LogInUse, LogReadOnly, NotALog

from .totals import (
    WAIT,
    Added,
    Do,
    Total,
    account,
    add,
    answers,
    decide,
    everything,
    fail,
    nothing,
    totals,
    wait_for,
)

LIBRARY: dict[str, Any] = {
    "memory:": lambda folder: {},
    "module:eventsourcing.popo": lambda folder: {},
    "module:eventsourcing.sqlite": lambda folder: {"SQLITE_DBNAME": f"{folder}/library.db"},
}


@pytest.mark.parametrize("url", LIBRARY)
def test_a_system_runs_on_any_log_of_the_library(url: str, tmp_path: Path) -> None:
    """The same commands, receipts and states; versions from 1; several members in one write."""
    settings = LIBRARY[url](tmp_path)
    with ActorSystem.open(url, totals, workflow, channel, settings=settings) as system:
        refs = [system.ref(f"total/{name}") for name in "abc"]
        found = answers(ref.ask(add(n), block=False) for n in range(20) for ref in refs)
        assert [each.version for each in found] == [n + 1 for n in range(20) for _ in refs]
        system.ref("workflow/a").ask(PersistState({"x": 1}))
        legal = system.ref("workflow/a/channel/legal")
        legal.ask(OpenChannel({"y": 2}))
        merged = legal.ask(MergeChannel(), id="m")
        assert legal.ask(MergeChannel(), id="m") == merged
        found_state = retell(system.log, "workflow/a", behaviour=workflow)
        assert found_state.document == {"x": 1, "y": 2}
        assert len(everything(system)) == 65
        assert next(iter(system.log.addresses("total"))) == ("total/a", 20)


def test_a_library_file_is_found_again(tmp_path: Path) -> None:
    """A system on the library's SQLite recorder goes on where the last one ended."""
    settings = {"SQLITE_DBNAME": f"{tmp_path}/library.db"}
    for number in range(1, 4):
        with ActorSystem.open("module:eventsourcing.sqlite", totals, settings=settings) as system:
            assert system.ref("total/a").ask(add(), timeout=WAIT).version == number


def test_a_second_writer_is_turned_away(tmp_path: Path) -> None:
    """`LogInUse` names the holder; when that one is closed the next may come."""
    url = f"sqlite:///{tmp_path}/log.db"
    with ActorSystem.open(url, totals) as system:
        with pytest.raises(LogInUse, match="process"):
            ActorSystem.open(url, totals)
        assert system.ref("total/a").ask(add(), timeout=WAIT).version == 1
    with ActorSystem.open(url, totals) as system:
        assert system.ref("total/a").ask(add(), timeout=WAIT).version == 2


def test_a_system_that_cannot_open_leaves_nothing_behind(tmp_path: Path) -> None:
    """Neither a lease nor a thread; what is no log is left as it was."""
    url, before = f"sqlite:///{tmp_path}/log.db", threading.active_count()
    with pytest.raises(BadUrl):
        ActorSystem.open("nowhere:", totals)
    (tmp_path / "other.db").write_bytes(b"no database at all, only some text")
    with pytest.raises(NotALog):
        ActorSystem.open(f"sqlite:///{tmp_path}/other.db", totals)
    ActorSystem.open(url, totals).close()
    assert threading.active_count() == before


def test_two_behaviours_of_a_kind_are_refused_and_leave_nothing_behind(tmp_path: Path) -> None:
    """ValueError; the lease is given back and no thread stays."""
    url, before = f"sqlite:///{tmp_path}/log.db", threading.active_count()
    with pytest.raises(ValueError, match="two behaviours"):
        ActorSystem.open(url, totals, totals)
    left = threading.active_count() - before
    ActorSystem.open(url, totals).close()
    assert left == 0


def test_a_system_writes(tmp_path: Path) -> None:
    """Over a log that was opened to read there is none."""
    url = f"sqlite:///{tmp_path}/log.db"
    Log.open(url).close()
    with Log.open(url, read_only=True) as log, pytest.raises(LogReadOnly):
        ActorSystem(log, totals)


def test_threads_end_with_their_system() -> None:
    """A closed system leaves none, also when its last decisions were bugs."""
    before = threading.active_count()
    for _ in range(5):
        with ActorSystem.open("memory:", totals) as system:
            answers([system.ref("total/a").ask(fail(ZeroDivisionError()), block=False)])
            assert threading.active_count() == before + 2
    gc.collect()
    assert threading.active_count() == before


@pytest.mark.parametrize("threads", [0, 1, -1])
def test_a_pool_has_two_threads_at_least(threads: int) -> None:
    """With one, every turn would become its own commit."""
    before = threading.active_count()
    with pytest.raises(ValueError, match="at least 2"):
        Pool(threads)
    assert threading.active_count() == before


def test_a_stepped_ask_says_when_nothing_can_answer() -> None:
    """`pykka.Timeout` at once instead of waiting for ever."""
    future: Any = Stepped().future()
    with pytest.raises(pykka.Timeout, match="nothing is left"):
        future.get()


def test_stepping_takes_one_command_a_time() -> None:
    """Unless told otherwise a step is one turn of one command."""
    dispatcher = Stepped()
    with ActorSystem.open("memory:", totals, dispatcher=dispatcher) as system:
        asked = [system.ref("total/a").ask(add(), block=False) for _ in range(3)]
        done = []
        while dispatcher.step():
            done.append(sum(each.done for each in asked))
        assert done[-3:] == [1, 2, 3]


def test_an_exit_in_one_command_is_not_told_to_another(pool: ActorSystem) -> None:
    """A thread that waits for its own ask takes others' turns too: their exits are theirs."""
    ref = pool.ref("total/a")

    def first(*_: Any) -> Any:
        ref.tell(fail(SystemExit(3)))
        return (Added(1),)

    assert ref.ask(Do(first), timeout=WAIT).version == 1
    assert ref.ask(nothing(), timeout=WAIT).version == 1


def test_a_turn_has_a_size(tmp_path: Path) -> None:
    """A busy family does not hold the pool: its messages go in turns of bounded size."""
    with ActorSystem.open("memory:", totals, dispatcher=Pool(2, turn_size=7)) as system:
        ref, gate, sizes = system.ref("total/a"), threading.Event(), list[int]()
        write = system.log.journal.write

        def count(rows: Any, due: Any = ()) -> Any:
            sizes.append(len(rows))
            return write(rows, due)

        system.log.journal.write = count  # type: ignore[method-assign]  # how large each batch is
        held = ref.ask(wait_for(gate), block=False)
        asked = [ref.ask(add(), block=False) for _ in range(50)]
        gate.set()
        answers([held, *asked])
        assert sum(sizes) == 50
        assert max(sizes) <= 7


def test_an_initial_state_is_the_behaviours() -> None:
    """An actor begins as its behaviour says, and its log adds up from there."""
    rich = Behaviour("total", Total(100), decide)
    with ActorSystem.open("memory:", rich, account) as system:
        assert system.ref("total/a").ask(add(1), timeout=WAIT).state.total == 101
        assert retell(system.log, "total/a", version=0, behaviour=rich).total == 100
        assert retell(system.log, "total/a", behaviour=rich).total == 101


def test_recorded_at_is_not_before_the_decision() -> None:
    """`context.now` is never later than what the log says of the command."""
    seen: list[Any] = []

    def look(total: Total, context: Any) -> Any:
        seen.append(context.now)
        return (Added(1),)

    clock = ManualClock()
    with ActorSystem.open("memory:", totals, clock=clock) as system:
        for _ in range(3):
            system.ref("total/a").ask(Do(look), timeout=WAIT)
            clock.advance(1)
        recorded = [each.recorded_at for each in system.log.scan()]
    assert seen == recorded


@pytest.mark.parametrize("wrong", [{"options": 5}, {"behaviour": "account"}])
def test_what_is_no_behaviour_and_no_options_is_refused(wrong: dict[str, Any]) -> None:
    """By what was given, before anything is started."""
    before = threading.active_count()
    with pytest.raises(TypeError, match=r"5|'account'"):
        ActorSystem.open("memory:", wrong.get("behaviour", totals), options=wrong.get("options"))
    assert threading.active_count() == before
