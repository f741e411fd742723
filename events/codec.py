"""Between events and the bytes of a row, checked at both ends.

Writing: an event is encoded, decoded again and compared; what would not come back equal (NaN, a
list where a tuple is due, a number of the wrong type) is refused before anything is stored. The
decoded copy is what the caller goes on with, so nothing that he holds can change what was stored.

Reading: a row is decoded by its type and encoded again; what was not written by this shape to the
letter is looked at closely, and an unknown key is refused with its name. A row of an older version
goes through its upcasters first, and is then read as if it were of the newest.

Compression and encryption are the `eventsourcing` library's own (`COMPRESSOR_TOPIC`,
`CIPHER_TOPIC`, `CIPHER_KEY`), applied in that order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec
from eventsourcing.persistence import Cipher, Compressor, InfrastructureFactory
from eventsourcing.utils import TopicError

from .errors import Unstorable
from .explain import (
    alike,
    check_texts,
    damage,
    difference,
    refusal,
    storable_moment,
    unread,
)
from .journal import StoredRow
from .log_errors import BadSettings, CorruptedRow, Undecodable, UnknownEvent
from .names import CURRENT_CLASSES, EVENT_CLASSES, wire_name
from .recorded import Envelope, Recorded, Stamp, Tail
from .shape import FAULTS, Shape, shape_of
from .upcast import UPCASTERS, steps_of
from .upcasting import after, upcasted

_stamp = msgspec.json.Decoder(Stamp).decode
_json = msgspec.json.Encoder().encode


class Codec:
    """Encodes events into tails, seals tails into rows' states, decodes rows into envelopes."""

    __slots__ = ("_by_class", "_by_name", "_cipher", "_compressor", "_unsealed", "plain")

    def __init__(self, compressor: Compressor | None = None, cipher: Cipher | None = None) -> None:
        self._compressor = compressor
        self._cipher = cipher
        self.plain = compressor is None and cipher is None
        self._by_class: dict[type, tuple[str, Shape]] = {}
        self._by_name: dict[str, tuple[type, Shape]] = {}
        self._unsealed = self if self.plain else Codec()

    @classmethod
    def of(cls, factory: InfrastructureFactory[Any]) -> Codec:
        """With the compressor and cipher of the library's settings; `BadSettings`."""
        try:
            return cls(factory.compressor(), factory.cipher())
        except (TopicError, OSError, ValueError, TypeError) as error:
            lacking = str(getattr(error.__cause__, "name", ""))
            install = "; pip install 'retold[crypto]'" if lacking.startswith("Crypto") else ""
            raise BadSettings(f"{error}{install}") from error

    def encode(
        self, event: Any, by: str, why: str, cause: str, happened_at: datetime | None = None
    ) -> tuple[str, bytes, Any]:
        """The wire name, the tail of the row's state, and the event as it will be read back.

        Raises `Unstorable`, naming event and field, where it would not be read back equal.
        """
        known = self._by_class.get(type(event))
        name, shape = known or self._meet(event)
        if not (type(by) is type(why) is type(cause) is str):
            check_texts(name, by=by, why=why, cause=cause)
        if happened_at is not None:
            happened_at = storable_moment(name, happened_at)
        try:
            tail = shape.write(Tail(by, event, why, cause, happened_at))
            if shape.exact(event):
                return name, tail, event
            copy = shape.read_tail(tail).data
            if copy == event or alike(event, copy):
                return name, tail, copy
        except FAULTS as error:
            raise refusal(name, event, error) from error
        raise difference(name, event, copy)

    def seal(self, tails: list[bytes], recorded_at: datetime) -> list[bytes]:
        """The states of rows: each tail behind the stamp, compressed and encrypted if so set."""
        head = b'{"recorded_at":' + _json(recorded_at) + b","
        states = [head + tail[1:] for tail in tails]
        if self._compressor is not None:
            states = [self._compressor.compress(state) for state in states]
        if self._cipher is not None:
            states = [self._cipher.encrypt(state) for state in states]
        return states

    def packed(self, data: bytes) -> bytes:
        """Bytes of any kind as they are stored: compressed and encrypted if so set."""
        if self._compressor is not None:
            data = self._compressor.compress(data)
        return data if self._cipher is None else self._cipher.encrypt(data)

    def unpacked(self, data: bytes) -> bytes:
        """What was given to `packed`; raises what the cipher or compressor raises."""
        if self._cipher is not None:
            data = self._cipher.decrypt(data)
        return self._compressor.decompress(data) if self._compressor else data

    def decode(
        self, position: int, address: str, version: int, name: str, state: bytes
    ) -> Envelope[Any]:
        """The envelope of a row.

        The event of a wire name that has an upcaster is of the newest class, over all the steps to
        it. Raises `UnknownEvent` for a wire name without a class, `CorruptedRow` where the state is
        no envelope at all, `Undecodable` where it does not fit the class or an upcaster fails.
        """
        known = self._by_name.get(name)
        if known is None or known[0] is not CURRENT_CLASSES.get(name):
            if name in UPCASTERS:
                return self._upcast(position, address, version, name, state)
            known = self._learn(name, address, version)
        cls, shape = known
        if not self.plain:
            state = self._open(position, address, version, state)
        try:
            envelope = shape.read(state)
            again = shape.write(envelope)
        except Exception as error:  # a class may have code of its own
            raise damage(position, address, version, name, state, error) from error
        if again != state and (field := unread(state, again)):
            reason = f"{cls.__qualname__} has no such field"
            raise Undecodable(name, field, reason, address, version)
        return envelope

    def _upcast(
        self, position: int, address: str, version: int, name: str, state: bytes
    ) -> Envelope[Any]:
        steps = steps_of(name)
        if not self.plain:
            state = self._open(position, address, version, state)
        state = upcasted(steps, position, address, version, state)
        try:
            return self._unsealed.decode(position, address, version, steps[-1].target, state)
        except Undecodable as error:
            raise after(steps, error) from error

    def events(self, rows: Iterable[StoredRow]) -> Iterator[Any]:
        """The events of rows, and nothing else of them: what a replay needs; raises as `decode`.

        A row that was written to the letter takes the short way, any other `decode`.
        """
        last, shape = "", None
        for row in rows:
            if row[3] != last:
                last, shape = row[3], self._exactly(row[3])
            if shape is not None:
                try:
                    envelope = shape.read(row[4])
                    if shape.write(envelope) == row[4]:
                        yield envelope.data
                        continue
                except Exception:  # noqa: BLE001 - told in full by `decode`
                    pass
            yield self.decode(*row).data

    def _exactly(self, name: str) -> Shape | None:
        """The shape of a wire name, if it is known and rows are stored as they were written."""
        known = self._by_name.get(name)
        if known is None or known[0] is not CURRENT_CLASSES.get(name) or not self.plain:
            return None
        return known[1]

    def recorded(
        self, position: int, address: str, version: int, name: str, state: bytes
    ) -> Recorded:
        """A row as a `Recorded`; raises as `decode` does."""
        found = self.decode(position, address, version, name, state)
        return Recorded(
            position, address, version, name, found.data, found.recorded_at,
            found.happened_at or found.recorded_at, found.by, found.why, found.cause,
        )  # fmt: skip

    def all_recorded(self, rows: Iterable[StoredRow]) -> Iterator[Recorded]:
        """Rows as `Recorded`; raises as `decode` does. What was written to the letter takes the
        short way, as in `events`."""
        last, shape = "", None
        for row in rows:
            position, address, version, name, state = row
            if name != last:
                last, shape = name, self._exactly(name)
            if shape is not None:
                try:
                    found = shape.read(state)
                    if shape.write(found) == state:
                        yield Recorded(
                            position, address, version, name, found.data, found.recorded_at,
                            found.happened_at or found.recorded_at, found.by, found.why,
                            found.cause,
                        )  # fmt: skip
                        continue
                except Exception:  # noqa: BLE001 - told in full by `decode`
                    pass
            yield self.recorded(*row)

    def stamp(self, position: int, address: str, version: int, name: str, state: bytes) -> Stamp:
        """When a row was recorded and what caused it, whatever its event may be."""
        if not self.plain:
            state = self._open(position, address, version, state)
        try:
            return _stamp(state)
        except (ValueError, TypeError) as error:
            raise CorruptedRow(position, address, version, f"it has no stamp: {error}") from error

    def holds(
        self, position: int, address: str, version: int, name: str, state: bytes, tail: bytes
    ) -> bool:
        """Whether a row was made of this very tail."""
        if not self.plain:
            state = self._open(position, address, version, state)
        return state.endswith(tail[1:])

    def _meet(self, event: Any) -> tuple[str, Shape]:
        name = wire_name(type(event))
        if name is None:
            if isinstance(event, type):
                raise Unstorable(event.__qualname__, "", "it is a class, not an event made of it")
            raise Unstorable(type(event).__qualname__, "", "its class is not made by @event")
        if name in UPCASTERS:
            newer = steps_of(name)[-1].target
            raise Unstorable(name, "", f"it is of an older version; events are stored as {newer}")
        known = name, shape_of(type(event), name)
        self._by_class[type(event)] = known
        return known

    def _learn(self, name: str, address: str, version: int) -> tuple[type, Shape]:
        cls = EVENT_CLASSES.get(name)
        if cls is None:
            raise UnknownEvent(name, address, version)
        known = cls, shape_of(cls, name)
        self._by_name[name] = known
        return known

    def _open(self, position: int, address: str, version: int, state: bytes) -> bytes:
        try:
            return self.unpacked(state)
        except Exception as error:
            reason = f"it does not decrypt or decompress ({error}); is it the right key?"
            raise CorruptedRow(position, address, version, reason) from error
