"""An application of the `eventsourcing` library, moved over on the database that it has.

`Inherited` says what stands in that database: which aggregate classes there were, which kind of
actor each of them is now, and what each of their topics means. It is opened wherever a log's URL
is, by itself or as `inherited:module:name`. What the library wrote is read as events of ours, with
its versions, order and times; what is written from then on follows it in the same table.

| in the database | in the log |
|---|---|
| originator id, a UUID | `kind/9d3c…` with its dashes |
| originator id, a text | `kind/text`, or as it is where it is such an address already |
| version, notification id | version, position |
| topic | the wire name of the event that it is given |
| `timestamp` | `happened_at`; `recorded_at` is the latest one so far, so that it never runs back |

The classes of the old application are never imported: states are decoded by its transcoder,
compressor and cipher, and that is all of it that has to be there.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
from eventsourcing.persistence import (
    DatetimeAsISO,
    DecimalAsStr,
    InfrastructureFactory,
    InfrastructureFactoryError,
    JSONTranscoder,
    PersistenceError,
    Transcoder,
    Transcoding,
    UUIDAsHex,
)
from eventsourcing.utils import Environment

from ..codec import Codec
from ..errors import BadUrl
from ..fork import check_own
from ..lease import Lease
from ..log_errors import NoSuchLog, NotALog
from ..recorders.schema import check_database, look
from ..transcoder import StrictTranscoder
from .aggregate import OldAggregate
from .journal import InheritedJournal
from .translation import Translator


@attrs.frozen
class Inherited:
    """A database of the `eventsourcing` library, and how to read it as a log.

    `settings` are those that the application ran with (`PERSISTENCE_MODULE`, `SQLITE_DBNAME`,
    `COMPRESSOR_TOPIC`, …); what is missing is taken from the environment, as the library does, and
    `application` is the name that prefixes them, if any (`BANK_SQLITE_DBNAME`). `transcodings` are
    those that it registered beyond the library's own. What begins with one of the topics `left_out`
    is not read at all; any other topic that nobody named raises `UnknownTopic` when it is opened.
    """

    aggregates: Sequence[OldAggregate]
    settings: Mapping[str, str] = attrs.field(factory=dict, kw_only=True)
    application: str = attrs.field(default="", kw_only=True)
    transcodings: Sequence[Transcoding] = attrs.field(default=(), kw_only=True)
    left_out: Sequence[str] = attrs.field(default=(), kw_only=True)

    def open_journal(
        self, read_only: bool, settings: Mapping[str, str]
    ) -> tuple[InheritedJournal, Codec]:
        """The journal over the database, which has to be there, and the codec of its new rows.

        A writer takes the lease of an SQLite file, which other writers of ours respect; processes
        of the library do not know it. Raises `NoSuchLog`, `NotALog`, `LogInUse`, `LogReadOnly`,
        `BadUrl` for settings that name no database; `UnknownTopic`, `Undecodable` and
        `CorruptedRow` for what stands in it.
        """
        environment = {**os.environ, **self.settings, **settings}
        asked = Environment(self.application, environment)
        path, is_file = _path(asked)
        lease = Lease(path) if is_file and not read_only else None
        if lease is not None:
            lease.acquire(lambda: "another system")
        try:
            return self._opened(path, asked, environment, lease)
        except BaseException:
            if lease is not None:
                lease.release()
            raise

    def _opened(
        self, path: str, asked: Environment, environment: dict[str, str], lease: Lease | None
    ) -> tuple[InheritedJournal, Codec]:
        by_uuid = asked.get("ORIGINATOR_ID_TYPE", "uuid").lower() == "uuid"
        # Its ids are read as they are stored, because ours stand beside them.
        text = Environment(self.application, {**environment, **_as_text(asked)})
        try:
            factory = InfrastructureFactory.construct(text)
        except (InfrastructureFactoryError, OSError) as error:
            raise BadUrl(path, str(error)) from error
        try:
            codec = Codec.of(factory)
            translator = Translator(
                self.aggregates, self.left_out, self._transcoder(factory), codec, by_uuid=by_uuid
            )
            recorder = factory.application_recorder()
            journal = InheritedJournal(recorder, path, translator, factory.close, lease)
            journal.last_position()
        except (PersistenceError, sqlite3.Error) as error:
            factory.close()
            reason = f"the eventsourcing library cannot read it as one of its own ({error})"
            raise NotALog(path, reason) from error
        except BaseException:
            factory.close()
            raise
        return journal, codec

    def _transcoder(self, factory: InfrastructureFactory[Any]) -> Transcoder:
        transcoder = factory.transcoder()
        if isinstance(transcoder, JSONTranscoder | StrictTranscoder):
            for each in (UUIDAsHex(), DecimalAsStr(), DatetimeAsISO(), *self.transcodings):
                transcoder.register(each)
        return transcoder


def _as_text(asked: Environment) -> dict[str, str]:
    """Settings that win over those of the application: nothing is created, ids are text."""
    return {
        key: value
        for setting, value in (("ORIGINATOR_ID_TYPE", "text"), ("CREATE_TABLE", "no"))
        for key in asked.create_keys(setting)
    }


def _path(asked: Environment) -> tuple[str, bool]:
    """What to call the database, and whether that is a file; one that is not there is not made."""
    file = asked.get("SQLITE_DBNAME")
    if not file:
        return f"module:{asked.get('PERSISTENCE_MODULE', 'eventsourcing.popo')}", False
    if file.startswith("file:") or ":memory:" in file:
        return file, False
    if not os.path.exists(file):
        raise NoSuchLog(file)
    check_own(file)
    check_database(file)
    if _is_ours(file):
        raise NotALog(file, "it is a log already: open it as sqlite:///…")
    return file, True


def _is_ours(file: str) -> bool:
    try:
        return look(file)
    except NotALog:
        return False
