"""Rows as applications of the library make them: ids, topics, times and values of many kinds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import (
    DatetimeAsISO,
    InfrastructureFactory,
    JSONTranscoder,
    StoredEvent,
    Transcoding,
    UUIDAsHex,
)

from retold import Behaviour, event, retell, state
from retold.events.inherited import Inherited, OldAggregate
from retold.events.log import Append, Log
from retold.events.log_errors import NotInherited, Undecodable, UnknownTopic

from . import bank

MOMENT = datetime(2019, 5, 1, tzinfo=UTC)


class Money:
    """A value of an application's own."""

    def __init__(self, amount: int, currency: str) -> None:
        self.amount = amount
        self.currency = currency


class MoneyAsText(Transcoding):
    """How that application stored it."""

    type = Money
    name = "money"

    def encode(self, obj: Money) -> str:
        """Amount and currency."""
        return f"{obj.amount} {obj.currency}"

    def decode(self, data: str) -> Money:
        """Both of them."""
        amount, currency = data.split()
        return Money(int(amount), currency)


@event("thing.noted.v1")
class Noted:
    """Something was noted."""

    text: str


@state
class Notes:
    """What was noted."""

    texts: tuple[str, ...] = ()

    def evolve(self, event: Any) -> Notes:
        """One more."""
        return Notes((*self.texts, event.text))


THING = OldAggregate("app:Thing", kind="thing", events={"Noted": Noted})
OTHER = OldAggregate("app:Other", kind="other", events={"app:Thing.Noted": Noted})
thing = Behaviour("thing", Notes(), lambda *_: ())


def _store(settings: dict[str, str], *rows: tuple[UUID | str, int, str, dict[str, Any]]) -> None:
    """Store events as the library does, whatever class they were of."""
    factory: InfrastructureFactory[Any] = InfrastructureFactory.construct(env=settings)
    transcoder = JSONTranscoder()
    for each in (UUIDAsHex(), DatetimeAsISO(), MoneyAsText()):
        transcoder.register(each)
    with factory:
        factory.application_recorder().insert_events(
            [
                StoredEvent(each, v, topic, transcoder.encode(fields))
                for each, v, topic, fields in rows
            ]
        )


def _read(settings: dict[str, str], *aggregates: OldAggregate, **more: Any) -> list[Any]:
    with Log.open(Inherited(aggregates, settings=settings, **more), read_only=True) as log:
        return list(log.scan())


NOTED: dict[str, Any] = {"timestamp": MOMENT, "text": "a"}


@pytest.mark.parametrize(
    ("old", "now"),
    [("bob", "thing/bob"), ("Ö 1", "thing/%C3%96%201"), ("thing/bob", "thing/bob"),
     ("other/5", "thing/other%2F5"), ("thing/a/thing/b", "thing/thing%2Fa%2Fthing%2Fb"),
     ("0" * 32, f"thing/{'0' * 32}")],
)  # fmt: skip
def test_a_text_id_is_the_name_of_the_actor(tmp_path: Path, old: str, now: str) -> None:
    """A text id is percent-encoded after its kind; one that is such an address stays as it is."""
    settings = bank.settings(tmp_path, ORIGINATOR_ID_TYPE="text")
    _store(settings, (old, 1, "app:Thing.Noted", NOTED))
    database = Inherited([THING], settings=settings)
    with Log.open(database) as log:
        log.append(Append(now, 1, (Noted("b"),)))
        assert list(log.addresses()) == [(now, 2)]
    assert retell(database, now, behaviour=thing) == Notes(("a", "b"))


def test_a_new_actor_never_mixes_with_an_old_one_of_its_text(tmp_path: Path) -> None:
    """An address whose text is an old id of another kind is refused, and nothing is stored."""
    settings = bank.settings(tmp_path, ORIGINATOR_ID_TYPE="text")
    _store(settings, ("other/5", 1, "app:Thing.Noted", NOTED))
    with Log.open(Inherited([THING], settings=settings)) as log:
        with pytest.raises(NotInherited, match="other/5 is there already, as thing/other%2F5"):
            log.append(Append("other/5", 0, (Noted("b"),)))
        assert log.last_position() == 1


