"""The standard projections beside the folds of the same name, over one log."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold.events.document import Change, apply, diff
from retold.projections import audit as audit_fold
from retold.projections import state_versions
from retold.projections.merged import merged as merged_fold
from retold.projections.runner import Projections
from retold.projections.standard import (
    STANDARD,
    document_from,
    entries_of,
    snapshots_of,
    trail,
    version_of,
    versions_of,
)
from retold.projections.standard.documents import LEAST, document_at
from retold.projections.standard.in_place import change_in_place, changes_of, encode

from .approvals import WORKFLOW, approval
from .diary import ROOTS
from .documents import some_document, spelt
from .test_standard_views import diary_of


def test_views_equal_their_folds() -> None:
    """Versions, entries and lines are the same values, read from the view or from the log."""
    with diary_of(11) as diary:
        diary.go_on(200)
        with Projections(diary.log, *STANDARD, threads=False) as views:
            views.catch_up()
            for root in ROOTS:
                with views.view("versions") as db:
                    assert list(versions_of(db, root)) == list(state_versions(diary.log.read(root)))
                with views.view("merged") as db:
                    assert list(entries_of(db, root)) == list(merged_fold(diary.log, root))
            with views.view("audit") as db:
                assert list(trail(db)) == list(audit_fold(diary.log.scan()))


def test_views_equal_their_folds_over_an_approval() -> None:
    """A log that was written event by event, with times that others gave."""
    log = approval()
    with Projections(log, *STANDARD, threads=False) as views:
        views.catch_up()
        with views.view("versions") as db:
            assert list(versions_of(db, WORKFLOW)) == list(state_versions(log.read(WORKFLOW)))
        with views.view("merged") as db:
            assert list(entries_of(db, WORKFLOW)) == list(merged_fold(log, WORKFLOW))
        with views.view("audit") as db:
            assert list(trail(db)) == list(audit_fold(log.scan()))


@pytest.mark.parametrize("seed", range(3))
def test_any_version_is_found_alone(seed: int) -> None:
    """Alone, as a range, or as a document from the nearest whole one, it is that of all of them."""
    with diary_of(seed) as diary:
        diary.go_on(200)
        with Projections(diary.log, *STANDARD, threads=False) as views:
            views.catch_up()
            with views.view("versions") as db, views.view("snapshots") as whole:
                for root in ROOTS:
                    every = list(versions_of(db, root))
                    for each in every:
                        assert version_of(db, root, each.version) == each
                        found = document_from(whole, diary.log, root, each.version)
                        assert spelt(found) == spelt(each.document)
                    assert version_of(db, root, len(every) + 1) is None
                    assert version_of(db, root, 0) is None
                    middle = len(every) // 2
                    assert list(versions_of(db, root, middle, middle + 3)) == every[middle:][:3]
                    assert list(versions_of(db, root, middle)) == every[middle:]
                assert not list(versions_of(db, "workflow/none"))
                assert document_from(whole, diary.log, "workflow/none", 3) == {}


def test_whole_documents_take_room_in_proportion() -> None:
    """Not more than twice that of the changes, and no version is far from one."""
    with diary_of(3) as diary:
        diary.go_on(600)
        with Projections(diary.log, *STANDARD, threads=False) as views:
            views.catch_up()
            with views.view("versions") as db:
                for root in ROOTS:
                    rows = db.execute(
                        "SELECT version, length(changes) FROM versions WHERE address = ?"
                        " ORDER BY version", (root,),
                    ).fetchall()  # fmt: skip
                    sizes = {
                        version: len(spelt(document_at(db, root, version))) for version, _ in rows
                    }
                    kept = [each.version for each in snapshots_of(db, root)]
                    assert len(kept) > 2
                    assert sum(sizes[each] for each in kept) <= 2 * sum(size for _, size in rows)
                    for low, high in itertools.pairwise([0, *kept]):
                        between = sum(size for version, size in rows if low < version < high)
                        assert between <= max(LEAST, sizes.get(low, 0))


def json_values() -> st.SearchStrategy[Any]:
    """Small JSON values with keys that meet."""
    leaves = st.none() | st.booleans() | st.integers(0, 2) | st.sampled_from([0.5, "", "é/~"])
    keys = st.sampled_from(["a", "b", "a/b", "~0", "0"])
    return st.recursive(
        leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3)
    )


DOCUMENTS = st.dictionaries(st.sampled_from(["a", "b", "-"]), json_values(), max_size=3)


@given(st.lists(DOCUMENTS, min_size=1, max_size=5))
def test_changing_in_place_gives_what_changing_gives(documents: list[Any]) -> None:
    """Delta by delta, for all documents; and nothing else that stands somewhere is changed."""
    place: Any = {}
    for old, new in itertools.pairwise([{}, *documents]):
        changes = diff(old, new)
        stored = encode(changes)
        place = change_in_place(place, changes_of(stored))
        assert spelt(place) == spelt(apply(old, changes)) == spelt(new)


@pytest.mark.parametrize(
    ("op", "path"),
    [
        ("add", "/a/0"), ("add", "/a/1"), ("add", "/a/2"), ("add", "/a/-"), ("replace", "/a/1"),
        ("remove", "/a/0"), ("add", "/a/1/b"), ("remove", "/a/1/x"), ("replace", "/~1"),
        ("replace", ""), ("add", "/new"),
    ],
)  # fmt: skip
def test_each_operation_in_place_does_the_same(op: Any, path: str) -> None:
    """As JSON Patch has them, also those that no difference of two documents asks for."""
    old = {"a": [1, {"x": 2}], "/": 3}
    changes = (Change(op, path, {"v": [4]}),)
    wanted = apply(old, changes)
    assert change_in_place(json.loads(spelt(old)), changes_of(encode(changes))) == wanted
    assert wanted != old


def test_a_growing_document_is_changed_in_place() -> None:
    """What stood in changes that were decoded from the same text is not touched."""
    rng = random.Random(4)
    stored = encode(diff({}, {"a": [some_document(rng)], "b": {"x": [1]}}))
    first = change_in_place({}, changes_of(stored))
    first["b"]["x"].append(2)
    assert change_in_place({}, changes_of(stored))["b"] == {"x": [1]}
