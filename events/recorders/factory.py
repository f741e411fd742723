"""The way in for an `Application` of the eventsourcing library: our file, its settings.

`PERSISTENCE_MODULE` names this module, `SQLITE_DBNAME` the file. `ORIGINATOR_ID_TYPE` is `uuid`
(the library's default) or `text`; with `CREATE_TABLE` off, the file has to be there.
"""

from __future__ import annotations

from typing import TypeVar, cast

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    ProcessRecorder,
    Recorder,
)
from eventsourcing.utils import Environment, EnvType, resolve_topic, strtobool

from . import schema
from .library import (
    OriginatorIds,
    StoreAggregateRecorder,
    StoreApplicationRecorder,
    StoreProcessRecorder,
    StoreTrackingRecorder,
)
from .opening import open_file
from .table import SqliteTable

R = TypeVar("R", bound=Recorder)


class SqliteFactory(InfrastructureFactory[StoreTrackingRecorder]):
    """Recorders over one file, which stays open, with its lease, until `close`."""

    SQLITE_DBNAME = "SQLITE_DBNAME"
    ORIGINATOR_ID_TYPE = "ORIGINATOR_ID_TYPE"
    CREATE_TABLE = "CREATE_TABLE"

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._originator_ids: OriginatorIds = self._id_type()
        creates = strtobool(self.env.get(self.CREATE_TABLE) or "yes")
        self._connections = open_file(self._file(), create=bool(creates))

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """A recorder with a table of its own for each purpose, as for snapshots."""
        table = f"stored_{purpose}"
        store = SqliteTable(self._connections, table)
        if table != schema.EVENTS:
            self._connections.write(lambda c, _: c.execute(schema.events_table(table)))
        return StoreAggregateRecorder(store, self._originator_ids)

    def application_recorder(self) -> ApplicationRecorder:
        """The recorder of an application."""
        recorder = self._class(self.APPLICATION_RECORDER_TOPIC, StoreApplicationRecorder)
        return recorder(SqliteTable(self._connections), self._originator_ids)

    def tracking_recorder(
        self, tracking_recorder_class: type[StoreTrackingRecorder] | None = None
    ) -> StoreTrackingRecorder:
        """The recorder of a projection."""
        recorder = tracking_recorder_class or self._class(
            self.TRACKING_RECORDER_TOPIC, StoreTrackingRecorder
        )
        return recorder(SqliteTable(self._connections))

    def process_recorder(self) -> ProcessRecorder:
        """The recorder of an application that processes another's events."""
        recorder = self._class(self.PROCESS_RECORDER_TOPIC, StoreProcessRecorder)
        return recorder(SqliteTable(self._connections), self._originator_ids)

    def close(self) -> None:
        """Close the file and give back its lease; a second call does nothing."""
        self._connections.close()

    def _file(self) -> str:
        name = self.env.get(self.SQLITE_DBNAME)
        if not name:
            keys = ", ".join(self.env.create_keys(self.SQLITE_DBNAME))
            raise OSError(f"Name the SQLite file in one of: {keys}")
        if ":memory:" in name or "mode=memory" in name or name.startswith("file:"):
            raise OSError(f"{self.SQLITE_DBNAME} is the path of a file, not {name!r}")
        return name

    def _id_type(self) -> OriginatorIds:
        given = self.env.get(self.ORIGINATOR_ID_TYPE, "uuid").lower()
        if given not in ("uuid", "text"):
            raise OSError(f"{self.ORIGINATOR_ID_TYPE} is 'uuid' or 'text', not {given!r}")
        return cast(OriginatorIds, given)

    def _class(self, topic: str, ours: type[R]) -> type[R]:
        named = self.env.get(topic)
        if not named:
            return ours
        found = resolve_topic(named)
        if not (isinstance(found, type) and issubclass(found, ours)):
            raise TypeError(f"{topic} names {named}, which is no {ours.__name__}")
        return found
