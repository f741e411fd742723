"""Dropping every snapshot changes nothing but time: two lives of one history, with and without."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import event, given
from hypothesis import strategies as st

from retold import ActorSystem, Rejected
from retold.actors import ROOT, Stepped
from retold.actors.channel import (
    AppendEntry,
    CloseChannel,
    MergeChannel,
    OpenChannel,
    PatchChannel,
    channel,
)
from retold.actors.workflow import PatchState, PersistState, workflow
from retold.events import ManualClock
from retold.events.errors import RetoldError

from .lasting import Lasting, opened
from .totals import Added, add, at, fail, give, note, nothing, refuse, totals

KINDS = (totals, workflow, channel)
TOTALS = ["total/a", "total/b", "total/a/total/c"]
FLOW, LEGAL, COSTS = "workflow/w", "workflow/w/channel/legal", "workflow/w/channel/costs"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.floats(0, 1) | st.text("ab~/", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text("abc", min_size=1, max_size=2), JSON, max_size=3)

TO_TOTALS = st.tuples(
    st.sampled_from(TOTALS),
    st.one_of(
        st.integers(-5, 5).map(add),
        JSON.map(note),
        st.just(nothing()),
        st.just(refuse()),
        st.just(fail(ArithmeticError("a bug"))),
        st.integers(1, 4).map(lambda count: give(*[Added(1)] * count)),
        st.integers(1, 4).map(
            lambda n: give(Added(n), at(ROOT, Added(n)), at("total/d", Added(1)))
        ),
    ),
)
TO_FLOWS = st.one_of(
    st.tuples(st.just(FLOW), OBJECTS.map(PersistState) | OBJECTS.map(PatchState)),
    st.tuples(
        st.sampled_from([LEGAL, COSTS]),
        st.one_of(
            OBJECTS.map(OpenChannel),
            OBJECTS.map(PatchChannel),
            st.builds(AppendEntry, st.binary(max_size=3), sender_sequence=st.integers(0, 5)),
            st.just(MergeChannel()),
            st.just(CloseChannel()),
        ),
    ),
)
ASK = st.tuples(
    st.just("ask"), TO_TOTALS | TO_FLOWS, st.none() | st.sampled_from(["k1", "k2", "k3"])
)
STEPS = st.one_of(
    ASK,
    ASK,
    ASK,
    ASK,
    st.tuples(st.sampled_from(["restart", "crash", "sleep", "write", "drop all"])),
)


def spelled(value: Any) -> Any:
    """A value with the type of each part beside it, whatever it finds itself equal to."""
    if attrs.has(type(value)):
        fields = [(each.name, getattr(value, each.name)) for each in attrs.fields(type(value))]
        return type(value), [(name, spelled(part)) for name, part in fields]
    if isinstance(value, dict):
        return type(value), [(key, spelled(part)) for key, part in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [spelled(part) for part in value]
    return type(value), repr(value)


class Life:
    """One history, with snapshots every so many events or without, and all that was told of it."""

    def __init__(self, every: int) -> None:
        self.journal = Lasting()
        self.told: list[Any] = []
        self.resumed = 0
        self._every = every
        self._clock = ManualClock()
        self._open()

    def _open(self) -> None:
        self._stepped = Stepped(turn_size=10)
        self.system: ActorSystem = opened(
            self.journal, self._every, *KINDS, clock=self._clock, stepped=self._stepped
        )

    def live(self, step: Any) -> None:
        """One more step."""
        match step:
            case ("ask", (address, command), command_id):
                self._ask(address, command, command_id)
            case ("restart",):
                self.system.close()
                self._open()
            case ("crash",):
                self.system.abandon()
                self._open()
            case ("sleep",):
                self._count()
                for family in self.system.index:
                    family.fall_asleep()
            case ("write",):
                self._clock.advance(1)
                self._stepped.run_all()
            case ("drop all",):
                self.system.log.drop_snapshots()

    def _ask(self, address: str, command: Any, command_id: str | None) -> None:
        try:
            receipt = self.system.ref(address, registered=False).ask(
                command, id=command_id, by="bob", why="so"
            )
        except (RetoldError, ArithmeticError) as error:
            self.told.append((type(error), str(error)))
        else:
            events = spelled(receipt.events)
            self.told.append((receipt.version, receipt.position, events, spelled(receipt.state)))
        self._count()

    def _count(self) -> None:
        self.resumed += sum(each._actor.kept_version > 0 for each in self.system.refs())

    def stands(self) -> list[Any]:
        """Where every actor stands, and every row of the log."""
        actors = [self.system.actor(address) for address, _ in self.system.log.addresses()]
        for actor in actors:
            if actor.asleep:
                actor.wake()
        places = [(each.address, each.version, each.position) for each in actors]
        return [*places, *[spelled(each.state) for each in actors], *self.journal.scan()]


@given(st.lists(STEPS, max_size=40), st.integers(1, 4))
def test_nobody_can_tell_whether_there_are_snapshots(steps: list[Any], every: int) -> None:
    """Receipts, refusals, states, versions, positions and rows are the same, to the type."""
    with_snapshots, without = Life(every), Life(0)
    for step in steps:
        for life in (with_snapshots, without):
            life.live(step)
    assert with_snapshots.told == without.told
    for ending in ("sleep", "crash"):
        for life in (with_snapshots, without):
            life.live((ending,))
        assert with_snapshots.stands() == without.stands()
    event(f"resumed: {with_snapshots.resumed > 0}")
    for life in (with_snapshots, without):
        life.system.close()


def test_there_are_snapshots_in_some_of_these_lives() -> None:
    """States of every kind are kept and begun at again, or the test above would say nothing."""
    life = Life(2)
    for _ in range(3):
        for address, command in [
            ("total/a", add(1)), (FLOW, PersistState({"a": {"b": [1]}})),
            (LEGAL, OpenChannel({"x": [{}]})), (LEGAL, PatchChannel({"y": {"z": len(life.told)}})),
        ]:  # fmt: skip
            life.live(("ask", (address, command), None))
        life.live(("restart",))
    life.live(("ask", ("total/a", nothing()), None))
    life.live(("ask", (LEGAL, CloseChannel()), None))
    kept = [life.system.actor(address).kept_version for address in ("total/a", FLOW, LEGAL)]
    assert kept == [2, 4, 4]
    assert life.resumed >= 3
    assert not [each for each in life.told if each[0] is Rejected]
    life.system.close()
