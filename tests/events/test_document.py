"""Documents and their deltas: exact by type, never changed in place, in the terms of RFC 6902."""

from __future__ import annotations

import copy
import hashlib
import json
import pickle
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retold.events.document import (
    MISSING,
    Change,
    FrozenList,
    FrozenObject,
    apply,
    canonical,
    checksum,
    diff,
    differences,
    frozen,
    pointer,
)
from retold.events.errors import Unstorable

from .exactness import unordered

KEYS = st.sampled_from(["a", "b", "0", "-", "", "~", "/", "~1", "a/b", "ä"])
LEAVES = st.sampled_from([None, True, False, 0, 1, 0.0, -0.0, 1.0, "", "1", "a", 2**70, 1e300])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=5)


def patched(document: Any, changes: tuple[Change, ...]) -> Any:
    """RFC 6902 by its letter, on a mutable copy: an oracle that shares nothing with `apply`."""
    made = {"root": copy.deepcopy(document)}
    for change in changes:
        keys = [key.replace("~1", "/").replace("~0", "~") for key in change.path.split("/")][1:]
        node: Any = made
        for key, following in zip(["root", *keys], [*keys, None], strict=True):
            place: Any = key if isinstance(node, dict) else len(node) if key == "-" else int(key)
            if following is not None:
                node = node[place]
            elif change.op == "remove":
                del node[place]
            elif change.op == "add" and isinstance(node, list):
                node.insert(place, copy.deepcopy(change.value))
            else:
                node[place] = copy.deepcopy(change.value)
    return made["root"]


@settings(max_examples=500)
@given(VALUES, VALUES)
@example({"a": 1}, {"a": True})
@example({"a": [0.0]}, {"a": [-0.0]})
@example([1, 2, 3], [])
@example({"": {"": 1}}, {"": {"/": 1}})
def test_a_delta_makes_the_new_of_the_old(old: Any, new: Any) -> None:
    """Types included (1, 1.0, true; 0.0, -0.0); the old is left as it was; as RFC 6902 reads it."""
    before = unordered(old)
    changes = diff(old, new)
    assert unordered(apply(old, changes)) == unordered(new)
    assert unordered(patched(old, changes)) == unordered(new)
    assert unordered(old) == before


@settings(max_examples=200)
@given(VALUES)
def test_nothing_changed_is_no_delta(value: Any) -> None:
    """The same document, copied, differs by nothing; and a delta is empty only then."""
    assert diff(value, copy.deepcopy(value)) == ()


@settings(max_examples=300)
@given(VALUES, VALUES)
def test_a_delta_is_empty_only_between_equals(old: Any, new: Any) -> None:
    """No change goes unseen, whatever Python thinks of the two values."""
    assert (diff(old, new) == ()) == (unordered(old) == unordered(new))


@settings(max_examples=200)
@given(OBJECTS, OBJECTS)
def test_differences_show_both_values(old: Any, new: Any) -> None:
    """At each path of the delta what was there and what is there, `MISSING` for nothing."""
    for change, seen in zip(diff(old, new), differences(old, new), strict=True):
        assert seen.path == change.path
        assert (seen.old is MISSING) == (change.op == "add")
        assert (seen.new is MISSING) == (change.op == "remove")
        if change.op != "add":
            node = old
            for key in pointer(change.path):
                node = node[int(key)] if isinstance(node, list) else node[key]
            assert unordered(seen.old) == unordered(node)
        if change.op != "remove":
            assert unordered(seen.new) == unordered(change.value)


def test_a_delta_grows_with_what_changes() -> None:
    """One entry more in a list of a thousand is one change, not a new list."""
    old = {"log": list(range(1_000)), "same": {"x": 1}}
    assert diff(old, {**old, "log": [*old["log"], "new"]}) == (Change("add", "/log/-", "new"),)


def test_what_a_delta_does_not_touch_is_shared() -> None:
    """A new state costs what is new of it."""
    old = apply({}, diff({}, {"big": {"x": [1, 2]}, "n": 1}))
    assert apply(old, (Change("replace", "/n", 2),))["big"] is old["big"]


CHANGING: list[Any] = [
    lambda made: made.__setitem__("a", 1),
    lambda made: made.__delitem__("a"),
    lambda made: made.update(a=1),
    lambda made: made.pop("a"),
    lambda made: made.popitem(),
    lambda made: made.clear(),
    lambda made: made.setdefault("z", 1),
    lambda made: made.__ior__({"a": 1}),
    lambda made: made["list"].append(1),
    lambda made: made["list"].extend([1]),
    lambda made: made["list"].insert(0, 1),
    lambda made: made["list"].pop(),
    lambda made: made["list"].remove(1),
    lambda made: made["list"].clear(),
    lambda made: made["list"].sort(),
    lambda made: made["list"].reverse(),
    lambda made: made["list"].__setitem__(0, 5),
    lambda made: made["list"].__delitem__(0),
    lambda made: made["list"].__iadd__([1]),
    lambda made: made["list"].__imul__(2),
    lambda made: made["list"][1].__setitem__("deep", 1),
]


