"""What can be asked of a log without writing it: by address, by position, as it grows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

from .address import check
from .clock import Clock
from .codec import Codec
from .following.follower import Follower, check_place
from .following.latest import Latest
from .following.subscription import Subscription, Subscriptions
from .journal import Journal, SnapshotRow
from .point import Point
from .recorded import Recorded


class Reading:
    """The reading side of a log. Every read is short, and sees whole transactions only."""

    def __init__(self, journal: Journal, codec: Codec, clock: Clock) -> None:
        self.codec = codec
        self.clock = clock
        self._journal = journal
        self.latest = Latest(lambda after: self._journal.scan(after), codec)
        """What its followers read last, for all of them."""
        self.subscriptions = Subscriptions(self)
        """The durable subscriptions of this log, to list, pause and remove."""

    @property
    def path(self) -> str:
        """What to call this log in messages."""
        return self._journal.path

    @property
    def journal(self) -> Journal:
        """The store under this log, for those who measure it."""
        return self._journal

    def read(self, address: str, *, after: int = 0, upto: int | None = None) -> Iterator[Recorded]:
        """The events of one address with `after < version <= upto`, by version."""
        recorded = self.codec.recorded
        for row in self._journal.rows(check(address), after, upto):
            yield recorded(*row)

    def events(self, address: str, *, after: int = 0, upto: int | None = None) -> Iterator[Any]:
        """The bare events of one address, by version: what a fold needs, and no more."""
        return self.codec.events(self._journal.rows(address, after, upto))

    def causes(self, address: str, *, after: int = 0) -> Iterator[tuple[int, str]]:
        """Position and cause of the events of one address with `after < version`, by version."""
        for row in self._journal.rows(address, max(after, 0)):
            yield row[0], self.codec.stamp(*row).cause

    def scan(
        self,
        *,
        after: int = 0,
        upto: int | None = None,
        recorded: tuple[datetime | None, datetime | None] = (None, None),
        happened: tuple[datetime | None, datetime | None] = (None, None),
    ) -> Iterator[Recorded]:
        """All events with `after < position <= upto`, by position.

        `recorded` and `happened` are periods (from, until), both ends included, None for open; a
        moment without a zone is UTC. A period of `recorded_at` is found by bisection; one of
        `happened_at`, which has no order in the log, by reading. Raises `BadPoint` for what is no
        moment.
        """
        start, end = map(_moment, recorded)
        world = tuple(map(_moment, happened))
        if start is not None:
            after = max(after, self._first_recorded(start) - 1)
        for row in self._journal.scan(after, upto):
            each = self.codec.recorded(*row)
            if end is not None and each.recorded_at > end:
                return
            if _within(each.happened_at, *world):
                yield each

    def _first_recorded(self, moment: datetime) -> int:
        """The lowest position whose event was recorded at or after `moment`."""
        low, high = 1, self.last_position() + 1
        while low < high:
            middle = (low + high) // 2
            row = next(self._journal.scan(middle - 1), None)
            if row is None or self.codec.stamp(*row).recorded_at >= moment:
                high = middle
            else:
                low = row[0] + 1
        return low

    def rows(self, after: int = 0, upto: int | None = None) -> Iterator[Any]:
        """The rows as stored, undecoded, by position: for verification and export."""
        return self._journal.scan(after, upto)

    def follow(self, after: int = 0, *kinds: str) -> Follower:
        """Every event after a position, and every later one as it is stored; of these kinds of
        actors, or of all.

        `for each in log.follow(120, "account")`, `async for`, or `.call(callback)`. In the order of
        the log, each exactly once; it never holds a writer up. Raises TypeError for a position that
        is not an int and a kind that is not a name.
        """
        check_place("follow(position, kinds…)", after, kinds)
        return Follower(self, after, kinds)

    def subscribe(self, name: str, *kinds: str, after: int = 0) -> Subscription:
        """Go on with a durable subscription, or begin one after a position.

        Raises as `Subscriptions.open` does.
        """
        return self.subscriptions.open(name, *kinds, after=after)

    def snapshot(self, address: str) -> SnapshotRow | None:
        """The last snapshot of an address, as it was kept; nothing that reads events uses it."""
        return self._journal.snapshot(address)

    def origin(self) -> str:
        """What tells this log from any other: a digest of its first row, empty without one."""
        row = next(self._journal.scan(0, None), None)
        return sha256(repr(row).encode()).hexdigest()[:16] if row is not None else ""

    def last_position(self) -> int:
        """The highest position, 0 for an empty log."""
        return self._journal.last_position()

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no events."""
        return self._journal.version(address)

    def addresses(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix`, and its last version, by address."""
        return self._journal.addresses(prefix)


def _moment(given: datetime | None) -> datetime | None:
    return None if given is None else Point(recorded=given).recorded


def _within(moment: datetime, start: datetime | None, end: datetime | None) -> bool:
    return (start is None or moment >= start) and (end is None or moment <= end)
