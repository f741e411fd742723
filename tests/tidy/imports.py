"""Who may import whom: downward between floors, relatively inside, `retold...` outside."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .source import FLOORS_BELOW, FRONT, Finding, Source

_BARE_IN_A_DOCUMENT = re.compile(rf"\s*(?:>>>\s*)?(?:from|import)\s+({'|'.join(FLOORS_BELOW)})\b")


def floors_import_downward(source: Source) -> Iterator[Finding]:
    """gateway > sims > actors beside projections > events; nobody imports upward or sideways."""
    if source.floor is None:
        return
    for line, target in _targets(source):
        if target[:1] == ("retold",):
            target = target[1:] or ("retold",)
        if target[0] == "retold":
            yield line, "imports the front door, which imports every floor"
        elif target[0] in FLOORS_BELOW and target[0] not in (
            source.floor,
            *FLOORS_BELOW[source.floor],
        ):
            yield line, f"{source.floor} may not import {target[0]}"


def floors_import_relatively(source: Source) -> Iterator[Finding]:
    """Inside the floors our own code is imported with dots only."""
    if not source.is_installed:
        return
    for node in ast.walk(source.tree):
        for name in _absolute(node):
            if name.split(".")[0] == "retold":
                yield _line(node), f"import {name} with dots"


def nobody_imports_a_bare_floor(source: Source) -> Iterator[Finding]:
    """`import events` would make a second copy of every class: it is `retold.events` for all."""
    if not source.is_python:
        yield from _bare_in_a_document(source)
        return
    for node in ast.walk(source.tree):
        for name in _absolute(node):
            if name.split(".")[0] in FLOORS_BELOW:
                yield _line(node), f"import retold.{name} instead"
    if not source.is_installed:
        for line, target in _targets(source):
            if target[0] in FLOORS_BELOW:
                yield line, f"import retold.{'.'.join(target)} instead"


def _bare_in_a_document(source: Source) -> Iterator[Finding]:
    fenced = False
    for number, line in enumerate(source.text.splitlines(), 1):
        fenced ^= line.lstrip().startswith("```")
        found = _BARE_IN_A_DOCUMENT.match(line)
        if found and fenced and source.path.endswith(".md"):
            yield number, f"import retold.{found[1]} instead"


def _absolute(node: ast.AST) -> Iterator[str]:
    """The names that a node imports without dots."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield node.module or ""


def _targets(source: Source) -> Iterator[tuple[int, tuple[str, ...]]]:
    """What each import of a file reaches, as parts counted from the package `retold` (from the
    root of the repository for files outside the floors)."""
    package = () if source.path.startswith(FRONT) else tuple(source.path.split("/")[:-1])
    for node in ast.walk(source.tree):
        yield from ((_line(node), tuple(name.split("."))) for name in _absolute(node))
        if isinstance(node, ast.ImportFrom) and node.level:
            above = package[: max(0, len(package) - node.level + 1)]
            within = above + tuple((node.module or "").split(".") if node.module else ())
            for alias in node.names:
                yield node.lineno, within or _named_at_the_top(alias.name)


def _named_at_the_top(name: str) -> tuple[str, ...]:
    return (name,) if name in FLOORS_BELOW else ("retold",)


def _line(node: ast.AST) -> int:
    return getattr(node, "lineno", 1)
