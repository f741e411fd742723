"""Sagas in whole systems: several actors, a clock that the test moves, turns that it chooses."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from retold import ActorSystem, Behaviour
from retold.actors import Send, Stepped
from retold.actors.saga import RetryCompensation, saga
from retold.events import ManualClock
from retold.events.saga import Saga

from .trips import (
    FLIGHT,
    HOTEL,
    INSURANCE,
    SECONDS,
    Cancel,
    Offer,
    Provider,
    Travel,
    changed,
    provider,
    trip,
)  # fmt: skip

PROVIDERS = ("flight", "hotel", "insurance")
ANN = Travel("ann")


class Town:
    """A system with three providers, stepped by hand."""

    def __init__(self, *places: int, seed: str = "", trips: Behaviour = trip) -> None:
        self.clock = ManualClock()
        choose = Random(seed).randrange if seed else lambda _: 0
        self.turns = Stepped(choose)
        self.system = ActorSystem.open(
            "memory:", provider, trips, dispatcher=self.turns, clock=self.clock, seed="seed"
        )
        for name, free in zip(PROVIDERS, places, strict=True):
            self.offer(name, free)

    def offer(self, name: str, places: int, *, final: bool = False, broken: bool = False) -> None:
        """Let a provider have so many places."""
        self.system.ref(f"provider/{name}").ask(Offer(places, final, broken))

    def travel(self, *, name: str = "1") -> Saga:
        """Begin Ann's trip, or see how it stands."""
        state: Saga = self.system.ref(f"trip/{name}").ask(ANN, by="ann", why="rest").state
        return state

    def finish(self) -> Saga:
        """Let everything happen that will, and see how the trip stands."""
        self.turns.run_all()
        return self.travel()

    @property
    def trails(self) -> list[str]:
        """What happened at each provider: `+` for Ann's booking, `-` for her cancelling."""
        states = [self.system.state(f"provider/{name}") for name in PROVIDERS]
        assert all(isinstance(state, Provider) for state in states)
        return ["".join(state.trail).replace("ann", "") for state in states]


@pytest.fixture
def towns() -> Iterator[list[Town]]:
    """The towns of a test, closed after it."""
    opened: list[Town] = []
    yield opened
    for town in opened:
        town.system.close()


def town(towns: list[Town], *places: int, seed: str = "", trips: Behaviour = trip) -> Town:
    """A new town."""
    towns.append(Town(*places, seed=seed, trips=trips))
    return towns[-1]


def test_a_saga_takes_its_steps_and_is_seen_on_its_way(towns: list[Town]) -> None:
    """It answers when it has begun; to begin it again says how it stands."""
    place = town(towns, 1, 1, 1)
    assert place.travel().status == "running"
    assert place.trails == ["", "", ""]
    seen = [place.travel().status]
    while place.turns.step():
        seen.append(place.system.state("trip/1").status)
    assert list(dict.fromkeys(seen)) == ["running", "completed"]
    assert place.trails == ["+", "+", "+"]
    assert place.travel().replies == {name: {"place": 1} for name in ("flight", "hotel")}


def test_what_a_saga_sends_is_by_whoever_began_it(towns: list[Town]) -> None:
    """Author and reason stand at every event it leads to, on both sides."""
    place = town(towns, 1, 1, 0)
    place.travel()
    place.finish()
    log = place.system.log
    told = [each for name in ("flight", "hotel") for each in log.read(f"provider/{name}", after=1)]
    assert [(each.by, each.why) for each in told] == [("ann", "Rome")] * 4
    assert {each.by for each in log.read("trip/1")} == {"ann"}


@pytest.mark.parametrize(
    ("places", "trails", "refused"),
    [
        ((0, 1, 1), ["", "", ""], "flight"),
        ((1, 0, 1), ["+-", "", ""], "hotel"),
        ((1, 1, 0), ["+-", "+-", ""], "insurance"),
    ],
)
def test_a_refusal_leaves_nothing_behind(
    towns: list[Town], places: tuple[int, ...], trails: list[str], refused: str
) -> None:
    """Whichever step is refused: what was taken before is given back, and the trip says why."""
    place = town(towns, *places)
    place.travel()
    state = place.finish()
    assert state.status == "compensated"
    assert place.trails == trails
    assert state.reasons == {refused: "no place (guest='ann')"}


@pytest.mark.parametrize("seed", ["", "a", "b", "c"])
@pytest.mark.parametrize("places", [(1, 1, 1), (1, 0, 1), (1, 1, 0)])
def test_whenever_time_runs_out_nothing_is_left_half_done(
    towns: list[Town], places: tuple[int, ...], seed: str
) -> None:
    """The deadline passes after any number of turns: all is booked, or all that was is given back.

    Sometimes nobody was asked yet, sometimes a booking comes late and is given back as well.
    """
    seen = set()
    for moment in range(60):
        place = town(towns, *places, seed=seed and f"{seed} {moment}")
        place.travel()
        for _ in range(moment):
            place.turns.step()
        place.clock.advance(SECONDS)
        state = place.finish()
        assert place.system.reactor is not None
        assert place.system.reactor.idle
        if state.status == "completed":
            assert place.trails == ["+", "+", "+"]
        else:
            assert state.status == "compensated"
            assert set(place.trails) <= {"", "+-"}
        late = "timed out" in state.reasons.values()
        seen.add((state.status, late, place.trails[1]))
    assert ("compensated", True, "+-") in seen or places[1] == 0
    assert ("compensated", True, "") in seen
    assert (("completed", False, "+") in seen) is (places == (1, 1, 1))


