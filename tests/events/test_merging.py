"""Merging: RFC 7396 by its appendix, the four strategies by oracles of their own."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retold.events.document import merge_patch
from retold.events.merging import STRATEGIES, Conflict, conflicts, merge

from .exactness import unordered

RFC_7396: list[tuple[str, str, str]] = [
    ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
    ('{"a":"b"}', '{"a":null}', "{}"),
    ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
    ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
    ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
    ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
    ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
    ('["a","b"]', '["c","d"]', '["c","d"]'),
    ('{"a":"b"}', '["c"]', '["c"]'),
    ('{"a":"foo"}', "null", "null"),
    ('{"a":"foo"}', '"bar"', '"bar"'),
    ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
    ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
    ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
]

KEYS = st.sampled_from("abc/~")
LEAVES = st.sampled_from([None, True, 1, 1.0, 0.0, -0.0, "x", "y"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=4)


@pytest.mark.parametrize(("document", "patch", "result"), RFC_7396)
def test_merge_patch_is_that_of_rfc_7396(document: str, patch: str, result: str) -> None:
    """Every row of its appendix A; the document and the patch are left as they were."""
    target, given_patch = json.loads(document), json.loads(patch)
    assert unordered(merge_patch(target, given_patch)) == unordered(json.loads(result))
    assert (target, given_patch) == (json.loads(document), json.loads(patch))


def leaves(value: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Everything in a document that is no object with keys, by its path."""
    if isinstance(value, dict) and value:
        return {at: leaf for key in value for at, leaf in leaves(value[key], (*path, key)).items()}
    return {path: value}


def built(found: dict[tuple[str, ...], Any]) -> Any:
    """The document that holds these leaves."""
    made: dict[str, Any] = {}
    for path, leaf in found.items():
        node = made
        for key in path[:-1]:
            node = node.setdefault(key, {})
        if path:
            node[path[-1]] = leaf
    return made


def combined(source: Any, target: Any) -> Any:
    """`combine` by leaves: the source's, and those of the target that no leaf of it covers.

    An empty object of the source covers what is no object in the target, and nothing else.
    """
    mine = leaves(source)
    kept = {}
    for path, leaf in leaves(target).items():
        above = [path[:length] for length in range(1, len(path) + 1)]
        covered = any(mine.get(at, {}) != {} or (at in mine and mine[at] is None) for at in above)
        below = any(at[: len(path)] == path for at in mine)
        empty_on_empty = leaf == {} and isinstance(leaf, dict) and mine.get(path) == {}
        if not covered and (not below or empty_on_empty):
            kept[path] = leaf
    winners = {
        path: leaf
        for path, leaf in mine.items()
        if not (
            leaf == {} and isinstance(leaf, dict) and any(at[: len(path)] == path for at in kept)
        )
    }
    return built({**kept, **winners})


@settings(max_examples=500)
@given(OBJECTS, OBJECTS)
def test_combine_is_the_union_of_leaves(source: Any, target: Any) -> None:
    """Objects merge all the way down, the source's leaf stands, lists are leaves."""
    assert unordered(merge("combine", source, target)) == unordered(combined(source, target))


@settings(max_examples=200)
@given(OBJECTS, OBJECTS)
def test_one_side_wins_at_the_top(source: Any, target: Any) -> None:
    """Each key's whole value is the winner's where both have one, else whoever has it."""
    for strategy, first, second in (
        ("source_wins", source, target),
        ("target_wins", target, source),
    ):
        made = merge(strategy, source, target)  # type: ignore[arg-type]  # one of the strategies
        assert set(made) == set(source) | set(target)
        for key, value in made.items():
            assert value is (first[key] if key in first else second[key])


@settings(max_examples=200)
@given(OBJECTS, OBJECTS, st.sampled_from(["source_wins", "target_wins", "combine"]))
def test_a_merge_changes_neither_side(source: Any, target: Any, strategy: Any) -> None:
    """Both documents are as they were; merging a document into itself is that document."""
    before = copy.deepcopy((source, target))
    merge(strategy, source, target)
    conflicts(source, target, {})
    assert unordered([source, target]) == unordered(list(before))
    assert unordered(merge(strategy, source, copy.deepcopy(source))) == unordered(source)


@settings(max_examples=300)
@given(OBJECTS, OBJECTS, st.sampled_from(["source_wins", "target_wins", "combine"]))
def test_conflicts_are_where_both_have_a_value_and_differ(
    source: Any, target: Any, strategy: Any
) -> None:
    """Found by walking both; the winner is whose value stands in the result at that path."""
    made = merge(strategy, source, target)
    expected = []
    for path in paths(source):
        mine, theirs = at(source, path), at(target, path)
        both_objects = isinstance(mine, dict) and isinstance(theirs, dict)
        above = [path[:length] for length in range(1, len(path))]
        reached = all(
            isinstance(at(side, each), dict) for side in (source, target) for each in above
        )
        comparable = theirs is not NOTHING and reached and not both_objects
        if comparable and unordered(mine) != unordered(theirs):
            stands = unordered(at(made, path))
            sides = {"source": unordered(mine), "target": unordered(theirs)}
            winner = next((side for side in sides if sides[side] == stands), "neither")
            expected.append((escaped(path), winner))
    found = conflicts(source, target, made)
    assert sorted((each.path, each.winner) for each in found) == sorted(expected)
    for each in found:
        keys = [part.replace("~1", "/").replace("~0", "~") for part in each.path.split("/")][1:]
        assert unordered(each.source) == unordered(at(source, keys))
        assert unordered(each.target) == unordered(at(target, keys))


NOTHING = object()


def at(value: Any, path: Any) -> Any:
    """What stands at a path, `NOTHING` where it leads nowhere."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return NOTHING
        value = value[key]
    return value


def paths(value: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every path into a document, objects between included."""
    if not isinstance(value, dict):
        return []
    return [
        each for key, part in value.items() for each in ((*above, key), *paths(part, (*above, key)))
    ]


def escaped(path: Any) -> str:
    """A path as RFC 6901 writes it."""
    return "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in path)


def test_a_custom_merge_decides_by_itself() -> None:
    """It gets both documents, and a winner is told by what stands."""
    made = merge(
        "custom", {"a": 1}, {"a": 2}, lambda source, target: {"a": source["a"] + target["a"]}
    )
    assert made == {"a": 3}
    assert conflicts({"a": 1}, {"a": 2}, made) == (Conflict("/a", 1, 2, "neither"),)
    assert conflicts({"a": 1}, {"a": 2}, {}) == (Conflict("/a", 1, 2, "neither"),)


def test_a_strategy_that_is_none_is_refused() -> None:
    """By its name, with those that there are; a custom merge needs its function."""
    assert set(STRATEGIES) == {"source_wins", "target_wins", "combine", "custom"}
    for strategy in ("newest", "custom", ""):
        with pytest.raises(ValueError, match="there are"):
            merge(strategy, {}, {})  # type: ignore[arg-type]  # that is the mistake
