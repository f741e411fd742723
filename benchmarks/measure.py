"""What is measured: a job with two sides, the samples they give, and the row they come to.

A ratio is always ours divided by the peer's, of the medians; `spread` holds the lowest and the
highest ratio of a pair of neighbouring rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import TypeAlias, TypeVar

import attrs

LONGEST_SECONDS = 3.0

T = TypeVar("T")


@attrs.frozen
class Scale:
    """How much work a round is: all of it, or a hundredth for a smoke run."""

    quick: bool = False

    def of(self, full: int, quick: int) -> int:
        """The count to use."""
        return quick if self.quick else full


@attrs.frozen
class Sample:
    """What one side came to in one round.

    `asked` rows were to be stored and `found` were counted afterwards by plain sqlite3 in the file
    (both None where nothing is stored); `pragmas` as read back from the connection that wrote.
    """

    value: float
    asked: int | None = None
    found: int | None = None
    pragmas: Mapping[str, str] = MappingProxyType({})
    note: str = ""


def stopped(work: Iterable[T], after_items: int | None = None) -> Iterator[T]:
    """Some work, cut short once it took a while: a rate needs no more where the disk is slow."""
    until = perf_counter() + LONGEST_SECONDS
    for item in islice(work, after_items):
        yield item
        if perf_counter() > until:
            return


Side: TypeAlias = Callable[[Path, Scale], Sample]
"""Does the job once in an empty folder."""


@attrs.frozen(kw_only=True)
class Benchmark:
    """A job, who does it, and what ours should come to.

    `rounds` bounds how often it is worth repeating. `target` is a comparison of the ratio
    ("ratio >= 12") or of the value ("value < 15").
    """

    name: str
    unit: str
    ours: Side
    peer: Side
    peer_name: str
    target: str = ""
    rounds: int = 5
    note: str = ""


@attrs.frozen
class Row:
    """One line of the table, and one object of the results."""

    name: str
    value: float
    unit: str
    peer: str
    peer_value: float
    ratio: float
    target: str
    met: bool | None
    rounds: int
    spread: tuple[float, float]
    note: str
    rows: Mapping[str, int | None]
    pragmas: Mapping[str, Mapping[str, str]]


def is_met(target: str, value: float, ratio: float) -> bool | None:
    """Whether a target is met; None where there is none.

    >>> is_met("ratio >= 12", value=1.0, ratio=12.5)
    True
    """
    if not target:
        return None
    what, comparison, bound = target.split()
    figure = {"ratio": ratio, "value": value}[what]
    return figure >= float(bound) if comparison == ">=" else figure < float(bound)