def test_a_topic_of_two_kinds_goes_by_the_topic_of_the_originator(tmp_path: Path) -> None:
    """Where two aggregates share an event class, the first event says which of them it is."""
    settings = bank.settings(tmp_path)
    one, two, three = (UUID(int=n) for n in (1, 2, 3))
    began: dict[str, Any] = {**NOTED, "originator_topic": "app:Thing"}
    rows = [(one, 1, "app:Thing.Noted", began), (one, 2, "app:Thing.Noted", NOTED)]
    _store(settings, *rows, (two, 1, "app:Thing.Noted", {**began, "originator_topic": "app:Other"}))
    found = [(each.address, each.version) for each in _read(settings, THING, OTHER)]
    assert found == [(f"thing/{one}", 1), (f"thing/{one}", 2), (f"other/{two}", 1)]
    _store(settings, (three, 1, "app:Thing.Noted", NOTED))
    with pytest.raises(UnknownTopic, match=three.hex):
        _read(settings, THING, OTHER)


def test_a_topic_that_looks_like_a_wire_name_is_told_from_one(tmp_path: Path) -> None:
    """An explicit topic may even be the wire name that its events have now."""
    settings = bank.settings(tmp_path)
    aggregate = OldAggregate("thing", kind="thing", events={"thing.noted.v1": Noted})
    _store(settings, (UUID(int=1), 1, "thing.noted.v1", NOTED))
    database = Inherited([aggregate], settings=settings)
    with Log.open(database) as log:
        log.append(Append(f"thing/{UUID(int=1)}", 1, (Noted("b"),)))
        log.append(Append("thing/new", 0, (Noted("c"),)))
    with Log.open(database) as log:
        assert [each.event.text for each in log.scan()] == ["a", "b", "c"]
        assert list(log.addresses()) == [(f"thing/{UUID(int=1)}", 2), ("thing/new", 1)]
    with pytest.raises(UnknownTopic):
        _read(settings, THING)


def test_events_without_a_time_have_that_of_the_one_before(tmp_path: Path) -> None:
    """A missing time is the last one known, a text is read, one without a zone is in UTC."""
    settings = bank.settings(tmp_path)
    times: list[dict[str, Any]] = [
        {},
        {"timestamp": MOMENT},
        {},
        {"timestamp": (MOMENT + timedelta(1)).isoformat()},
        {"timestamp": datetime(2019, 5, 3)},
    ]
    rows = [
        (UUID(int=1), version, "app:Thing.Noted", {"text": "a", **each})
        for version, each in enumerate(times, 1)
    ]
    _store(settings, *rows)
    found = _read(settings, THING)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    days = [epoch, MOMENT, MOMENT, MOMENT + timedelta(1), MOMENT + timedelta(2)]
    assert [each.recorded_at for each in found] == days
    assert [each.happened_at for each in found] == days


def test_values_of_the_application_are_decoded_by_its_transcodings(tmp_path: Path) -> None:
    """What it registered beyond the library's own is registered here, and functions get objects."""
    settings = bank.settings(tmp_path)
    aggregate = OldAggregate(
        "app:Thing", kind="thing", events={"Paid": lambda old: Noted(old["sum"].currency)}
    )
    _store(settings, (UUID(int=1), 1, "app:Thing.Paid", {"sum": Money(5, "EUR")}))
    [found] = _read(settings, aggregate, transcodings=[MoneyAsText()])
    assert found.event == Noted("EUR")
    with pytest.raises(Undecodable, match="money"):
        _read(settings, aggregate)


def test_an_older_version_of_an_event_class_is_told_to_the_function(tmp_path: Path) -> None:
    """The library's class_version stands among the old fields, for functions that need it."""
    settings = bank.settings(tmp_path)
    aggregate = OldAggregate(
        "app:Thing",
        kind="thing",
        events={"Noted": lambda old: Noted(f"{old.get('class_version', 1)}{old['text']}")},
    )
    rows = [
        (UUID(int=1), 1, "app:Thing.Noted", NOTED),
        (UUID(int=1), 2, "app:Thing.Noted", {**NOTED, "class_version": 2}),
    ]
    _store(settings, *rows)
    assert [each.event.text for each in _read(settings, aggregate)] == ["1a", "2a"]


def test_the_settings_of_a_named_application_are_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings may carry the name of the application, and may stand in the environment."""
    settings = bank.settings(tmp_path)
    _store(settings, (UUID(int=1), 1, "app:Thing.Noted", NOTED))
    for key, value in settings.items():
        monkeypatch.setenv(f"BANK_{key}", value)
    monkeypatch.setenv("BANK_CREATE_TABLE", "yes")
    with Log.open(Inherited([THING], application="Bank")) as log:
        log.append(Append("thing/new", 0, (Noted("b"),)))
        assert log.last_position() == 2
