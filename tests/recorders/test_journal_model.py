"""Whatever is written in whatever order, a journal equals a plain dict."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from eventsourcing.persistence import IntegrityError
from hypothesis import given, settings
from hypothesis import strategies as st

from retold.events.journal import Journal, Row, StoredRow

from .conftest import KINDS

ADDRESSES = st.sampled_from(["a/1", "a/2", "a/1/b/1", "ä/1"])
ROWS = st.tuples(
    ADDRESSES, st.integers(1, 8), st.sampled_from(["x.done.v1", "y.done.v1"]), st.binary(max_size=9)
)
BATCHES = st.lists(st.lists(ROWS, max_size=6), max_size=12)


class Model:
    """A journal as one would explain it: a dict of what is there, in the order it came."""

    def __init__(self) -> None:
        self.stored: dict[tuple[str, int], StoredRow] = {}

    def write(self, rows: list[Row]) -> list[int] | None:
        """The positions, or None where a version is there already."""
        keys = [(address, version) for address, version, _, _ in rows]
        if len(set(keys)) < len(keys) or any(key in self.stored for key in keys):
            return None
        start = len(self.stored) + 1
        for position, row in enumerate(rows, start):
            self.stored[row[0], row[1]] = (position, *row)
        return list(range(start, start + len(rows)))

    def rows(self, address: str, after: int, upto: int) -> list[StoredRow]:
        """What is stored of one address between two versions."""
        found = [row for row in self.stored.values() if row[1] == address]
        return sorted((row for row in found if after < row[2] <= upto), key=lambda row: row[2])

    def addresses(self, prefix: str) -> list[tuple[str, int]]:
        """The last version of every address."""
        last: dict[str, int] = {}
        for address, version in self.stored:
            last[address] = max(version, last.get(address, 0))
        return sorted((name, at) for name, at in last.items() if name.startswith(prefix))


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@settings(max_examples=60)
@given(batches=BATCHES, after=st.integers(0, 9), upto=st.integers(0, 9))
def test_a_journal_is_a_dict(kind: str, batches: list[list[Row]], after: int, upto: int) -> None:
    """Positions, refusals and every way of reading agree with the dict, write by write."""
    make: Callable[[Path], Journal] = KINDS[kind]
    with tempfile.TemporaryDirectory() as folder:
        journal, model = make(Path(folder)), Model()
        for batch in batches:
            assert _written(journal, batch) == model.write(batch)
        everything = list(model.stored.values())
        assert list(journal.scan()) == everything
        assert list(journal.scan(after, upto)) == everything[after:upto]
        assert journal.last_position() == len(everything)
        for address in ("a/1", "a/2", "ä/1", "none/1"):
            assert list(journal.rows(address, after, upto)) == model.rows(address, after, upto)
            assert journal.version(address) == dict(model.addresses("")).get(address, 0)
        for prefix in ("", "a/1", "ä"):
            assert list(journal.addresses(prefix)) == model.addresses(prefix)
        journal.close()


def _written(journal: Journal, batch: list[Row]) -> list[int] | None:
    try:
        return list(journal.write(batch))
    except IntegrityError:
        return None
