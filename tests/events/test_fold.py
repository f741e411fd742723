"""Fold: what events add up to, one by one or by a state's own builder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
import pytest

from retold import state
from retold.events import fold
from retold.events.channel import SENDERS, Channel, EntryAppended, Opened
from retold.events.errors import BadFold


@state
class Words:
    """Words in their order."""

    words: tuple[str, ...] = ()

    def evolve(self, event: str) -> Words:
        """One word more."""
        return Words((*self.words, event))


@attrs.frozen
class Quick:
    """The same, gathered in a list while they come."""

    words: tuple[str, ...] = ()

    def evolve(self, event: str) -> Quick:
        """Never called by `fold`."""
        raise AssertionError(event)

    def fold(self, events: Iterable[str]) -> Quick:
        """All words at once."""
        return Quick((*self.words, *events))


def test_a_fold_goes_through_events_in_order() -> None:
    """From the state given, one by one; of no events it is that state."""
    assert fold(Words(("a",)), iter("bc")) == Words(("a", "b", "c"))
    start = Words()
    assert fold(start, ()) is start


def test_a_state_may_bring_its_own_fold() -> None:
    """It is used instead of `evolve`."""
    assert fold(Quick(("a",)), iter("bc")) == Quick(("a", "b", "c"))


def test_a_state_that_says_nothing_is_an_error() -> None:
    """`BadFold` names the state and the event for which `evolve` gave None."""

    @state
    class Gone:
        """It forgets to return."""

        def evolve(self, event: Any) -> Any:
            """Nothing."""

    with pytest.raises(BadFold) as caught:
        fold(Gone(), ["x"])
    assert caught.value.event == "x"
    assert caught.value.state.endswith("Gone")


def test_a_channel_remembers_its_latest_senders() -> None:
    """As many as it says, the one that was silent longest goes first, a number is its last one."""
    entries = [EntryAppended(n, f"s{n}", b"", "data", 7) for n in range(1, SENDERS + 3)]
    entries.append(EntryAppended(len(entries) + 1, "s4", b"", "data", 8))
    entries.append(EntryAppended(len(entries) + 1, "s3", b"", "data", 0))
    for name in ("new", "newer"):
        entries.append(EntryAppended(len(entries) + 1, name, b"", "data", 1))
    found = fold(Channel(), [Opened({}), *entries])
    assert len(found.senders) == SENDERS
    assert [name in found.senders for name in ("s2", "s3", "s4", "s5", "s6")] == [
        False, False, True, False, True,
    ]  # fmt: skip
    assert found.senders["s4"] == 8
    assert found.entries == SENDERS + 6
