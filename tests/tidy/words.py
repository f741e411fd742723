"""What is said and what is left unsaid: habits 14, 15, 18 and 22, and nothing of this machine."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from .source import FRONT, Finding, Source

NAMES_A_DOOR = 12

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_DEFINITIONS = (ast.ClassDef, *_FUNCTIONS)
_UNFINISHED = re.compile(r"\b(TO(?:DO)|FIX(?:ME)|XX(?:X)|HA(?:CK))\b")
_IGNORE = re.compile(r"#\s*(type: ?ignore|noqa|pyright: ?ignore|mypy: ?ignore)(.*)")
_CODE = r"(: ?[A-Z]+[0-9]+([, ]+[A-Z]+[0-9]+)*|\[[\w, -]+\])"
_CODE_AND_REASON = re.compile(_CODE + r" *( - |# )\s*\S.*")
_REGISTRY = re.compile(r"\b(pypi\.(org|io)|pythonhosted\.\w|npmjs\.\w|deb\.debian\.\w)")
_THIS_MACHINE = re.compile(r"(?<![\w.:])/(work|farm|root|home/\w+|Users/\w+|tmp/[a-z]+)/")


def public_things_are_described(source: Source) -> Iterator[Finding]:
    """Every module says what it is, and on the floors every public class and function does."""
    if source.text.strip() and not ast.get_docstring(source.tree):
        yield 1, "the module has no docstring"
    for node in source.tree.body if source.is_installed else ():
        if isinstance(node, _DEFINITIONS) and not node.name.startswith("_"):
            overload = any("overload" in ast.unparse(mark) for mark in node.decorator_list)
            if not (overload or ast.get_docstring(node)):
                yield node.lineno, f"{node.name} has no docstring"


def each_test_states_its_promise(source: Source) -> Iterator[Finding]:
    """Each test has a docstring: the promise it holds."""
    for node in ast.walk(source.tree) if source.is_test else ():
        if not isinstance(node, _FUNCTIONS) or not node.name.startswith("test"):
            continue
        if not ast.get_docstring(node):
            yield node.lineno, f"{node.name} does not say what it promises"


def doors_are_narrow(source: Source) -> Iterator[Finding]:
    """At most 12 names, in a sorted `__all__`; a floor says what it is for in one paragraph."""
    if not source.is_installed or source.path.split("/")[-1] != "__init__.py":
        return
    is_floor = source.path.count("/") == 1
    if is_floor and "\n\n" in (ast.get_docstring(source.tree) or ""):
        yield 1, "more than one paragraph: say what the floor is for, the rest is docs/"
    names = _exported(source.tree)
    if names is None:
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in source.tree.body):
            yield 1, "imports, but has no __all__ written out as texts"
        return
    ordered = sorted(set(names), key=_place)
    if names != ordered:
        yield 1, f"__all__ is not sorted: {ordered}"
    if len(names) > NAMES_A_DOOR:
        yield 1, f"{len(names)} names, at most {NAMES_A_DOOR}"
    defines = any(isinstance(node, _DEFINITIONS) for node in source.tree.body)
    if source.path.startswith(FRONT) and defines:
        yield 1, "the front door re-exports and does nothing else"


def _place(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions, each by name: the order ruff sorts to (RUF022)."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def _exported(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        match node:
            case (
                ast.Assign(targets=[ast.Name(id="__all__")], value=ast.expr() as names)
                | ast.AnnAssign(target=ast.Name(id="__all__"), value=ast.expr() as names)
            ):
                return list(ast.literal_eval(names))
    return None


def nothing_is_left_unfinished(source: Source) -> Iterator[Finding]:
    """What is not done stands in an issue or under "Known limits", not in the code."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if _UNFINISHED.search(line):
            yield number, "unfinished by its own word"


def ignores_carry_a_reason(source: Source) -> Iterator[Finding]:
    """A checker is silenced for one code and one reason: `[code]  # why`, `noqa: X - why`."""
    for line, comment in source.comments:
        found = _IGNORE.search(comment)
        if found and not _CODE_AND_REASON.fullmatch(found[2].strip()):
            yield line, f"{comment!r} lacks its code or its reason"


def no_registry_is_named(source: Source) -> Iterator[Finding]:
    """Where packages come from is set up on each machine, never in a file of ours."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if _REGISTRY.search(line):
            yield number, "names the host of a package registry"


def no_machine_is_named(source: Source) -> Iterator[Finding]:
    """No path leads to somebody's own machine."""
    for number, line in enumerate(source.text.splitlines(), 1):
        if _THIS_MACHINE.search(line):
            yield number, "holds an absolute path of one machine"
