"""Upcasters: how events of an older version are read, as long as their log is kept.

An event that changes its shape gets a new wire name (`account.deposited.v2`), and an upcaster says
what a stored v1 is as a v2. Nothing in the log is rewritten: a row keeps its wire name, and whoever
reads it gets an event of the newest class, over as many steps as it takes. The class of the old
version may go; while it stays, no such event is stored any more.

| change of a version | upcaster |
|---|---|
| a field renamed, split, dropped, computed from others, of another type or unit | `@upcast(v1)` |
| a field added that has a default | `@upcast(v1)` that returns its data, or sets it |
| the event renamed | `@upcast(v1, "account.paid_in.v1")` |
| one event becomes several, or several one | none: versions would no longer count 1, 2, 3 … |

A field with a default that is added without a new version is read too, and old rows get the default
of today. But the code of before refuses what is stored from then on, and what the default says may
never change again: `golden` tells of it, `retold check` does not.

Upcasters are registered as modules are imported, before a log is opened: its opening checks them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import attrs

from .errors import BrokenChain
from .names import EVENT_CLASSES, EVENT_NAME, supersede

Upcast: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""From the data of one version to that of the next: pure, and both in the terms of JSON."""


@attrs.frozen
class Upcaster:
    """One step: from the wire name `source` to `target`."""

    source: str
    target: str
    function: Upcast

    def __str__(self) -> str:
        return f"{self.source} -> {self.target}, {'.'.join(_identity(self.function))}"


_upcasters: dict[str, Upcaster] = {}
UPCASTERS: Mapping[str, Upcaster] = MappingProxyType(_upcasters)
"""The upcaster of each wire name that has one."""

_known: dict[str, tuple[Upcaster, ...]] = {}
"""The chains found so far; forgotten when another upcaster is added."""


def upcast(source: str, target: str | None = None, /) -> Callable[[Upcast], Upcast]:
    """Make a function the upcaster of one version of an event to the next.

    It is given the stored fields in the terms of JSON (a Decimal is text, as are times, ids and, in
    base64, bytes), a dict of its own to change, and returns those of the next version in the same
    terms. It must be pure: it runs whenever such a row is read. `target` is needed only for an
    event that is renamed. The same function defined again (a reloaded module, a notebook cell)
    takes the place of the old one. Raises `BrokenChain` for a wire name that is none, a target
    that leaves a version out, where another function is the upcaster already, and for what is no
    function.

    >>> from retold import event
    >>> @event("till.opened.v2")
    ... class TillOpened:
    ...     cents: int
    >>> @upcast("till.opened.v1")
    ... def to_cents(data):
    ...     return {"cents": round(float(data["euros"]) * 100)}
    >>> to_cents({"euros": "12.50"})
    {'cents': 1250}
    """
    found = _target(source, target)

    def decorate(function: Upcast) -> Upcast:
        if not callable(function):
            raise BrokenChain(source, f"its upcaster is {function!r}, which is no function")
        known = _upcasters.get(source)
        if known is not None and _identity(known.function) != _identity(function):
            raise BrokenChain(
                source,
                f"both {'.'.join(_identity(known.function))} and {'.'.join(_identity(function))}"
                " upcast it; keep one of them",
            )
        _upcasters[source] = Upcaster(source, found, function)
        _known.clear()
        supersede(source)
        return function

    return decorate


def chain(
    name: str,
    upcasters: Mapping[str, Upcaster] = UPCASTERS,
    classes: Mapping[str, type] = EVENT_CLASSES,
) -> tuple[Upcaster, ...]:
    """The steps from a wire name to the one that its events are read as; none for one of today.

    Raises `BrokenChain` where they lead nowhere: to a version that has neither class nor upcaster,
    in a circle, or to one that is not the newest.
    """
    steps: list[Upcaster] = []
    while (step := upcasters.get(steps[-1].target if steps else name)) is not None:
        if step in steps:
            raise BrokenChain(name, f"its upcasters lead back to {step.source}; take one out")
        steps.append(step)
    if steps:
        _check_end(name, steps[-1].target, classes)
    return tuple(steps)


def steps_of(name: str) -> tuple[Upcaster, ...]:
    """The same of what is registered, found once for all rows; raises as `chain`."""
    found = _known.get(name)
    if found is None:
        found = _known[name] = chain(name)
    return found


def check_chains(
    upcasters: Mapping[str, Upcaster] = UPCASTERS, classes: Mapping[str, type] = EVENT_CLASSES
) -> None:
    """See that every chain ends at a class; raises `BrokenChain` for the first that does not."""
    for name in sorted(upcasters):
        chain(name, upcasters, classes)


def _check_end(name: str, end: str, classes: Mapping[str, type]) -> None:
    stem, number = _split(end)
    later = [each for each in classes if _split(each)[0] == stem and _split(each)[1] > number]
    newest = max(later, key=lambda each: _split(each)[1], default="")
    if newest:
        raise BrokenChain(
            name,
            f"it ends at {end}, though there is {newest}: write"
            f' @upcast("{end}") to {stem}.v{number + 1}, and on from there',
        )
    if end not in classes:
        raise BrokenChain(
            name,
            f"it ends at {end}, which has neither class nor upcaster: import the module that"
            f' defines it, or write @event("{end}") or @upcast("{end}")',
        )


def _target(source: str, target: str | None) -> str:
    for name in (source,) if target is None else (source, target):
        if not EVENT_NAME.fullmatch(str(name)):
            raise BrokenChain(str(name), "it is not of the form noun.verb_past.v1")
    stem, number = _split(source)
    following = f"{stem}.v{number + 1}"
    if target is not None and _split(target)[0] == stem and target != following:
        raise BrokenChain(source, f"{target} is not its next version; upcast it to {following}")
    return target or following


def _split(name: str) -> tuple[str, int]:
    stem, _, number = name.rpartition(".v")
    return stem, int(number)


def _identity(function: Any) -> tuple[str, str]:
    named = function if hasattr(function, "__qualname__") else type(function)
    return str(named.__module__), str(named.__qualname__)


__all__ = ["UPCASTERS", "Upcast", "Upcaster", "chain", "check_chains", "steps_of", "upcast"]
