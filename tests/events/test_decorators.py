"""What `@event`, `@command` and `@state` make of plain classes, and which names they take."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from retold import command, event, state
from retold.events.errors import NameTaken
from retold.events.names import EVENT_CLASSES, is_command, registered, wire_name


@event("decorated.moved.v1")
class Moved:
    """Something moved."""

    x: int
    y: int = 0


@command
class Move:
    """Move it."""

    x: int
    y: int = 0


@command("decorated.stop")
class Stop:
    """Stop it."""


@state
class Place:
    """Where it is."""

    x: int = 0
    y: int = 0

    def evolve(self, event: Any) -> Place:
        """The place after a move."""
        match event:
            case Moved(x, y):
                return Place(self.x + x, self.y + y)
        return self


@pytest.mark.parametrize(
    "value", [Moved(1), Move(1), Place(1)], ids=lambda value: type(value).__name__
)
def test_all_three_are_frozen(value: Any) -> None:
    """Setting a field, old or new, raises and changes nothing."""
    before = repr(value)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        value.x = 5
    with pytest.raises((attrs.exceptions.FrozenInstanceError, AttributeError)):
        value.other = 5
    assert repr(value) == before
    assert not hasattr(value, "__dict__")


def test_all_three_match_by_position() -> None:
    """`case Moved(x, y)` binds the fields in the order in which they were written."""
    for value in (Moved(1, 2), Move(1, 2), Place(1, 2)):
        match value:
            case Moved(x, y) | Move(x, y) | Place(x, y):
                assert (x, y) == (1, 2)
            case _:  # pragma: no cover - it is the failure
                pytest.fail(f"{value!r} did not match")


def test_values_are_equal_by_what_they_hold() -> None:
    """Two of one class with equal fields are equal and hash the same; two classes never are."""
    assert Moved(1, 2) == Moved(1, 2)
    assert hash(Moved(1, 2)) == hash(Moved(1, 2))
    assert Moved(1, 2) != Moved(2, 1)
    assert Moved(1, 2) != Move(1, 2)  # type: ignore[comparison-overlap]  # that is the question


def test_an_event_is_registered_under_its_name() -> None:
    """Name to class and class to name, one for one, sorted where all are listed."""
    assert wire_name(Moved) == "decorated.moved.v1"
    assert EVENT_CLASSES["decorated.moved.v1"] is Moved
    assert list(registered()) == sorted(EVENT_CLASSES)
    assert wire_name(Move) is None


def test_only_commands_are_commands() -> None:
    """With a name or without; events, states and anything else are none."""
    assert is_command(Move(1))
    assert is_command(Stop())
    assert not any(is_command(other) for other in (Moved(1), Place(), Move, "move", None))


@pytest.mark.parametrize(
    "name",
    [
        "", "moved", "moved.v1", "thing.moved", "thing.moved.v0", "thing.moved.v",
        "thing.moved.v01",
        "Thing.moved.v1", "thing.Moved.v1", "thing..v1", "thing.moved.v1 ", "thing.moved.v1\n",
        "thing-a.moved.v1", "1thing.moved.v1", "thing.moved.1", "retold.events.names:Moved",
    ],
)  # fmt: skip
def test_a_name_of_another_form_is_refused(name: str) -> None:
    """`NameTaken` with the name, and nothing is registered."""
    before = registered()
    with pytest.raises(NameTaken) as caught:
        event(name)
    assert caught.value.name == name
    assert registered() == before


@pytest.mark.parametrize("name", ["thing.moved.v1", "a.b_c.d.v12", "thing2.was_moved.v9"])
def test_a_name_of_the_form_is_taken(name: str) -> None:
    """Nouns of any depth, a verb, a version from 1."""
    assert callable(event(name))


def test_a_bare_decorator_is_refused() -> None:
    """`@event` without a name would have to invent one."""
    with pytest.raises(NameTaken):
        event(Moved)  # type: ignore[arg-type]  # that is the mistake


def test_a_name_has_one_class() -> None:
    """A second class under a name is refused, and the first one keeps it."""

    class Other:
        """Another class."""

    with pytest.raises(NameTaken, match="Moved holds it already"):
        event("decorated.moved.v1")(Other)
    assert EVENT_CLASSES["decorated.moved.v1"] is Moved
    assert wire_name(Other) is None


def test_the_same_class_again_takes_the_place_of_the_old() -> None:
    """A reloaded module or a notebook cell run twice goes on under the name."""

    def define() -> type:
        @event("decorated.redefined.v1")
        class Redefined:
            """Defined as often as it is called."""

        return Redefined

    first, second = define(), define()
    assert first is not second
    assert EVENT_CLASSES["decorated.redefined.v1"] is second


def test_options_go_to_attrs() -> None:
    """`@event(name, kw_only=True)` makes a class without positions."""

    @event("decorated.labelled.v1", kw_only=True)
    class Labelled:
        """A label."""

        text: str

    assert Labelled(text="a").text == "a"
    with pytest.raises(TypeError):
        Labelled("a")  # pyright: ignore[reportCallIssue] - it is what must not work
