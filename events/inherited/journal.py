"""A table of the `eventsourcing` library with old rows of its own and new ones of ours.

Old rows are translated as they are read. An index, made from the notifications, knows which actor
each originator is, at which positions its rows stand, and when they were recorded; it is made when
the journal is opened, in one pass, and extended from then on.

What was there before keeps its originator id; for a new actor the id is its address. The table
takes a version of an originator once, whoever writes it, so an old process that still runs does no
harm: one of the two is told of the conflict.
"""

from __future__ import annotations

import os
from array import array
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from eventsourcing.persistence import ApplicationRecorder, Notification, StoredEvent

from ..fork import FileId, file_id, keep_for_ever, register
from ..journal import Due, Row, StoredRow
from ..lease import Lease
from ..log_errors import CorruptedRow, NotInherited, UnknownTopic
from ..recorders.adopted import AdoptedJournal, Calls
from .translation import NEVER, Heir, Translator

PIECE = 1000


class Stream:
    """The rows of one originator; `heir` is None where it began as one of ours."""

    __slots__ = ("address", "heir", "originator", "positions")

    def __init__(self, originator: str, address: str, heir: Heir | None) -> None:
        self.originator = originator
        self.address = address
        self.heir = heir
        self.positions = array("q")


class InheritedJournal(AdoptedJournal):
    """A journal over an application recorder of the library whose ids are read as text.

    Durable and ordered as that recorder is; positions are its notification ids and may have gaps.
    Of its errors IntegrityError means that nothing was stored, any other leaves the outcome open.
    """

    def __init__(
        self,
        recorder: ApplicationRecorder,
        path: str,
        translator: Translator,
        close: Callable[[], None],
        lease: Lease | None = None,
    ) -> None:
        super().__init__(recorder, path, close)
        self._translator = translator
        self._lease = lease
        self._last = 0
        self._latest = NEVER
        self._moments: dict[int, datetime] = {}
        """When rows were recorded, where that is not the time they carry."""
        self._by_originator: dict[str, Stream] = {}
        self._by_address: dict[str, Stream] = {}
        self.file = path if os.path.exists(path) else ""
        self._file = file_id(path) if self.file else None
        register(self)

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> Sequence[int]:
        """Store all rows as the recorder does, or none; it has no table of due times."""
        return super().write([(self._originator(row[0]), *row[1:]) for row in rows], due)

    def rows(self, address: str, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows of one address with `after < version <= upto`, by version."""
        self._catch_up()
        stream = self._by_address.get(address)
        if stream is None:
            return
        end = len(stream.positions) if upto is None else min(upto, len(stream.positions))
        after = max(after, 0)
        while after < end:
            stop = min(end, after + PIECE)
            select = self._recorder.select_events
            events = self._ask(select, stream.originator, gt=after, lte=stop)
            for position, event in zip(stream.positions[after:stop], events, strict=True):
                yield self._row(stream, position, event)
            after = stop

    def scan(self, after: int = 0, upto: int | None = None) -> Iterator[StoredRow]:
        """The rows with `after < position <= upto`, by position, read in short pieces."""
        for found in self._pieces(after, upto):
            if found[-1].id > self._seen:
                self._catch_up()
            for each in found:
                if not self._translator.is_left_out(each.topic):
                    yield self._row(self._by_originator[str(each.originator_id)], each.id, each)

    def last_position(self) -> int:
        """The highest position that is read, 0 for none."""
        self._catch_up()
        return self._last

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        self._catch_up()
        stream = self._by_address.get(address)
        return len(stream.positions) if stream else 0

    def addresses(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        self._catch_up()
        with self._lock:
            found = [
                (address, len(stream.positions))
                for address, stream in self._by_address.items()
                if address.startswith(prefix)
            ]
        yield from sorted(found)

    def close(self) -> None:
        """Close the database and give the lease back; a second call does nothing."""
        super().close()
        if self._lease is not None:
            self._lease.release()

    def abandon(self) -> Iterator[FileId]:
        """In a forked child: the database and its lease are the parent's."""
        if not self._calls.closed:
            self._calls = Calls(self.path)
            self._calls.close()
            keep_for_ever(self._recorder)
            if self._lease is not None:
                self._lease.abandon()
            if self._file is not None:
                yield self._file

    def _pieces(self, after: int, upto: int | None) -> Iterator[Sequence[Notification]]:
        while True:
            select = self._recorder.select_notifications
            found = self._ask(select, after, PIECE, upto, inclusive_of_start=False)
            if found:
                yield found
                after = found[-1].id
            if len(found) < PIECE:
                return

    def _row(self, stream: Stream, position: int, event: StoredEvent) -> StoredRow:
        version, name, state = event.originator_version, event.topic, event.state
        if stream.heir is not None and not self._translator.is_ours(name, state):
            moment = self._moments.get(position)
            name, state = self._translator.envelope(stream.heir, version, name, state, moment)
        return (position, stream.address, version, name, state)

    def _originator(self, address: str) -> str:
        """What an address is called in the table: as before, or else by itself."""
        stream = self._by_address.get(address)
        if stream is not None:
            return stream.originator
        taken = self._by_originator.get(address)
        if taken is not None:
            reason = f"the originator {address} is there already, as {taken.address}"
            raise NotInherited(self.path, address, reason)
        return address

    def _catch_up(self) -> None:
        with self._lock:
            for found in self._pieces(self._seen, None):
                for each in found:
                    if not self._translator.is_left_out(each.topic):
                        self._take_in(each)
                    self._seen = each.id

    def _take_in(self, row: Notification) -> None:
        originator, version, topic = str(row.originator_id), row.originator_version, row.topic
        ours = self._translator.is_ours(topic, row.state)
        stream = self._by_originator.get(originator) or self._newcomer(originator, row, ours=ours)
        if version != len(stream.positions) + 1:
            due = f"it stands where version {len(stream.positions) + 1} should"
            raise CorruptedRow(row.id, stream.address, version, due)
        if ours:
            moment = self._stamped(stream, row)
        elif stream.heir is None or topic not in stream.heir.meanings:
            raise UnknownTopic(topic, originator, version)
        else:
            moment = self._translator.moment(stream.address, version, topic, row.state)
        if moment is None or moment < self._latest:
            self._moments[row.id] = self._latest
        else:
            self._latest = moment
        stream.positions.append(row.id)
        self._last = row.id
        self._by_originator[originator] = self._by_address[stream.address] = stream

    def _stamped(self, stream: Stream, row: Notification) -> datetime | None:
        """When a row of ours was recorded; None for a damaged one, of which its reader is told."""
        version, name, state = row.originator_version, row.topic, row.state
        try:
            stamp = self._translator.codec.stamp(row.id, stream.address, version, name, state)
        except CorruptedRow:
            return None
        return stamp.recorded_at

    def _newcomer(self, originator: str, row: Notification, *, ours: bool) -> Stream:
        version, topic = row.originator_version, row.topic
        heir = None if ours else self._translator.heir(originator, version, topic, row.state)
        address = originator if heir is None else heir.address
        if "/" not in address:
            raise UnknownTopic(topic, originator, version)
        taken = self._by_address.get(address)
        if taken is not None:
            reason = f"originators {taken.originator} and {originator} would both be called so"
            raise NotInherited(self.path, address, reason)
        return Stream(originator, address, heir)
