"""A disk that fails; where Python's SQLite cannot be reached, nothing can be put under it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from .disk import Disk, sqlite

collect_ignore = [] if sqlite() else ["test_failing_disk.py", "test_failing_upkeep.py"]


@pytest.fixture
def disk() -> Iterator[Disk]:
    """A disk under every file of SQLite that is opened in this test."""
    made = Disk()
    made.insert()
    yield made
    made.remove()