@pytest.mark.parametrize("change", CHANGING, ids=range(len(CHANGING)))
@pytest.mark.parametrize("how", ["frozen", "apply"])
def test_a_document_of_a_state_cannot_be_changed(change: Any, how: str) -> None:
    """TypeError at every way to change one, at every depth, and it is as it was."""
    given_value = {"a": 1, "list": [1, {"deep": 0}]}
    made = frozen(given_value) if how == "frozen" else apply({}, diff({}, given_value))
    with pytest.raises(TypeError, match="deepcopy"):
        change(made)
    assert made == given_value


@settings(max_examples=100)
@given(OBJECTS)
def test_a_frozen_document_is_as_good_as_a_plain_one(value: Any) -> None:
    """Equal to it, the same JSON, pickled it stays frozen; a deep copy is plain and can be
    changed.
    """
    made = frozen(value)
    assert made == value
    assert json.dumps(made) == json.dumps(value)
    assert canonical(made) == canonical(value)
    again = pickle.loads(pickle.dumps(made))
    assert type(again) is FrozenObject
    assert unordered(again) == unordered(value)
    plain = copy.deepcopy(made)
    assert _kinds(plain) <= {dict, list}
    plain["new"] = 1
    assert "new" not in made or made["new"] == value["new"]


def _kinds(value: Any) -> set[type]:
    """The types of all containers in a value."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    below = (_kinds(part) for part in parts)
    here = {type(value)} if isinstance(value, dict | list) else set()
    return here.union(*below)


def test_what_is_given_later_can_change_without_the_document() -> None:
    """A value that went in is apart from what its giver still holds."""
    given_value: dict[str, Any] = {"a": [1]}
    made = apply({}, (Change("add", "/x", given_value),))
    given_value["a"].append(2)
    assert made == {"x": {"a": [1]}}
    assert type(made["x"]["a"]) is FrozenList


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/x/y", {}), ("/a/b", {"a": 1}), ("/list/9", {"list": [1]}), ("/list/x", {"list": [1]}),
        ("/list/-1", {"list": [1]}), ("/list/٣x", {"list": [1]}), ("a", {}),
        ("/list/5/a", {"list": []}),
    ],
)  # fmt: skip
def test_a_path_that_leads_nowhere_is_refused(path: str, document: Any) -> None:
    """LookupError or ValueError, and the document is as it was."""
    before = copy.deepcopy(document)
    with pytest.raises((LookupError, ValueError)):
        apply(document, (Change("replace", path, 1),))
    with pytest.raises((LookupError, ValueError)):
        apply(document, (Change("remove", path),))
    assert document == before


@pytest.mark.parametrize("key", [1, None, True, (1,), b"a"])
def test_a_key_that_is_no_text_is_refused(key: Any) -> None:
    """JSON objects have text keys; a delta of others could not be stored."""
    with pytest.raises(Unstorable):
        diff({}, {key: 1})
    with pytest.raises(Unstorable):
        diff({key: 1}, {})


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("", []), ("/", [""]), ("/foo", ["foo"]), ("/foo/0", ["foo", "0"]), ("/a~1b", ["a/b"]),
        ("/c%d", ["c%d"]), ("/e^f", ["e^f"]), ("/g|h", ["g|h"]), ("/i\\j", ["i\\j"]),
        ('/k"l', ['k"l']), ("/ ", [" "]), ("/m~0n", ["m~n"]), ("/~01", ["~1"]),
    ],
)  # fmt: skip
def test_pointers_are_those_of_rfc_6901(path: str, keys: list[str]) -> None:
    """The examples of its section 5."""
    assert pointer(path) == keys


def test_a_checksum_is_over_the_canonical_json() -> None:
    """Keys in any order have one checksum, types and the sign of zero count."""
    assert canonical({"b": [1, 1.0, None], "a": "ä"}) == '{"a":"ä","b":[1,1.0,null]}'.encode()
    assert checksum({"a": 1, "b": 2}) == checksum({"b": 2, "a": 1})
    different = [{"a": value} for value in (1, 1.0, True, "1", 0.0, -0.0, None, [], {})]
    assert len({checksum(each) for each in different}) == len(different)
    spelt = b'{"a":1,"b":[true]}'
    assert checksum({"b": [True], "a": 1}) == hashlib.blake2b(spelt, digest_size=8).hexdigest()
