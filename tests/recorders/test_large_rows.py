"""Rows of any size are read in pieces that fit: by bytes, not by their number alone."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterable

import pytest

from retold import Log, event
from retold.events.log import Append

SIZE, ROWS = 200_000, 400
MOST = 40_000_000
"""Bytes in memory at the most: half of what there is."""


@event("scroll.written.v1")
class Written:
    """Something long."""

    text: str


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A log of eighty megabytes."""
    made = f"sqlite:///{tmp_path_factory.mktemp('large') / 'log.db'}"
    with Log.open(made) as log:
        for number in range(ROWS):
            log.append(Append("scroll/a", number, (Written(f"{number:>{SIZE}}"),)))
    return made


READS: dict[str, Callable[[Log], Iterable[object]]] = {
    "scan": lambda log: log.scan(),
    "actor": lambda log: log.read("scroll/a"),
    "rows": lambda log: log.journal.rows("scroll/a"),
    "follow": lambda log: iter(log.follow().read, None),
}


@pytest.mark.parametrize("how", READS)
def test_a_log_of_large_rows_is_read_in_little_memory(url: str, how: str) -> None:
    """Whatever way it is read, and nothing is left out."""
    with Log.open(url, read_only=True) as log:
        tracemalloc.start()
        found = sum(len(getattr(each, "events", (each,))) for each in READS[how](log))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == ROWS
    assert peak < MOST


def test_followers_that_share_what_they_read_keep_little_of_it(url: str) -> None:
    """Two that go side by side are handed every event, each once."""
    with Log.open(url, read_only=True) as log, log.follow() as first, log.follow() as second:
        tracemalloc.start()
        found: list[int] = []
        while (batch := first.read()) is not None:
            other = second.read()
            assert other is not None
            found += [each.version for each in batch.events]
            assert [each.version for each in other.events] == found[-len(batch.events) :]
            del batch, other
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found == list(range(1, ROWS + 1))
    assert peak < MOST
