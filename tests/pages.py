"""Runs one page of the documentation, in the folder it is started in and a process of its own.

| block | what becomes of it |
|---|---|
| `python` whose first line is `# name.py` | that file, for later blocks to import |
| any other `python` | run, all of a page in one namespace |
| no language, right after a `python` block | what that block printed; `...` stands for anything |
| `console` | each `$ retold …` is run; what is shown below it is what it printed |

Started as `python pages.py PAGE`; it ends with a traceback or a difference where something is not
as the page says.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SAME = doctest.OutputChecker().check_output
_FILE = re.compile(r"# (\w+\.py)\n")


class Block(NamedTuple):
    """A fenced block: its language, its text, the line it begins on, and what stands before it."""

    language: str
    text: str
    line: int
    before: str


def blocks(page: str) -> Iterator[Block]:
    """The fenced blocks of a page, in order; `before` is the text since the one before."""
    end = 0
    for found in _BLOCK.finditer(page):
        yield Block(
            found[1], found[2], page.count("\n", 0, found.start(2)), page[end : found.start()]
        )
        end = found.end()


def run(path: Path) -> None:
    """Run every block of a page, or raise what goes wrong."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = ""
    last = ""
    for block in blocks(path.read_text(encoding="utf-8")):
        if block.language == "python":
            printed = _python(path, block, names)
        elif block.language == "console":
            _console(path, block)
        elif not block.language and last == "python" and not block.before.strip():
            _compare(path, block.line, block.text, printed)
        last = block.language


def _python(path: Path, block: Block, names: dict[str, Any]) -> str:
    """What a block prints."""
    if file := _FILE.match(block.text):
        Path(file[1]).write_text(block.text, encoding="utf-8")
        return ""
    code = compile("\n" * block.line + block.text, str(path), "exec", dont_inherit=True)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(code, names)
    return printed.getvalue()


def _console(path: Path, block: Block) -> None:
    for command in re.split(r"^(?=\$ )", block.text, flags=re.MULTILINE):
        line, _, shown = command.partition("\n")
        if line.startswith("$ retold ") and shown.strip():
            _compare(path, block.line, shown, _retold(line.removeprefix("$ retold ")))


def _retold(arguments: str) -> str:
    from retold.gateway.main import run as command  # as late as a user of the page imports it

    with contextlib.redirect_stdout(io.StringIO()) as printed:
        command(shlex.split(arguments, comments=True))
    return printed.getvalue()


def _compare(path: Path, line: int, shown: str, printed: str) -> None:
    if not _SAME(shown.strip() + "\n", printed.strip() + "\n", doctest.ELLIPSIS):
        sys.exit(f"{path.name}:{line}: shown\n{shown}\nbut printed\n{printed}")


if __name__ == "__main__":
    sys.path.insert(0, "")
    run(Path(sys.argv[1]))
