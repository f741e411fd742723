"""A file of the repository as the rules read it, and where the files are."""

from __future__ import annotations

import ast
import io
import os
import tokenize
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import TypeAlias

import attrs

ROOT = Path(__file__).resolve().parents[2]

FLOORS_BELOW = {
    "events": frozenset[str](),
    "projections": frozenset({"events"}),
    "actors": frozenset({"events"}),
    "sims": frozenset({"events", "projections", "actors"}),
    "gateway": frozenset({"events", "projections", "actors", "sims"}),
}
"""Each floor and the floors it may import from (besides itself)."""

FRONT = ".src/retold"
"""The folder that is installed: `__init__.py` and a symlink to each floor."""

_NOT_OURS = {"__pycache__", "build", "dist", "node_modules"}
_DOT_FOLDERS_OF_OURS = {".ci", ".src", ".github"}
_LARGEST_TEXT_BYTES = 1_000_000

Finding: TypeAlias = tuple[int, str]
"""The line, and what is wrong there."""


@attrs.frozen
class Source:
    """One file: its path from the root with slashes, and its text."""

    path: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The file as Python reads it."""
        return ast.parse(self.text)

    @property
    def is_python(self) -> bool:
        """Whether the file is Python."""
        return self.path.endswith(".py")

    @property
    def is_test(self) -> bool:
        """Whether the file belongs to the tests."""
        return self.path.startswith("tests/")

    @property
    def floor(self) -> str | None:
        """The floor the file stands on, None for any other place."""
        first = self.path.split("/")[0]
        return first if first in FLOORS_BELOW else None

    @property
    def is_installed(self) -> bool:
        """Whether the file goes into the wheel."""
        return self.floor is not None or self.path.startswith(FRONT)

    @cached_property
    def comments(self) -> tuple[Finding, ...]:
        """Every comment with its line; what merely looks like one inside a text is none."""
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return tuple(
            (token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT
        )


Rule: TypeAlias = Callable[[Source], Iterator[Finding]]


@cache
def sources() -> tuple[Source, ...]:
    """Every text file of the repository, each once, by path."""
    return tuple(sorted(_read_all(), key=lambda source: source.path))


def _read_all() -> Iterator[Source]:
    for folder, inside, files in os.walk(ROOT):
        inside[:] = [name for name in inside if _is_ours(Path(folder, name))]
        for name in files:
            path = Path(folder, name)
            if path.is_symlink() or path.stat().st_size > _LARGEST_TEXT_BYTES:
                continue
            try:
                text = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            yield Source(path.relative_to(ROOT).as_posix(), text)


def _is_ours(folder: Path) -> bool:
    if folder.is_symlink() or folder.name in _NOT_OURS:
        return False
    return not folder.name.startswith(".") or folder.name in _DOT_FOLDERS_OF_OURS
