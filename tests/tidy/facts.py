"""Habit 8: events are frozen, in the past tense, under explicit and versioned wire names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

from .source import Finding, Source

_WIRE_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*\.[a-z]+(_[a-z0-9]+)*\.v[1-9][0-9]*")
_PAST = re.compile(
    r"[a-z]*[^e]ed"
    r"|agreed|begun|bound|broken|brought|built|chosen|cut|drawn|fallen|fed|found|forgotten|freed"
    r"|given|gone|held|kept|laid|left|lent|lost|made|met|overtaken|paid|put|read|reset|rewritten"
    r"|run|seen|sent|set|shut|sold|spent|split|stood|sunk|taken|told|undone|understood|withdrawn"
    r"|won|written"
)
_MUTABLE = frozenset({"attr.s", "attrs.define", "attrs.mutable", "define", "mutable", "dataclass"})


def wire_names_have_their_form(source: Source) -> Iterator[Finding]:
    """A wire name is written out as noun.verb_past.vN."""
    for node, name in _events(source):
        if name is None:
            yield node.lineno, f"the wire name of {node.name} is not written out"
        elif not _WIRE_NAME.fullmatch(name):
            yield node.lineno, f"{name!r} is not of the form noun.verb_past.vN"
        elif not _is_past(name.split(".")[1].split("_")):
            yield node.lineno, f"{name!r} is not in the past tense"


def events_are_named_in_the_past(source: Source) -> Iterator[Finding]:
    """An event says what happened, a command what to do: `Withdrawn` against `Withdraw`."""
    for node, _ in _events(source):
        words = re.findall(r"[A-Z][a-z0-9]*|[a-z0-9]+", node.name)
        if not _is_past([word.lower() for word in words]):
            yield node.lineno, f"{node.name} is not in the past tense"


def classes_are_frozen(source: Source) -> Iterator[Finding]:
    """Every attrs class and dataclass is frozen; what changes is a plain class."""
    for _, mark in _marks(source):
        called = mark if isinstance(mark, ast.Call) else None
        given = called.keywords if called else []
        name = ast.unparse(called.func if called else mark)
        frozen = any(ast.unparse(keyword) == "frozen=True" for keyword in given)
        if name.removeprefix("dataclasses.") in _MUTABLE and not frozen:
            yield mark.lineno, "freeze it: attrs.frozen, or frozen=True"


def wire_names_used_twice(sources: Iterable[Source]) -> Iterator[str]:
    """Each wire name that stands in more than one place, with the places."""
    places: dict[str, list[str]] = {}
    for source in sources:
        for node, name in _events(source):
            if name is not None:
                places.setdefault(name, []).append(f"{source.path}:{node.lineno}")
    yield from (f"{name}: {', '.join(at)}" for name, at in places.items() if len(at) > 1)


def _events(source: Source) -> Iterator[tuple[ast.ClassDef, str | None]]:
    """Every class under `@event(...)` and its wire name, None where that is no plain text."""
    for node, mark in _marks(source):
        if isinstance(mark, ast.Call) and ast.unparse(mark.func).split(".")[-1] == "event":
            match mark.args:
                case [ast.Constant(value=str(name)), *_]:
                    yield node, name
                case _:
                    yield node, None


def _marks(source: Source) -> Iterator[tuple[ast.ClassDef, ast.expr]]:
    """Every class with each of its decorators."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.ClassDef):
            yield from ((node, mark) for mark in node.decorator_list)


def _is_past(words: Iterable[str]) -> bool:
    return any(_PAST.fullmatch(word) for word in words)
