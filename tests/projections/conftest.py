"""Logs of tills in files, for views to be made of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retold import Log

from .tills import fill


@pytest.fixture
def url(tmp_path: Path) -> str:
    """Where the log is."""
    return f"sqlite:///{tmp_path / 'log.db'}"


@pytest.fixture
def log(url: str) -> Iterator[Log]:
    """A log of three pieces."""
    with Log.open(url) as opened:
        fill(opened, 2_600)
        yield opened
