"""The page for whoever comes from pykka: what it says holds here is shown by tests that exist."""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
PAGE = (HERE.parent / "docs" / "from-pykka.md").read_text()
TABLE = PAGE.partition("\n## What differs, and why\n")[2].partition("\n## ")[0]


def test_each_difference_names_tests_that_exist() -> None:
    """A line without a test, or with one that was renamed, says what nobody has seen."""
    rows = [line for line in TABLE.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 8
    file = ""
    for row in rows:
        named = re.findall(r"`(test_\w+\.py)?::(test_\w+)`", row)
        assert named, row
        for path, name in named:
            file = path or file
            assert f"def {name}(" in (HERE / "actors" / file).read_text(), row


def test_the_page_speaks_of_the_pykka_that_is_installed() -> None:
    """Its left column was measured in one release: another one has to be measured again."""
    assert f"measured in pykka {version('pykka')}" in PAGE
