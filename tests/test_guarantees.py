"""The page of guarantees names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parent / "docs" / "guarantees.md").read_text()


def named() -> list[tuple[str, str]]:
    """Every test that the page names, as file and function; `::name` goes on with the last file."""
    found, file = [], ""
    for path, name in re.findall(r"`([\w/]*test_\w+\.py)?(?:::(test_\w+))?`", PAGE):
        file = path or file
        if path or name:
            found.append((file, name))
    return found


@pytest.mark.parametrize(("file", "name"), named())
def test_a_test_that_the_page_names_exists(file: str, name: str) -> None:
    """A promise whose test was renamed or removed is a promise no more."""
    assert f"def {name}(" in (HERE / file).read_text() or not name


def test_the_page_names_tests() -> None:
    """There is something to look for."""
    assert len(named()) > 15
