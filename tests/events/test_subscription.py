"""Durable subscriptions: a name, a place that outlives its consumer, at least once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import Log
from retold.events import Append
from retold.events.errors import NoSuchSubscription, SubscriptionAhead, SubscriptionTaken
from retold.events.following.subscription import Subscription, SubscriptionStatus
from retold.events.log_errors import StorageFailed

from .test_follow import PATIENCE, Counted, write


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where a log is, or will be."""
    return f"sqlite:///{tmp_path / 'log.db'}"


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    """A log of five events."""
    with Log.open(url) as opened:
        write(opened, "thing/a", "thing/b", "other/c", "thing/a", "other/c")
        yield opened


def waiting(subscription: Subscription) -> list[int]:
    """The positions of what is there for it."""
    found: list[int] = []
    while (batch := subscription.read()) is not None:
        found += [each.position for each in batch.events]
    return found


def test_it_goes_on_behind_what_was_acknowledged(url: str, log: Log) -> None:
    """Opened again, in another process's log too, it begins after the last acknowledgement."""
    first = log.subscribe("mailer")
    assert waiting(first) == [1, 2, 3, 4, 5]
    first.ack(2)
    with Log.open(url, read_only=True) as elsewhere:
        again = elsewhere.subscribe("mailer")
        assert waiting(again) == [3, 4, 5]
        again.ack(4)
    assert waiting(log.subscribe("mailer")) == [5]


def test_what_was_not_acknowledged_comes_again(log: Log) -> None:
    """Handing out is not dealing with."""
    assert waiting(log.subscribe("mailer", after=3)) == [4, 5]
    assert waiting(log.subscribe("mailer")) == [4, 5]


def test_an_acknowledgement_does_not_go_back(log: Log) -> None:
    """A lower one than before changes nothing."""
    first = log.subscribe("mailer")
    first.ack(4)
    first.ack(1)
    assert waiting(log.subscribe("mailer")) == [5]


def test_what_is_not_in_the_log_is_not_acknowledged(log: Log) -> None:
    """A position beyond the end is refused, and so is an empty name; nothing moves."""
    subscription = log.subscribe("mailer")
    with pytest.raises(ValueError, match=r"position 6.*5"):
        subscription.ack(6)
    assert waiting(log.subscribe("mailer")) == [1, 2, 3, 4, 5]
    with pytest.raises(ValueError, match="name"):
        log.subscribe(" ")


def test_a_beginning_that_is_none_is_refused_and_spoils_nothing(log: Log) -> None:
    """Behind the end, no number, no kind: told at once, and the list of the others is readable."""
    subscribe: Any = log.subscribe
    with pytest.raises(ValueError, match=r"position 99.*5"):
        subscribe("mailer", after=99)
    for after in ("3", None, 2.5):
        with pytest.raises(TypeError, match="position"):
            subscribe("mailer", after=after)
    for kind in (5, ("thing",)):
        with pytest.raises(TypeError, match="kinds one by one"):
            subscribe("mailer", kind)
    with pytest.raises(ValueError, match="None"):
        subscribe(None)
    assert list(log.subscriptions) == []
    assert waiting(subscribe("mailer", after=-3)) == [1, 2, 3, 4, 5]
    assert [each.position for each in log.subscriptions] == [0]


def test_what_is_no_acknowledgement_is_refused(log: Log) -> None:
    """What is neither event nor position moves nothing."""
    subscription: Any = log.subscribe("mailer")
    for upto in (None, "3", 2.5, [1]):
        with pytest.raises(TypeError, match="ack takes"):
            subscription.ack(upto)
    assert [each.position for each in log.subscriptions] == [0]


def test_who_opens_it_has_it(log: Log) -> None:
    """The consumer before is told who took it, and acknowledges nothing more."""
    first = log.subscribe("mailer")
    assert waiting(first)
    second = log.subscribe("mailer")
    for use in (first.read, lambda: first.ack(3)):
        with pytest.raises(SubscriptionTaken, match=r"mailer.*process"):
            use()
    assert waiting(second) == [1, 2, 3, 4, 5]


def test_what_is_of_other_kinds_needs_no_acknowledgement(log: Log) -> None:
    """The place moves over it by itself, once everything before is acknowledged."""
    subscription = log.subscribe("mailer", "thing")
    assert waiting(subscription) == [1, 2, 4]
    subscription.ack(2)
    assert waiting(subscription) == []
    assert [each.position for each in log.subscriptions] == [2]
    subscription.ack(4)
    assert waiting(subscription) == []
    assert [each.position for each in log.subscriptions] == [5]


