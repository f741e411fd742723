"""The log: every event of every actor, in one order, on disk before anyone is told of it.

`Log.open` takes a URL: `memory:`, `sqlite:///bank.db` (four slashes for an absolute path) or
`module:eventsourcing.sqlite` for any other recorder of that library, which reads its settings from
the environment and from `settings`. Guarantees: versions count 1, 2, 3 … for each address without a
gap; positions increase and are complete for every reader; `recorded_at` never runs backwards along
positions; one `append` is stored whole or not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Self, cast

import attrs
from eventsourcing.persistence import IntegrityError

from .address import check
from .clock import Clock, WallClock
from .closing import Closing
from .codec import Codec
from .fork import Abandoned, FileId, keep_for_ever, register
from .inherited import Inherited
from .journal import Due, Journal, SnapshotRow
from .log_errors import ConcurrencyError, LogReadOnly
from .opening import open_journal
from .reading import Reading
from .upcast import check_chains

TailRow = tuple[str, int, str, bytes]
"""A row whose state still lacks its stamp: address, version, wire name, tail."""


@attrs.frozen
class Append:
    """Events for one address, which must stand at version `expected` when they are stored."""

    address: str
    expected: int
    events: tuple[Any, ...]
    by: str = "system"
    why: str = ""
    cause: str = ""
    happened_at: datetime | None = None


@attrs.frozen
class Stored:
    """What a write came to: the positions of its rows in order, and when it was recorded."""

    positions: Sequence[int]
    recorded_at: datetime


class Log(Reading, Closing):
    """An append-only log of events over a journal. Safe to use from many threads."""

    def __init__(
        self, journal: Journal, codec: Codec, clock: Clock, *, read_only: bool = False
    ) -> None:
        super().__init__(journal, codec, clock)
        self.read_only = read_only
        self._writing = threading.Lock()
        register(self)

    @classmethod
    def open(
        cls,
        url: str | Inherited,
        *,
        read_only: bool = False,
        create: bool = True,
        clock: Clock | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> Self:
        """Open a log by URL; a writer takes the lease of a file, a reader needs none.

        `settings` are those of the `eventsourcing` library (`COMPRESSOR_TOPIC`, `CIPHER_TOPIC`,
        `CIPHER_KEY` and what a module asks for); what is missing is taken from the environment.
        Raises `LogInUse`, `NotALog`, `NewerLog`, `NoSuchLog`, `LogReadOnly`; `BadUrl` for a URL
        of no known scheme; `BadSettings`; `BrokenChain` where upcasters lead nowhere.
        """
        check_chains()
        clock = clock or WallClock()
        journal, codec = open_journal(url, read_only, create, clock, settings or {})
        log = cls(journal, codec, clock, read_only=read_only)
        try:
            log._continue_time()
        except BaseException:
            log.close()
            raise
        return log

    def append(self, *appends: Append) -> Stored:
        """Store events of several addresses in one transaction.

        Raises `ConcurrencyError` where an address does not stand at the expected version,
        `Unstorable` for an event that would not come back equal; nothing is stored then.
        """
        rows: list[TailRow] = []
        for each in appends:
            check(each.address)
            for version, event in enumerate(each.events, each.expected + 1):
                name, tail, _ = self.codec.encode(
                    event, each.by, each.why, each.cause, each.happened_at
                )
                rows.append((each.address, version, name, tail))
        with self._writing:
            for each in appends:
                found = self.version(each.address)
                if found != each.expected:
                    raise ConcurrencyError(each.address, each.expected, found)
            try:
                return self._store(rows)
            except IntegrityError as error:
                first = appends[0]
                raise ConcurrencyError(first.address, first.expected) from error

    def store(self, rows: Sequence[TailRow], due: Sequence[Due] = ()) -> Stored:
        """Stamp, seal and store rows made by `codec.encode`, and due times: the committer's way in.

        Raises the library's `IntegrityError` where an address already has a version, otherwise as
        `Journal.write` does.
        """
        with self._writing:
            return self._store(rows, due)

    def reopen(self) -> None:
        """After a write whose outcome is open, make final what the log holds: `Journal.reopen`."""
        with self._writing:
            self._journal.reopen()

    def _store(self, rows: Sequence[TailRow], due: Sequence[Due] = ()) -> Stored:
        if self.read_only:
            raise LogReadOnly(self.path, "it was opened read-only")
        moment = self.clock.now()
        if not rows and not due:
            return Stored((), moment)
        states = self.codec.seal([row[3] for row in rows], moment)
        sealed = [
            (address, version, name, state)
            for (address, version, name, _), state in zip(rows, states, strict=True)
        ]
        positions = self._journal.write(sealed, due)
        if rows:
            self.latest.wrote(positions, sealed)
        return Stored(positions, moment)

    def save_snapshots(self, rows: Sequence[SnapshotRow]) -> bool:
        """Keep snapshots beside the events; False if the store keeps none."""
        return self._journal.save_snapshots(rows)

    def drop_snapshots(self, addresses: Sequence[str] | None = None) -> None:
        """Forget snapshots, of these addresses or all: it changes nothing but time."""
        self._journal.drop_snapshots(addresses)

    def close(self) -> None:
        """Close the log and give the lease back; a second call does nothing."""
        self.subscriptions.close()
        self._journal.close()

    def abandon(self) -> Iterator[FileId]:
        """In a forked child: every use raises `UsedAfterFork`, closing does nothing."""
        keep_for_ever(self._journal)
        self._journal = cast(Journal, Abandoned(self.path))
        self._writing = threading.Lock()
        return iter(())

    def _continue_time(self) -> None:
        """Let no event be recorded earlier than the last one of the log, if any will be."""
        if self.read_only:
            return
        last = self.last_position()
        row = next(self._journal.scan(last - 1, last), None) if last else None
        if row is not None:
            self.clock.not_before(self.codec.stamp(*row).recorded_at)
