"""Chains of any length, of any steps, registered in any order, are their functions one by one."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from retold import event
from retold.events.codec import Codec
from retold.events.upcast import UPCASTERS, chain, upcast

from .things import DOCUMENTS, TEXT
from .upcasting import row

Data = dict[str, Any]
Step = Callable[[Data], Data]

MOST = 6
SEEN: set[int] = set()
"""The lengths of the chains that were drawn."""


def last_version(length: int) -> type:
    """The class that a chain of so many steps leads to: a version of its own noun."""

    class Moved:
        what: Any

    return event(f"drawn_{length}.moved.v{length + 1}")(Moved)


CLASSES = [last_version(length) for length in range(MOST + 1)]


def renamed(old: str, new: str) -> Step:
    """A key under another name."""
    return lambda what: {new if key == old else key: value for key, value in what.items()}


def added(key: str, value: Any) -> Step:
    """One more key, in the very dict that was given."""

    def add(what: Data) -> Data:
        what.setdefault(key, copy.deepcopy(value))
        return what

    return add


def dropped(key: str) -> Step:
    """One key less."""
    return lambda what: {each: value for each, value in what.items() if each != key}


def nested(key: str) -> Step:
    """All of it under a key, beside how much it was."""
    return lambda what: {key: what, "size": len(what)}


def spelled(key: str) -> Step:
    """A value as its JSON, where it is there."""
    return lambda what: {**what, **({key: json.dumps(what[key])} if key in what else {})}


KEYS = st.sampled_from("abc") | TEXT
STEPS = st.one_of(
    st.builds(renamed, KEYS, KEYS),
    st.builds(added, KEYS, DOCUMENTS),
    st.builds(dropped, KEYS),
    st.builds(nested, KEYS),
    st.builds(spelled, KEYS),
)


def register(length: int, place: int, step: Step) -> None:
    """Make a step the upcaster from one version of a noun to the next."""

    @upcast(f"drawn_{length}.moved.v{place + 1}")
    def moved(data: Data) -> Data:
        return {"what": step(data["what"])}


@given(
    st.lists(STEPS, max_size=MOST),
    st.dictionaries(KEYS, DOCUMENTS, max_size=4),
    st.randoms(use_true_random=False),
)
def test_a_chain_is_its_functions_one_by_one(steps: list[Step], what: Data, order: Any) -> None:
    """From every version on, whichever was registered first; and bare events are the same."""
    length = len(steps)
    SEEN.add(length)
    places = list(range(length))
    order.shuffle(places)
    for place in places:
        register(length, place, steps[place])
    codec = Codec()
    for begin in range(length + 1):
        expected = copy.deepcopy(what)
        for step in steps[begin:]:
            expected = step(expected)
        stored = row(f"drawn_{length}.moved.v{begin + 1}", json.dumps({"what": what}))
        by_hand = row(f"drawn_{length}.moved.v{length + 1}", json.dumps({"what": expected}))
        found = codec.decode(*stored)
        assert found == Codec().decode(*by_hand)
        assert found.data == CLASSES[length](expected)
        assert json.dumps(found.data.what) == json.dumps(expected)
        assert list(codec.events([stored, by_hand, stored])) == [found.data] * 3
        assert len(chain(stored[3])) == length - begin


def test_long_chains_were_drawn() -> None:
    """The property above was tried on more than short ones."""
    test_a_chain_is_its_functions_one_by_one()
    assert {0, 1, 3} <= SEEN
    assert max(SEEN) >= 4
    assert len(UPCASTERS) >= 5
