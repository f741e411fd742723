"""The README is run: what it shows works as printed."""

from __future__ import annotations

import contextlib
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The lines that the examples print which go on from one another, in one empty folder."""
    names = {"__name__": "readme"}
    lines = io.StringIO()
    with contextlib.chdir(tmp_path_factory.mktemp("readme")), contextlib.redirect_stdout(lines):
        for example in EXAMPLES[:5]:
            exec(compile(example, "README.md", "exec", dont_inherit=True), names)
        assert Path("bank.db").exists()
    return lines.getvalue().splitlines()


def test_the_first_example_prints_what_it_says(printed: list[str]) -> None:
    """The account of the README runs as printed, in an empty folder."""
    assert printed[:2] == ["10 1", "Account(balance=Decimal('10'))"]


def test_the_transfer_goes_on_from_it_and_prints_what_it_says(printed: list[str]) -> None:
    """The saga of the README runs as printed, in the same session and on the same file."""
    shown = re.search(r"```\n(completed.*?)```", README.read_text(), re.DOTALL)
    assert shown is not None
    assert printed[2:4] == shown[1].splitlines()


def test_the_simulation_goes_on_from_it_and_prints_what_it_says(printed: list[str]) -> None:
    """The world of the README runs as printed, with the actors of the first two examples."""
    assert printed[4] == "01:01:00 10 1"
    assert "```\n01:01:00 10 1\n```" in README.read_text()


def test_the_views_and_asyncio_go_on_from_it_and_print_what_they_say(printed: list[str]) -> None:
    """A projection and an asyncio program, over the file of the first examples."""
    views, gift = printed[5:]
    assert f"```\n{views}\n```" in README.read_text()
    assert f"```\n{gift}\n```" in README.read_text()


def test_the_rest_is_python_that_runs(tmp_path: Path) -> None:
    """The fixture and the upcaster, in a process of their own: what they register stays there."""
    program = "\n".join([EXAMPLES[0], *EXAMPLES[5:], CHECKS])
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[2:] == ["{'given': 'Ada', 'family': 'Lovelace'}"]


CHECKS = """
from retold.sims.testing.rehearsal import Rehearsal
with Rehearsal.begin(account) as rehearsed:
    test_a_deposit(rehearsed)
print(split_name({"holder": "Ada Lovelace"}))
"""


IMPORTS = re.findall(r"`(from retold[\w.]* import [\w, ]+)`", README.read_text())


@pytest.mark.parametrize("line", IMPORTS)
def test_what_is_said_to_be_imported_can_be(line: str) -> None:
    """The lines between the examples lead somewhere."""
    exec(compile(line, "README.md", "exec"), {})


def test_the_map_names_every_floor() -> None:
    """The README's map of the house has each floor that stands."""
    floors = {link.name for link in (README.parent / ".src" / "retold").iterdir() if link.is_dir()}
    named = set(re.findall(r"^\| `(\w+)/` \|", README.read_text(), re.MULTILINE))
    assert named == floors - {"__pycache__"}
