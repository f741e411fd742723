"""Commands in parcels: what is sealed comes back equal, or is refused by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from retold import command, event
from retold.events.codec import Codec
from retold.events.errors import UnknownCommand, Unstorable
from retold.events.parcel import Parcel, seal, unseal


@command("parcels.pay")
class Pay:
    """A command of many kinds of fields."""

    to: str
    amount: Decimal
    tags: frozenset[str] = frozenset()
    weights: tuple[float, ...] = ()


@command("parcels.note")
class Note:
    """A command that is defined again by a test."""

    text: str


NOTE = {"__module__": __name__, "__qualname__": "Note"}
MORE = {"text": str, "more": int}


NO_TEXT: Any = b"x"


@event("parcels.sent.v1")
class Sent:
    """A parcel in an event."""

    parcel: Parcel


@pytest.mark.parametrize(
    ("sent", "data"),
    [
        (
            Pay("bob", Decimal("1.50")),
            {"to": "bob", "amount": "1.50", "tags": [], "weights": []},
        ),
        (
            Pay("ü", Decimal(-3), frozenset("ba"), (0.5, 1e300)),
            {"to": "ü", "amount": "-3", "tags": ["a", "b"], "weights": [0.5, 1e300]},
        ),
    ],
)
def test_a_sealed_command_comes_back_equal(sent: Pay, data: dict[str, Any]) -> None:
    """Its parcel is readable JSON under its wire name, and may stand in an event."""
    parcel = seal(sent)
    assert parcel == Parcel("parcels.pay", data)
    assert unseal(parcel) == sent
    stored = Codec().encode(Sent(parcel), "", "", "")[2]
    assert unseal(stored.parcel) == sent


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (Pay("bob", Decimal(1), frozenset(), (float("nan"),)), "weights"),
        (Pay(NO_TEXT, Decimal(1)), "to"),
        (Pay("bob", Decimal(1), frozenset({NO_TEXT})), "tags"),
    ],
)
def test_what_would_not_come_back_equal_is_not_sealed(sent: Pay, field: str) -> None:
    """The error names the command and the field."""
    with pytest.raises(Unstorable, match=r"parcels\.pay") as raised:
        seal(sent)
    assert raised.value.field.startswith(field)


@pytest.mark.parametrize(
    ("parcel", "match"),
    [
        (Parcel("parcels.gone", {}), "no such @command"),
        (Parcel("parcels.pay", {"to": "bob"}), "other fields"),
        (Parcel("parcels.pay", {"to": "bob", "amount": "1", "coin": "x"}), "no field 'coin' now"),
    ],
)
def test_a_parcel_of_another_day_is_not_guessed_at(parcel: Parcel, match: str) -> None:
    """A class that is gone or has other fields now is named; nothing is dropped or made up."""
    with pytest.raises(UnknownCommand, match=match):
        unseal(parcel)


def test_a_class_defined_again_takes_the_place_of_the_old() -> None:
    """As when a module is loaded anew: parcels are opened by the class that is known now."""
    parcel = seal(Note("x"))
    assert unseal(parcel) == Note("x")
    again = command("parcels.note")(type("Note", (), dict(NOTE, more=0, __annotations__=MORE)))
    assert unseal(parcel) == again("x", 0)
    assert unseal(parcel) != Note("x")