def back_from_hotel(saga: Saga) -> Send:
    """Cancelling without the number, which nobody has."""
    return Send("provider/hotel", Cancel(saga.command.guest, 0))


def hung(towns: list[Town]) -> Town:
    """A town whose hotel fails on everything, a trip that got as far, and a minute later."""
    place = town(towns, 1, 1, 1)
    place.offer("hotel", 1, broken=True)
    place.travel()
    for _ in range(SECONDS):
        place.turns.run_all()
        place.clock.advance(1)
    return place


def test_a_hung_provider_does_not_hold_up_the_way_back(towns: list[Town]) -> None:
    """At the deadline the flight is given back; the trip waits for what becomes of the hotel."""
    place = hung(towns)
    state = place.finish()
    assert state.status == "compensating"
    assert state.steps == {"flight": "compensated", "hotel": "timed out", "insurance": "waiting"}
    assert place.trails == ["+-", "", ""]
    (letter,) = place.system.letters.waiting()
    assert (letter.address, letter.by) == ("provider/hotel", "ann")


def test_a_late_effect_by_a_dead_letter_is_given_back(towns: list[Town]) -> None:
    """Somebody mends the hotel and retries the letter: Ann is booked, and at once is not."""
    place = hung(towns)
    place.offer("hotel", 1)
    (letter,) = place.system.letters.waiting()
    place.system.letters.retry(letter.id)
    assert place.finish().status == "compensated"
    assert place.trails == ["+-", "+-", ""]


def test_a_dead_letter_that_is_dropped_counts_as_refused(towns: list[Town]) -> None:
    """Then the trip knows, and ends."""
    place = hung(towns)
    (letter,) = place.system.letters.waiting()
    place.system.letters.drop(letter.id)
    state = place.finish()
    assert state.status == "compensated"
    assert state.steps["hotel"] == "refused"
    assert "dropped" in state.reasons["hotel"]


def stuck(towns: list[Town]) -> Town:
    """A town whose hotel is full and whose flight is final, and a trip that is stuck there."""
    place = town(towns, 1, 0, 1)
    place.offer("flight", 1, final=True)
    place.travel()
    assert place.finish().status == "stuck"
    assert place.trails == ["+", "", ""]
    return place


def test_an_effect_that_stays_is_a_dead_letter_and_is_reported(
    towns: list[Town], caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever looks there finds which trip is stuck, at what, and why; the log says so as well."""
    place = stuck(towns)
    (letter,) = place.system.letters.waiting()
    assert (letter.address, letter.by) == ("trip/1", "ann")
    assert letter.error == "flight is not undone: final (guest='ann')"
    assert "trip/1 is stuck: flight is not undone: final" in caplog.text


def test_a_stuck_saga_goes_on_when_its_letter_is_retried(towns: list[Town]) -> None:
    """The airline gives way: the rest is undone. While it does not, there is another letter."""
    place = stuck(towns)
    (first,) = place.system.letters.waiting()
    place.system.letters.retry(first.id)
    assert place.finish().status == "stuck"
    (second,) = place.system.letters.waiting()
    assert second.id != first.id
    place.offer("flight", 0)
    place.system.letters.retry(second.id)
    assert place.finish().status == "compensated"
    assert place.trails == ["+-", "", ""]
    assert place.system.letters.waiting() == []


def test_a_stuck_saga_can_be_told_to_try_again(towns: list[Town]) -> None:
    """By a command, without the letter."""
    place = stuck(towns)
    place.offer("flight", 0)
    place.system.ref("trip/1").ask(RetryCompensation())
    assert place.finish().status == "compensated"
    place.system.letters.drop(place.system.letters.waiting()[0].id)


def test_a_reply_that_is_no_json_takes_the_saga_back(towns: list[Town]) -> None:
    """The step was taken, so it is undone; the saga does not hang."""
    strange = changed(HOTEL, reply=lambda receipt: object(), compensate=back_from_hotel)
    place = town(towns, 1, 1, 1, trips=saga("trip", Travel, FLIGHT, strange, INSURANCE))
    place.travel()
    state = place.finish()
    assert state.status == "compensated"
    assert "hotel" in state.reasons
    assert place.trails == ["+-", "+-", ""]


def test_sagas_beside_each_other_share_what_there_is(towns: list[Town]) -> None:
    """Ten trips want three flights, two hotels and one insurance: one is whole, the others gone."""
    place = town(towns, 3, 2, 1, seed="ten")
    refs = [place.system.ref(f"trip/{number}") for number in range(10)]
    for number, ref in enumerate(refs):
        ref.ask(Travel(f"guest {number}"))
    place.turns.run_all()
    ends = [place.system.state(ref.address).status for ref in refs]
    assert sorted(set(ends)) == ["compensated", "completed"]
    whole = [f"guest {number}" for number, end in enumerate(ends) if end == "completed"]
    assert len(whole) == 1
    for name in PROVIDERS:
        assert list(place.system.state(f"provider/{name}").guests) == whole
