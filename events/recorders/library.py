"""What the `eventsourcing` library asks of a recorder, written once for every store of ours.

A store keeps rows and trackings; these classes say so in the library's words. Addresses are text.
Where an application of the library uses UUIDs, they are stored as hex, as the library does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    ListenNotifySubscription,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
    TrackingRecorder,
)

from ..bells import ThreadBell
from ..journal import Row, StoredRow
from .listeners import Listeners

OriginatorIds: TypeAlias = Literal["text", "uuid"]


class Store(Protocol):
    """Rows and trackings, under one order and one transaction."""

    @property
    def listeners(self) -> Listeners:
        """Who is woken after a commit."""
        ...

    def append(self, rows: Sequence[Row], tracking: Tracking | None = None) -> range:
        """Store rows and tracking together, or nothing; return the positions."""
        ...

    def page(
        self,
        address: str,
        after: int | None = None,
        upto: int | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
    ) -> list[StoredRow]:
        """At most `limit` rows of one address with `after < version <= upto`, from either end."""
        ...

    def notices(
        self, after: int, upto: int | None, names: Sequence[str], limit: int
    ) -> list[StoredRow]:
        """At most `limit` rows with `after < position <= upto`, of these wire names if any."""
        ...

    def last_position(self) -> int:
        """The highest position stored, 0 for none."""
        ...

    def track(self, tracking: Tracking) -> None:
        """Move one tracking forward. Raises IntegrityError where it would not move."""
        ...

    def tracked(self, application: str) -> int | None:
        """How far one application got, None if it never was here."""
        ...


class StoreAggregateRecorder(AggregateRecorder):
    """Stored events by aggregate. Positions are kept, but not told."""

    def __init__(self, store: Store, originator_ids: OriginatorIds = "text") -> None:
        super().__init__()
        self.store = store
        self._by_uuid = originator_ids == "uuid"

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Store all events, or none. Raises IntegrityError for a version already stored."""
        self.store.append(_rows(stored_events))
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The events of one aggregate with `gt < version <= lte`, by version."""
        found = self.store.page(_address(originator_id), gt, lte, descending=desc, limit=limit)
        return [StoredEvent(self._id(a), v, t, s) for _, a, v, t, s in found]

    def _id(self, address: str) -> UUID | str:
        return UUID(address) if self._by_uuid else address


class StoreApplicationRecorder(StoreAggregateRecorder, ApplicationRecorder):
    """Stored events in one order, which others may follow."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Store all events and the `tracking` given beside them, or none; return positions."""
        return list(self.store.append(_rows(stored_events), kwargs.get("tracking")))

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """At most `limit` events from `start` to `stop`, by position."""
        after = 0 if start is None else start - inclusive_of_start
        found = self.store.notices(after, stop, topics, limit)
        return [
            Notification(self._id(address), version, topic, state, position)
            for position, address, version, topic, state in found
        ]

    def max_notification_id(self) -> int | None:
        """The highest position, None where nothing is stored."""
        return self.store.last_position() or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Every event after position `gt`, then each as it is committed in this process."""
        return StoreSubscription(recorder=self, gt=gt, topics=topics)


class StoreTrackingRecorder(TrackingRecorder):
    """How far each upstream application was processed."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move one tracking forward. Raises IntegrityError where it would not move."""
        self.store.track(tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """How far one application got, None if it never was here."""
        return self.store.tracked(application_name)


class StoreProcessRecorder(StoreTrackingRecorder, StoreApplicationRecorder, ProcessRecorder):
    """Stored events and trackings, moved in one transaction."""

    def __init__(self, store: Store, originator_ids: OriginatorIds = "text") -> None:
        StoreApplicationRecorder.__init__(self, store, originator_ids)


class StoreSubscription(ListenNotifySubscription[StoreApplicationRecorder]):
    """Woken by every commit of this process, until stopped."""

    def __init__(
        self, recorder: StoreApplicationRecorder, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        before = self._has_been_notified
        self._has_been_notified = ThreadBell()  # type: ignore[assignment]  # rung by every writer
        recorder.store.listeners.listen(self._has_been_notified)
        # The thread is already pulling: what was committed before we listened must wake it too.
        before.set()
        self._has_been_notified.set()

    def stop(self) -> None:
        """End the iteration and the thread behind it."""
        super().stop()
        self._recorder.store.listeners.unlisten(self._has_been_notified)


def _address(originator_id: UUID | str) -> str:
    return originator_id.hex if isinstance(originator_id, UUID) else originator_id


def _rows(stored_events: Sequence[StoredEvent]) -> list[Row]:
    return [
        (_address(s.originator_id), s.originator_version, s.topic, s.state) for s in stored_events
    ]
