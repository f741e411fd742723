"""Habit 10: short files, short functions, 100 columns, one noun a file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

from .source import Finding, Source

LINES_A_FILE = 300
LINES_A_FUNCTION = 40
COLUMNS = 100
NO_NOUNS = frozenset(
    {"base", "common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}
)


def files_are_short(source: Source) -> Iterator[Finding]:
    """No file has more than 300 lines; there is no list of exceptions."""
    count = len(source.text.splitlines())
    if count > LINES_A_FILE:
        yield count, f"{count} lines, at most {LINES_A_FILE}: make it two rooms"


def functions_are_short(source: Source) -> Iterator[Finding]:
    """No function has more than 40 lines, its docstring included."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            count = (node.end_lineno or node.lineno) - node.lineno + 1
            if count > LINES_A_FUNCTION:
                yield node.lineno, f"{node.name} has {count} lines, at most {LINES_A_FUNCTION}"


def lines_are_narrow(source: Source) -> Iterator[Finding]:
    """No line is wider than 100 columns."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if len(line) > COLUMNS:
            yield number, f"{len(line)} columns, at most {COLUMNS}"


def files_are_nouns(source: Source) -> Iterator[Finding]:
    """No file or folder is called after nothing: utils, common, helpers, base, manager, misc."""
    for part in PurePosixPath(source.path).with_suffix("").parts:
        empty = NO_NOUNS.intersection(part.split("_"))
        if empty:
            yield 1, f"{part!r} says nothing about what lives there ({', '.join(sorted(empty))})"
