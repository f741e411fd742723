"""Durable named subscriptions: a follower that goes on where its last acknowledgement stands.

A subscription has a name. Its place is kept beside the log, in `FILE-subscriptions`, so a consumer
in any process goes on after the last event that it acknowledged. Delivery is in the order of the
log and at least once: what was handed out and not acknowledged comes again after a crash. One
consumer has a subscription at a time, the last that opened it; the one before learns of it at its
next event or acknowledgement, by `SubscriptionTaken`, and can acknowledge no more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from threading import Lock
from typing import TYPE_CHECKING

import attrs

from ..clock import this_process
from ..errors import NoSuchSubscription, SubscriptionAhead, SubscriptionTaken
from ..journal import Bell, Changes
from ..recorded import Recorded
from ..side_file import MEMORY, SideFile, read
from .follower import Batch, Follower, check_place

if TYPE_CHECKING:
    from ..reading import Reading

_TABLES = (
    "CREATE TABLE IF NOT EXISTS subscriptions ("
    "name TEXT PRIMARY KEY, kinds TEXT NOT NULL, position INTEGER NOT NULL, "
    "paused INTEGER NOT NULL, fence INTEGER NOT NULL, holder TEXT NOT NULL) WITHOUT ROWID"
)
_OPEN = (
    "INSERT INTO subscriptions VALUES (?, ?, ?, 0, 1, ?) ON CONFLICT (name) DO UPDATE "
    "SET kinds = excluded.kinds, fence = fence + 1, holder = excluded.holder"
)
_PLACE = "SELECT position, fence FROM subscriptions WHERE name = ?"
_STATE = "SELECT fence, paused, holder FROM subscriptions WHERE name = ?"
_MOVE = "UPDATE subscriptions SET position = ? WHERE name = ? AND position < ?"
_ALL = "SELECT name, kinds, position, paused, holder FROM subscriptions ORDER BY name"

_AHEAD = "SELECT name FROM subscriptions WHERE position > ? ORDER BY name"
_BACK = "UPDATE subscriptions SET position = ?, fence = fence + 1 WHERE position > ?"

PAUSED_SECONDS = 0.1
"""How soon after `resume` a paused consumer goes on, at the latest."""


@attrs.frozen
class SubscriptionStatus:
    """How a subscription stands: everything up to `position` is acknowledged.

    `lag` counts the positions of the log after it, of whatever kind.
    """

    name: str
    kinds: tuple[str, ...]
    position: int
    lag: int
    paused: bool
    holder: str


class Subscriptions:
    """The named subscriptions of one log. Safe to use from many threads and processes."""

    def __init__(self, log: Reading, file: str | None = None) -> None:
        """`file` is where places are kept: `FILE-subscriptions` if not given, and for a log that is
        in no file the memory of this process."""
        self._log = log
        self._path = file or (places_file(log.journal.file) if log.journal.file else MEMORY)
        self._made: SideFile | None = None
        self._making = Lock()

    @property
    def _file(self) -> SideFile:
        """Made when a place is to be kept, not when somebody looks."""
        with self._making:
            if self._made is None:
                self._made = SideFile(self._path, _TABLES)
            return self._made

    def open(self, name: str, *kinds: str, after: int = 0) -> Subscription:
        """Go on with a subscription, or begin one after a position; takes it from whoever had it.

        Raises `SubscriptionAhead` where the log ends before its place, `StorageFailed` where places
        cannot be kept, ValueError for an empty name and a position that the log has not
        reached, TypeError for what is not a position or not a kind.
        """
        check_place("subscribe(name, kinds…, after=position)", after, kinds)
        _check_name(name)
        last = self._log.last_position()
        with self._file.changing() as connection:
            known = connection.execute(_PLACE, (name,)).fetchone()
            if known is None:
                after = _within(max(after, 0), last)
            elif known[0] > last:
                raise SubscriptionAhead(name, known[0], last)
            holder = this_process(self._log.clock)
            connection.execute(_OPEN, (name, "\n".join(kinds), after, holder))
            (position, fence) = connection.execute(_PLACE, (name,)).fetchone()
        return Subscription(self._log, self, name, kinds, position, fence)

    def __iter__(self) -> Iterator[SubscriptionStatus]:
        """All of them, by name."""
        last = self._log.last_position()
        for name, kinds, position, paused, holder in self._rows():
            of = tuple(kinds.split("\n")) if kinds else ()
            lag = max(0, last - position)
            yield SubscriptionStatus(name, of, position, lag, bool(paused), holder)

    def _there(self) -> bool:
        """Whether any place was ever kept."""
        return self._made is not None or os.path.exists(self._path)

    def _rows(self) -> list[tuple[str, str, int, int, str]]:
        if not self._there():
            return []
        with self._file.reading() if self._path == MEMORY else read(self._path) as connection:
            return connection.execute(_ALL).fetchall()

    def pause(self, name: str) -> None:
        """Hand nothing out under this name until `resume`, in no process."""
        self._change(name, "UPDATE subscriptions SET paused = 1 WHERE name = ?")

    def resume(self, name: str) -> None:
        """Let a paused one go on where it stands."""
        self._change(name, "UPDATE subscriptions SET paused = 0 WHERE name = ?")

    def remove(self, name: str) -> None:
        """Forget one and its place; who still consumes it gets `NoSuchSubscription`."""
        self._change(name, "DELETE FROM subscriptions WHERE name = ?")

    def _change(self, name: str, statement: str) -> None:
        if not self._there():
            raise NoSuchSubscription(name)
        with self._file.changing() as connection:
            if not connection.execute(statement, (name,)).rowcount:
                raise NoSuchSubscription(name)

    def paused(self, name: str, fence: int) -> bool:
        """Whether it is paused. Raises as `acknowledge` does."""
        return _paused(self._file.find(_STATE, (name,)), name, fence)

    def acknowledge(self, name: str, fence: int, position: int) -> None:
        """Note that everything up to a position was dealt with; a lower position changes nothing.

        Raises `SubscriptionTaken` and `NoSuchSubscription`.
        """
        with self._file.changing() as connection:
            _paused(connection.execute(_STATE, (name,)).fetchone(), name, fence)
            connection.execute(_MOVE, (position, name, position))

    def close(self) -> None:
        """Close the file of places; a second call does nothing."""
        if self._made is not None:
            self._made.close()


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise ValueError(f"a subscription has a name, not {name!r}")


def _within(position: int, last: int) -> int:
    if position > last:
        raise ValueError(f"position {position} is beyond the end of the log, {last}")
    return position


def places_file(file: str) -> str:
    """Where the places of the subscriptions of a log in a file are kept."""
    return f"{file}-subscriptions"


def put_back(file: str, position: int) -> tuple[str, ...]:
    """Of a log in a file that will end at `position`: no place stays after that; gives the names.

    Whoever consumed one of them gets `SubscriptionTaken`. Raises `StorageFailed`.
    """
    if not os.path.exists(places_file(file)):
        return ()
    with closing(SideFile(places_file(file), _TABLES)) as kept, kept.changing() as connection:
        names = connection.execute(_AHEAD, (position,)).fetchall()
        connection.execute(_BACK, (position, position))
    return tuple(name for (name,) in names)


def _paused(found: tuple[int, int, str] | None, name: str, fence: int) -> bool:
    if found is None:
        raise NoSuchSubscription(name)
    if found[0] != fence:
        raise SubscriptionTaken(name, found[2])
    return bool(found[1])


class Subscription(Follower):
    """A follower with a name and a place that outlives it; use it as one, and acknowledge.

    While it is paused it hands nothing out. Reading on raises `SubscriptionTaken` and
    `NoSuchSubscription` too.
    """

    def __init__(
        self,
        log: Reading,
        kept: Subscriptions,
        name: str,
        kinds: tuple[str, ...],
        after: int,
        fence: int,
    ) -> None:
        super().__init__(log, after, kinds)
        self.name = name
        self.acknowledged = after
        """Everything up to here was acknowledged."""
        self._kept = kept
        self._fence = fence
        self._handed_out = after
        self._patient = Patient(self._changes)
        self._changes = self._patient

    def _next(self) -> Batch | None:
        self._patient.paused = self._kept.paused(self.name, self._fence)
        if self._patient.paused:
            return None
        if self.position > self.acknowledged >= self._handed_out:
            self.ack(self.position)  # what lies between is of other kinds
        return super()._next()

    def _hand_out(self, each: Recorded) -> Recorded:
        self._handed_out = each.position
        return super()._hand_out(each)

    def ack(self, upto: Recorded | int) -> None:
        """Everything up to this event, or position, was dealt with: it does not come again.

        Raises `SubscriptionTaken`, `NoSuchSubscription`, `StorageFailed`; ValueError for a position
        that the log has not reached, TypeError for what is neither.
        """
        if not isinstance(upto, Recorded | int):
            raise TypeError(f"ack takes an event that was handed out or a position, not {upto!r}")
        position = upto if isinstance(upto, int) else upto.position
        if position > self._handed_out:
            _within(position, self._log.last_position())
        self._kept.acknowledge(self.name, self._fence, position)
        self.acknowledged = max(self.acknowledged, position)


class Patient:
    """News of a journal for a subscription; while that is paused, it looks whether it still is."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self.paused = False

    def listen(self, bell: Bell) -> None:
        """As the journal's."""
        self._changes.listen(bell)

    def unlisten(self, bell: Bell) -> None:
        """As the journal's."""
        self._changes.unlisten(bell)

    def pause(self) -> float | None:
        """As the journal's, but soon while it is paused."""
        return PAUSED_SECONDS if self.paused else self._changes.pause()

    def look(self) -> bool:
        """As the journal's; while it is paused there may always be news."""
        return self._changes.look() or self.paused
