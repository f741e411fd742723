"""A trial of one actor: its events decoded as they are now, and taken by its state one by one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from ..events.errors import BadFold, RetoldError
from ..events.fold import fold
from ..events.journal import StoredRow
from ..events.log import Log
from ..events.log_errors import CorruptedRow, Undecodable, UnknownEvent
from ..events.names import EVENT_CLASSES
from ..events.parcel import unseal
from .pending import Pending


@attrs.frozen
class Failure:
    """An event that would not decode, or that its actor's state would not take.

    One that holds a command which is not done with does not decode where the command does not.

    `behind` is the position of an earlier event of the actor that failed, without which this one
    might not; 0 where there is none, and for all that does not decode. `name` is empty for a row
    that cannot be read at all.
    """

    position: int
    address: str
    version: int
    name: str
    reason: str
    decodes: bool = False
    behind: int = 0


class Trial:
    """Takes one actor over its events up to a position of the log.

    `initial` is the state it began from, None where nobody knows: then its events are decoded and
    that is all.
    """

    def __init__(self, log: Log, address: str, initial: Any, upto: int) -> None:
        self._log = log
        self._address = address
        self._initial = initial
        self._state = initial
        self._upto = upto
        self._behind = 0
        self._last: tuple[int, int, str] = (0, 0, "")
        self._pending = Pending()

    def run(self) -> Iterator[tuple[str, Failure | None]]:
        """The wire name of each event, by version, and what is wrong with it if something is."""
        for row in self._rows():
            failure = self._lost(row) if isinstance(row, CorruptedRow) else self._take(row)
            if failure is not None:
                self._behind = self._behind or failure.position
            yield "" if isinstance(row, CorruptedRow) else row[3], failure

    def folded(self) -> Failure | None:
        """What is wrong with the `fold` of a state that has one of its own, over all events.

        Asked after `run`, and only where that found nothing: it is what a recovery does.
        """
        if self._behind or not hasattr(self._initial, "fold"):
            return None
        try:
            fold(self._initial, self._log.codec.events(self._passing()))
        except Exception as error:  # noqa: BLE001 - a state is somebody else's code
            return self._failed(f"its state's fold fails here: {_words(error)}")
        return None

    def kept(self) -> Iterator[Failure]:
        """The events with a command that is not done with and could not be made again.

        Asked after `run`: a saga that is under way, or a letter that waits, would come to nothing.
        """
        for each in self._pending.of(self._state):
            try:
                unseal(each.command)
            except Exception as error:  # noqa: BLE001 - a command is somebody else's code
                position, _, version, name, _ = each.row
                reason = f"a command in it is not done with: {_words(error)}"
                yield Failure(position, self._address, version, name, reason)

    def _rows(self) -> Iterator[StoredRow | CorruptedRow]:
        """The rows; for a damaged one the error that says so, and then those after it."""
        after = 0
        while True:
            try:
                for row in self._log.journal.rows(self._address, after):
                    if row[0] > self._upto:
                        return
                    after = row[2]
                    yield row
                return
            except CorruptedRow as error:
                yield error
                if not error.position or error.version <= after:
                    return  # nothing after it can be read
                after = error.version

    def _passing(self) -> Iterator[StoredRow]:
        for row in self._log.journal.rows(self._address):
            if row[0] > self._upto:
                return
            self._last = row[0], row[2], row[3]
            yield row

    def _lost(self, error: CorruptedRow) -> Failure:
        return Failure(error.position, self._address, error.version, "", str(error))

    def _take(self, row: StoredRow) -> Failure | None:
        self._last = row[0], row[2], row[3]
        try:
            event = self._log.codec.decode(*row).data
        except RetoldError as error:
            return Failure(row[0], self._address, row[2], row[3], _words(error))
        if self._initial is None:
            return None
        self._pending.note(row, event)
        try:
            after = self._state.evolve(event)
        except Exception as error:  # noqa: BLE001 - a state is somebody else's code
            return self._failed(f"its state does not take it: {_words(error)}")
        if after is None:
            return self._failed(str(BadFold(type(self._state).__qualname__, event)))
        self._state = after
        return None

    def _failed(self, reason: str) -> Failure:
        position, version, name = self._last
        return Failure(
            position, self._address, version, name, reason, decodes=True, behind=self._behind
        )


def _words(error: Exception) -> str:
    """What is wrong, without the event's name and place: those stand beside it."""
    match error:
        case UnknownEvent(name=name):
            later = [
                each for each in EVENT_CLASSES if each.startswith(f"{name.rpartition('.')[0]}.")
            ]
            known = f"; there is {', '.join(sorted(later))}" if later else ""
            return f"neither a class nor an upcaster is registered for it{known}"
        case Undecodable(field=field, reason=reason):
            return f"field {field!r}: {reason}" if field else reason
        case RetoldError():
            return str(error)
    return f"{type(error).__name__}: {error}"
