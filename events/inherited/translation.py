"""From a row of the `eventsourcing` library to a row of ours.

The fields of an event are decoded by the library's transcoder and written again as an envelope, by
the names and types of the event class that its topic means now; the codec then reads them like any
other row, and says which field it is that does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import attrs
import msgspec
from eventsourcing.persistence import Transcoder

from ..address import address, check, kind
from ..codec import Codec
from ..errors import BadAddress
from ..log_errors import Undecodable, UnknownTopic
from ..names import wire_name
from ..recorded import Tail
from .aggregate import Meaning, OldAggregate

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
"""The time given to events that carry none and precede all that do."""

_OURS = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*")
_BEGINNING = b'{"recorded_at":'
_OF_THE_LIBRARY = ("timestamp", "originator_topic", "class_version")
_UUID = re.compile("[0-9a-f]{32}")
_encode = msgspec.json.Encoder().encode


class _Typed(msgspec.Struct):
    kind: str = msgspec.field(name="_type_")
    moment: datetime = msgspec.field(name="_data_")


class _Timed(msgspec.Struct):
    timestamp: _Typed


_timed = msgspec.json.Decoder(_Timed).decode


class Translator:
    """Tells rows of the library from ours, and makes envelopes of theirs."""

    def __init__(
        self,
        aggregates: Sequence[OldAggregate],
        left_out: Sequence[str],
        transcoder: Transcoder,
        codec: Codec,
        *,
        by_uuid: bool,
    ) -> None:
        self.codec = codec
        self._transcoder = transcoder
        self._by_uuid = by_uuid
        self._left_out = tuple(left_out)
        self._meanings = [(each, each.meanings()) for each in aggregates]
        self._topics = {topic for _, meanings in self._meanings for topic in meanings}

    def is_left_out(self, topic: str) -> bool:
        """Whether rows of this topic are not read at all."""
        return any(topic == each or topic.startswith(f"{each}.") for each in self._left_out)

    def is_ours(self, topic: str, state: bytes) -> bool:
        """Whether a row was written by us: its topic is a wire name, and was not one before."""
        if not _OURS.fullmatch(topic):
            return False
        return topic not in self._topics or self.codec.unpacked(state).startswith(_BEGINNING)

    def heir(self, originator: str, version: int, topic: str, state: bytes) -> Heir:
        """What an originator is now, by its first event; raises `UnknownTopic` for nothing."""
        found = [pair for pair in self._meanings if topic in pair[1]]
        if len(found) > 1:
            named = self.fields(originator, version, topic, state).get("originator_topic")
            found = [pair for pair in found if pair[0].topic == named]
        if len(found) != 1:
            raise UnknownTopic(topic, originator, version)
        aggregate, meanings = found[0]
        return Heir(self._address(aggregate.kind, originator), aggregate, meanings)

    def fields(self, where: str, version: int, topic: str, state: bytes) -> dict[str, Any]:
        """The fields of an event as the library decodes them. Raises `Undecodable`."""
        try:
            fields = self._transcoder.decode(self.codec.unpacked(state))
        except Exception as error:
            raise Undecodable(topic, "", str(error), where, version) from error
        if not isinstance(fields, dict):
            raise Undecodable(topic, "", "its state has no fields", where, version)
        return fields

    def moment(self, where: str, version: int, topic: str, state: bytes) -> datetime | None:
        """When the library says that an event happened, in UTC; None where it does not say."""
        try:
            found = _timed(self.codec.unpacked(state)).timestamp
            if found.kind == "datetime_iso":
                return _in_utc(found.moment)
        except Exception:  # noqa: BLE001 - stored in another way, or not to be read: told below
            pass
        return _moment(self.fields(where, version, topic, state))

    def envelope(
        self, heir: Heir, version: int, topic: str, state: bytes, recorded_at: datetime | None
    ) -> tuple[str, bytes]:
        """Wire name and state of the row that an old one is read as."""
        fields = self.fields(heir.address, version, topic, state)
        meaning = heir.meanings[topic]
        moment = _moment(fields)
        happened = moment if recorded_at is not None and moment != recorded_at else None
        try:
            by, why = heir.aggregate.by(fields), heir.aggregate.why(fields)
            if isinstance(meaning, type):
                name = str(wire_name(meaning))
                data: Any = _ordered(meaning, fields)
                tail = _encode(Tail(by, data, why, "", happened))
            else:
                name, tail, _ = self.codec.encode(meaning(fields), by, why, "", happened)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            raise Undecodable(topic, "", reason, heir.address, version) from error
        return name, self.codec.seal([tail], recorded_at or moment or NEVER)[0]

    def _address(self, kind_now: str, originator: str) -> str:
        if self._by_uuid and _UUID.fullmatch(originator):
            return address(kind_now, str(UUID(originator)))
        if originator.count("/") == 1 and _is_address(originator) and kind(originator) == kind_now:
            return originator
        return address(kind_now, originator)


@attrs.frozen
class Heir:
    """What an originator of the library is now: its address, and what its topics mean."""

    address: str
    aggregate: OldAggregate
    meanings: Mapping[str, Meaning]


def _is_address(text: str) -> bool:
    """Whether a text is an address."""
    try:
        check(text)
    except BadAddress:
        return False
    return True


def _ordered(cls: type, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an event in the order of its class, so that they are read the short way."""
    kept = {key: value for key, value in fields.items() if key not in _OF_THE_LIBRARY}
    names = [field.name for field in attrs.fields(cls)]
    own = {name: fields[name] for name in names if name in fields}
    return own | kept


def _moment(fields: Mapping[str, Any]) -> datetime | None:
    found = fields.get("timestamp")
    if isinstance(found, str):
        found = datetime.fromisoformat(found)
    return _in_utc(found) if isinstance(found, datetime) else None


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
