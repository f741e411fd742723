"""Whether the code of today can read a log whole: what `retold check` finds before a deploy.

Every event of the log is decoded as it would be, through its upcasters, and every actor's state is
taken over all of its events, one by one. All that fails is named, not only the first of each actor.
An event that cannot be decoded or taken is left out, and the state stands as it was before it. So
what is said of decoding is certain, but a state that fails to take a later event may fail only for
want of the one that was left out; such a failure says so (`behind`), and a state may also take what
it would not, had nothing been left out: mend what is named, and compare again.

Commands are judged too, where the log has to make them again: those of a saga that is under way and
of dead letters that wait.

What a fold comes to is not judged: a changed `evolve` is a matter for the code's own tests. Events
that are registered and not in the log are no problem. Nor are snapshots of another fold: they are
counted, and will be folded anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import attrs

from ..events.address import kind
from ..events.errors import UnknownKind, Unstorable
from ..events.log import Log
from ..events.names import EVENT_CLASSES
from ..events.snapshots import SnapshotCodec
from ..events.upcast import chain
from .trial import Failure, Trial


@attrs.frozen
class NameFound:
    """A wire name in the log: how many events, and which class they become over which steps.

    `chain` are the wire names on the way, the first this one, the last that of the class; `cls` is
    empty where there is none. `undecoded` and `untaken` are how many failed in which way.
    """

    name: str
    events: int
    cls: str
    chain: tuple[str, ...]
    undecoded: int
    untaken: int


@attrs.frozen
class KindFound:
    """A kind of actor in the log, and whether a behaviour is known for it."""

    kind: str
    actors: int
    events: int
    known: bool


@attrs.frozen
class Comparison:
    """What a log holds against what is registered.

    `names` and `kinds` are by name, `failures` by address and version. `snapshots` is how many
    there are, `unfit` how many of another fold.
    """

    events: int
    names: tuple[NameFound, ...]
    kinds: tuple[KindFound, ...]
    failures: tuple[Failure, ...]
    snapshots: int
    unfit: int

    @property
    def ok(self) -> bool:
        """Whether all events would decode and be taken, by behaviours that are all known."""
        return not self.failures and all(each.known for each in self.kinds)


def compare(
    log: Log, initial: Callable[[str], Any], tick: Callable[[int], None] = lambda events: None
) -> Comparison:
    """Compare what a log holds up to now with the events and states that are registered.

    `initial(address)` is the state an address began from, or raises `UnknownKind`; `tick` is called
    with the number of events of each address. Nothing is written.
    """
    count = _Count(log, initial)
    for address, _ in log.addresses():
        tick(count.actor(address))
    return count.result()


class _Count:
    """The running counts over the actors of a log."""

    def __init__(self, log: Log, initial: Callable[[str], Any]) -> None:
        self._log = log
        self._upto = log.last_position()
        self._initial = initial
        self._names: Counter[str] = Counter()
        self._actors: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._failures: list[Failure] = []
        self._unknown: set[str] = set()
        self._codecs: dict[str, SnapshotCodec | None] = {}
        self._snapshots = self._unfit = 0

    def actor(self, address: str) -> int:
        """Try one actor; returns how many events it has."""
        mine, state, events = kind(address), self._begin(address), 0
        trial = Trial(self._log, address, state, self._upto)
        failures: list[Failure] = []
        for name, failure in trial.run():
            events += 1
            self._names[name] += 1
            if failure is not None:
                failures.append(failure)
        if (failure := trial.folded()) is not None:
            failures.append(failure)
        self._failures += sorted([*failures, *trial.kept()], key=lambda each: each.version)
        if events:
            self._actors[mine] += 1
            self._events[mine] += events
            self._snapshot(address, mine, state)
        return events

    def _begin(self, address: str) -> Any:
        try:
            return self._initial(address)
        except UnknownKind:
            self._unknown.add(kind(address))
            return None

    def _snapshot(self, address: str, mine: str, state: Any) -> None:
        row = self._log.snapshot(address)
        if row is not None:
            if mine not in self._codecs:
                self._codecs[mine] = self._codec(mine, state)
            codec = self._codecs[mine]
            self._snapshots += 1
            self._unfit += codec is None or not codec.fits(row)

    def _codec(self, mine: str, state: Any) -> SnapshotCodec | None:
        try:
            return None if state is None else SnapshotCodec(mine, state, self._log.codec)
        except Unstorable:
            return None

    def result(self) -> Comparison:
        """What they came to."""
        undecoded = Counter(each.name for each in self._failures if not each.decodes)
        untaken = Counter(each.name for each in self._failures if each.decodes)
        names = (
            _name_found(name, self._names[name], undecoded[name], untaken[name])
            for name in sorted(self._names)
        )
        kinds = (
            KindFound(each, self._actors[each], self._events[each], each not in self._unknown)
            for each in sorted(self._actors)
        )
        return Comparison(
            self._names.total(), tuple(names), tuple(kinds), tuple(self._failures),
            self._snapshots, self._unfit,
        )  # fmt: skip


def _name_found(name: str, events: int, undecoded: int, untaken: int) -> NameFound:
    steps = (name, *(step.target for step in chain(name)))
    cls = EVENT_CLASSES.get(steps[-1])
    called = "" if cls is None else f"{cls.__module__}.{cls.__qualname__}"
    return NameFound(name, events, called, steps, undecoded, untaken)
