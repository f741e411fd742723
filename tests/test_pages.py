"""The pages of the documentation are run: what they show works as printed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from . import pages

DOCS = Path(__file__).parent.parent / "docs"
RUN = [
    page
    for page in sorted(DOCS.glob("*.md"))
    if any(block.language == "python" for block in pages.blocks(page.read_text(encoding="utf-8")))
]
SECONDS = 120


def _ended(page: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """How the run of a page ends, in an empty folder."""
    command = [sys.executable, "-W", "error", pages.__file__, str(page)]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=SECONDS, check=False
    )


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_a_page_runs_as_printed(page: Path, tmp_path: Path) -> None:
    """Every python block of a page runs, in order and in one session, and prints what is shown."""
    done = _ended(page, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```python\nprint(1)\n```\n\n```\n2\n```\n", "shown\n2\n\nbut printed\n1\n"),
        ("\n\n```python\n\nraise ValueError\n```\n", "line 5, in <module>"),
        ("```python\n# a.py\nx = 1\n```\n```python\nimport a\nassert a.x == 2\n```\n", "Assertion"),
        ("```console\n$ retold --version\nretold 7\n```\n", "shown\nretold 7\n"),
    ],
    ids=["output", "error", "file", "console"],
)
def test_a_page_that_is_wrong_is_told(text: str, told: str, tmp_path: Path) -> None:
    """What is not as it says ends the run, with the line or with what was printed instead."""
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    done = _ended(page, tmp_path)
    assert done.returncode == 1
    assert told in done.stderr


def test_a_page_that_is_right_is_not(tmp_path: Path) -> None:
    """Output is compared with the block before it, and `...` stands for anything."""
    page = tmp_path / "page.md"
    page.write_text(
        "```python\nx = 1\nprint('a', object())\n```\n\n```\na <object object at ...>\n```\n"
        "words\n```\nof another kind\n```\n```python\nprint(x)\n```\n```\n1\n```\n",
        encoding="utf-8",
    )
    done = _ended(page, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
