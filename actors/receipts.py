"""The receipts of a family: which commands it has carried out, by id.

Nothing of this is stored: an event's `cause` is the id of its command, so the log tells. It is read
when the first message comes whose id may have been used before, and kept up to date from there. The
last `WINDOW` commands are known with the position of their effect; of older ones only a hash is
kept, 8 bytes each, and the log is searched when a hash is met again.
"""

from __future__ import annotations

import heapq
import itertools
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from ..events.address import family, member
from ..events.errors import RepeatedTooLate
from ..events.log import Log
from ..events.recorded import Recorded
from .behaviour import At, Receipt
from .recovery import stood

if TYPE_CHECKING:
    from .actor import Actor

WINDOW = 1_000
"""A repeated command id gets its first receipt if it is among the last so many of its family."""

Effect: TypeAlias = int
"""The position of a command's first event; the others come right after it."""


class Receipts:
    """The commands of one family that stored events, by id."""

    __slots__ = ("_log", "_older", "_recent", "_root")

    def __init__(self, log: Log, root: str) -> None:
        self._log = log
        self._root = root
        self._recent: dict[str, Effect | None] = {}
        self._older = Hashes()
        for position, cause in self._effects():
            if cause not in self._recent:
                self._recent[cause] = position
                self.forget_oldest()

    def _effects(self) -> Iterator[tuple[int, str]]:
        log, root = self._log, self._root
        members = [root, *(address for address, _ in log.addresses(f"{root}/"))]
        return heapq.merge(*(log.causes(address) for address in members))

    def __contains__(self, command_id: str) -> bool:
        """Whether a command may have been carried out: `again` says whether it was."""
        return command_id in self._recent or command_id in self._older

    def begin(self, command_id: str) -> None:
        """A command was decided; its events are on their way into the log."""
        self._recent[command_id] = None

    def keep(self, command_id: str, effect: Effect) -> None:
        """The events of a command are in the log."""
        self._recent[command_id] = effect

    def undo(self, command_id: str) -> None:
        """Nothing of a command was stored."""
        self._recent.pop(command_id, None)

    def forget_oldest(self) -> None:
        """Keep the effects of at least the last `WINDOW` commands, and of at most twice as many."""
        if len(self._recent) > 2 * WINDOW:
            oldest = list(itertools.islice(self._recent, WINDOW))
            for command_id in oldest:
                del self._recent[command_id]
            self._older.add(oldest)

    def again(self, actor: Actor, command_id: str) -> Receipt | None:
        """The first receipt of a command; None if it was never carried out after all.

        Raises `RepeatedTooLate` where it is older than the window.
        """
        effect = self._recent.get(command_id)
        if effect is not None:
            return receipt_of(self._log, actor.address, actor.behaviour.initial, effect)
        for position, cause in self._effects():
            if cause == command_id:
                raise RepeatedTooLate(actor.address, command_id, position)
        return None


def receipt_of(log: Log, address: str, initial: object, effect: Effect) -> Receipt:
    """The receipt of the command whose first event has this position, for the actor it asked."""
    stored = list(_caused_together(log, family(address), effect))
    events = tuple(
        each.event if each.address == address else At(member(each.address), each.event)
        for each in stored
    )
    last = stored[-1].position
    version, state = stood(log, address, initial, last)
    return Receipt(version, last, events, state)


def _caused_together(log: Log, root: str, effect: Effect) -> Iterator[Recorded]:
    """The events of one command: of one cause, in one family, side by side."""
    recorded = log.scan(after=effect - 1)
    first = next(recorded)
    yield first
    for each in recorded:
        if each.cause != first.cause or family(each.address) != root:
            return
        yield each


class Hashes:
    """Many texts of which only a hash is kept: sorted runs, each at most half of the one before."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        self._runs: list[array[int]] = []

    def __contains__(self, text: str) -> bool:
        """True if it was added; False, with hardly an exception, if it was not."""
        wanted = hash(text)
        return any(
            at < len(run) and run[at] == wanted
            for run in self._runs
            for at in (bisect_left(run, wanted),)
        )

    def add(self, texts: list[str]) -> None:
        """Keep the hashes of these texts."""
        run = sorted(map(hash, texts))
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = sorted([*self._runs.pop(), *run])
        self._runs.append(array("q", run))
