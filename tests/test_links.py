"""Links between the pages lead somewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))


def links(page: Path) -> Iterator[tuple[str, str]]:
    """The relative links of a page, as file and heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if not re.match(r"\w+:", target):
            file, _, heading = target.partition("#")
            yield file, heading


def anchors(page: Path) -> set[str]:
    """The names under which the headings of a page can be linked to."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    """Nobody who follows one stands before nothing."""
    broken, seen = [], 0
    for page in PAGES:
        for file, heading in links(page):
            seen += 1
            there = (page.parent / file).resolve() if file else page
            if not there.exists() or (heading and heading not in anchors(there)):
                broken.append(f"{page.name}: {file}#{heading}")
    assert broken == []
    assert seen > 3
