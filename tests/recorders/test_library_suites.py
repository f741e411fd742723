"""The conformance suites of the eventsourcing library, unchanged, over our recorders."""

from __future__ import annotations

import tempfile
from pathlib import Path
from unittest import TestCase

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    InfrastructureFactory,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.tests import persistence as suites
from eventsourcing.utils import Environment, get_topic

from retold.events.recorders import MemoryRecorder, SqliteRecorder
from retold.events.recorders.factory import SqliteFactory
from retold.events.recorders.library import (
    StoreAggregateRecorder,
    StoreApplicationRecorder,
    StoreProcessRecorder,
    StoreTrackingRecorder,
)


class OnFile(TestCase):
    """A fresh file for each test."""

    def setUp(self) -> None:
        """Make the folder that goes away with the test."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = Path(folder.name) / "log.db"

    def create_recorder(self) -> SqliteRecorder:
        """A recorder on that file."""
        recorder = SqliteRecorder.open(self.path, originator_ids="uuid")
        self.addCleanup(recorder.close)
        return recorder


class InMemory(TestCase):
    """A fresh memory for each test."""

    def create_recorder(self) -> MemoryRecorder:
        """A recorder on it."""
        recorder = MemoryRecorder(originator_ids="uuid")
        self.addCleanup(recorder.close)
        return recorder


class TestSqliteAggregates(OnFile, suites.AggregateRecorderTestCase):
    """As a recorder of aggregates, which tells no positions."""

    def create_recorder(self) -> AggregateRecorder:  # type: ignore[override] # the suite's type
        """The aggregate recorder over the same table."""
        return StoreAggregateRecorder(super().create_recorder().store, "uuid")


class TestMemoryAggregates(InMemory, suites.AggregateRecorderTestCase):
    """As a recorder of aggregates, which tells no positions."""

    def create_recorder(self) -> AggregateRecorder:  # type: ignore[override] # the suite's type
        """The aggregate recorder over the same table."""
        return StoreAggregateRecorder(super().create_recorder().store, "uuid")


class TestSqliteApplication(OnFile, suites.ApplicationRecorderTestCase[StoreApplicationRecorder]):
    """As a recorder of an application, subscriptions included."""

    def test_insert_subscribe(self) -> None:
        """A subscriber gets what was stored and what is stored from then on."""
        self.optional_test_insert_subscribe()


class TestMemoryApplication(InMemory, suites.ApplicationRecorderTestCase[StoreApplicationRecorder]):
    """As a recorder of an application, subscriptions included."""

    def test_insert_subscribe(self) -> None:
        """A subscriber gets what was stored and what is stored from then on."""
        self.optional_test_insert_subscribe()


class TestSqliteProcess(OnFile, suites.ProcessRecorderTestCase):
    """Stored events and tracking, together."""


class TestMemoryProcess(InMemory, suites.ProcessRecorderTestCase):
    """Stored events and tracking, together."""


class TestSqliteTracking(OnFile, suites.TrackingRecorderTestCase):
    """Tracking, waited for."""


class TestMemoryTracking(InMemory, suites.TrackingRecorderTestCase):
    """Tracking, waited for."""


class TestSqliteInterleaving(OnFile, suites.NonInterleavingNotificationIDsBaseCase):
    """Two writes at once do not mix their positions."""


class TestMemoryInterleaving(InMemory, suites.NonInterleavingNotificationIDsBaseCase):
    """Two writes at once do not mix their positions."""


class OwnTrackingRecorder(StoreTrackingRecorder):
    """What a user's projection would bring."""


class TestFactory(suites.InfrastructureFactoryTestCase[SqliteFactory]):
    """The factory by which the library's applications find us."""

    def setUp(self) -> None:
        """Name the module and the file, as a user does."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.env = Environment("TestCase")
        self.env[InfrastructureFactory.PERSISTENCE_MODULE] = SqliteFactory.__module__
        self.env[SqliteFactory.SQLITE_DBNAME] = str(Path(folder.name) / "log.db")
        super().setUp()

    def expected_factory_class(self) -> type[SqliteFactory]:
        """Ours."""
        return SqliteFactory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        """Ours."""
        return StoreAggregateRecorder

    def expected_application_recorder_class(self) -> type[StoreApplicationRecorder]:
        """Ours."""
        return StoreApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        """Ours."""
        return StoreTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        """A user's."""
        return OwnTrackingRecorder

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        """Ours."""
        return StoreProcessRecorder

    def test_topics_name_subclasses(self) -> None:
        """A topic that names no subclass of ours is refused."""
        self.env[SqliteFactory.TRACKING_RECORDER_TOPIC] = get_topic(OwnTrackingRecorder)
        assert isinstance(self.factory.tracking_recorder(), OwnTrackingRecorder)
        self.env[SqliteFactory.TRACKING_RECORDER_TOPIC] = get_topic(Path)
        with pytest.raises(TypeError):
            self.factory.tracking_recorder()