def test_they_are_listed_paused_resumed_and_removed(url: str, log: Log) -> None:
    """From any process: a paused one hands out nothing, a removed one is forgotten."""
    mailer, ledger = log.subscribe("mailer", "thing"), log.subscribe("ledger", after=2)
    with Log.open(url, read_only=True) as elsewhere:
        known = [attrs.evolve(each, holder="") for each in elsewhere.subscriptions]
        assert known == [
            SubscriptionStatus("ledger", (), position=2, lag=3, paused=False, holder=""),
            SubscriptionStatus("mailer", ("thing",), position=0, lag=5, paused=False, holder=""),
        ]
        elsewhere.subscriptions.pause("mailer")
        assert waiting(mailer) == []
        assert waiting(ledger) == [3, 4, 5]
        elsewhere.subscriptions.resume("mailer")
        assert waiting(mailer) == [1, 2, 4]
        elsewhere.subscriptions.remove("mailer")
    with pytest.raises(NoSuchSubscription, match="mailer"):
        mailer.ack(1)
    with pytest.raises(NoSuchSubscription, match="mailer"):
        log.subscriptions.pause("mailer")
    assert waiting(log.subscribe("mailer")) == [1, 2, 3, 4, 5]


def test_who_looks_makes_nothing(url: str, log: Log) -> None:
    """Listing where nothing is kept: none, in the writing log and in a reading one, and no file;
    nor does a name that nobody ever had make one."""
    with Log.open(url, read_only=True) as elsewhere:
        assert list(elsewhere.subscriptions) == list(log.subscriptions) == []
        for change in (elsewhere.subscriptions.pause, log.subscriptions.remove):
            with pytest.raises(NoSuchSubscription, match="mailer"):
                change("mailer")
    assert not Path(f"{log.path}-subscriptions").exists()


def test_a_paused_consumer_goes_on_when_it_is_resumed(log: Log) -> None:
    """It waits meanwhile, and needs no new event to notice."""
    subscription = log.subscribe("mailer")
    log.subscriptions.pause("mailer")
    found: list[int] = []
    done = threading.Event()

    def note() -> None:
        for each in subscription:
            found.append(each.position)
            subscription.ack(each)
            if each.position == 5:
                done.set()

    consumer = threading.Thread(target=note)
    consumer.start()
    assert not done.wait(0.3)
    assert found == []
    log.subscriptions.resume("mailer")
    assert done.wait(PATIENCE)
    subscription.close()
    consumer.join(PATIENCE)
    assert found == [1, 2, 3, 4, 5]


def test_a_place_behind_the_end_of_the_log_is_another_log_s(url: str, log: Log) -> None:
    """A log that was put back to an older state is not gone on with silently."""
    log.subscribe("mailer").ack(5)
    log.close()
    (path := Path(url.removeprefix("sqlite:///"))).unlink()
    with Log.open(url) as younger:
        write(younger, "thing/a")
        with pytest.raises(SubscriptionAhead, match=r"position 5.*ends at 1"):
            younger.subscribe("mailer")
        younger.subscriptions.remove("mailer")
        assert waiting(younger.subscribe("mailer")) == [1]
    assert path.exists()


def test_places_that_cannot_be_kept(log: Log, tmp_path: Path) -> None:
    """A file of places that is none is an error that names it, and left alone."""
    kept = tmp_path / "log.db-subscriptions"
    kept.write_text("not a database, but somebody's text" * 40)
    with pytest.raises(StorageFailed, match=r"log\.db-subscriptions"):
        log.subscribe("mailer")
    assert kept.read_text().startswith("not a database")


def test_a_place_that_cannot_be_kept_any_more_is_told_and_comes_again(
    log: Log,
) -> None:
    """A file that takes nothing: a typed error, and the event is handed out again."""
    subscription = log.subscribe("mailer")
    assert waiting(subscription)
    subscription.ack(1)
    file = log.subscriptions._file
    file._open().execute("PRAGMA query_only = ON")
    with pytest.raises(StorageFailed, match=r"log\.db-subscriptions"):
        subscription.ack(2)
    file._open().execute("PRAGMA query_only = OFF")
    assert waiting(log.subscribe("mailer")) == [2, 3, 4, 5]


def test_async_consumers(log: Log) -> None:
    """`async for`, acknowledged one by one."""

    async def consume() -> list[int]:
        subscription = log.subscribe("mailer")
        found: list[int] = []
        async for each in subscription:
            found.append(each.position)
            subscription.ack(each)
            if len(found) == 5:
                subscription.close()
        return found

    assert asyncio.run(consume()) == [1, 2, 3, 4, 5]
    assert waiting(log.subscribe("mailer")) == []


@given(st.lists(st.sampled_from(["write", "read", "ack", "again", "pause", "resume"]), max_size=40))
def test_any_course_of_things_delivers_all_in_order(course: list[str]) -> None:
    """Whatever happens between: each consumer gets the events in order, without a gap, from after
    the last acknowledgement; and everything in the end."""
    with Log.open("memory:") as log:
        subscription = log.subscribe("s")
        acknowledged, handed, count = 0, list[int](), 0
        for step in course:
            if step == "write":
                log.append(Append(f"thing/{count}", 0, (Counted(count),)))
                count += 1
            elif step == "read":
                handed += waiting(subscription)
                assert handed == list(range(acknowledged + 1, acknowledged + 1 + len(handed)))
            elif step == "ack" and handed:
                acknowledged = handed.pop(0)
                subscription.ack(acknowledged)
            elif step == "again":
                subscription, handed = log.subscribe("s"), []
            elif step in ("pause", "resume"):
                getattr(log.subscriptions, step)("s")
        log.subscriptions.resume("s")
        assert waiting(log.subscribe("s")) == list(range(acknowledged + 1, count + 1))
