"""The actor `system/dead-letters`, and how a failed command gets there and out again."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

import attrs

from ..events.dead_letters import DeadLetter, DeadLetterClosed, DeadLetterRecorded, DeadLetters
from ..events.errors import NoSuchLetter
from ..events.names import command
from ..events.parcel import pack, unpack
from .behaviour import Behaviour

if TYPE_CHECKING:
    from .behaviour import Receipt
    from .system import ActorSystem

ADDRESS = "system/dead-letters"

_log = logging.getLogger("retold")


@attrs.frozen
class Letter:
    """A command with its address and envelope."""

    address: str
    command: Any
    by: str
    why: str
    id: str


@command
class RecordLetter:
    """Keep a command that failed for good."""

    letter: DeadLetter


@command
class CloseLetter:
    """Somebody acted on it: nothing of it waits any more."""

    id: str
    how: Literal["retried", "dropped"]


def decide(letters: DeadLetters, command: Any, _: Any) -> tuple[Any, ...]:
    """What waits already, or waits no more, changes nothing."""
    match command:
        case RecordLetter(letter) if letter.id not in letters.waiting:
            return (DeadLetterRecorded(letter),)
        case CloseLetter(id, how) if id in letters.waiting:
            return (DeadLetterClosed(id, how),)
    return ()


behaviour = Behaviour("system", DeadLetters(), decide)


class Letters:
    """The dead letters of a system: record, list, retry, drop."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    def record(self, letter: Letter, error: BaseException, attempts: int) -> None:
        """Keep a failed command in the log; it is reported in any case."""
        _log.error(
            "%s: %r (%s) is a dead letter after %d attempts",
            letter.address, letter.command, letter.id, attempts,
            exc_info=error,
        )  # fmt: skip
        if letter.address == ADDRESS:
            return  # the keeper itself fails: the report is all that can be done
        name, body = pack(letter.command)
        kept = DeadLetter(
            letter.id, letter.address, name, body, letter.by, letter.why,
            f"{type(error).__name__}: {error}", attempts,
        )  # fmt: skip
        self._system.post(ADDRESS, RecordLetter(kept), by="system", why="dead letter")

    def waiting(self) -> list[DeadLetter]:
        """Those that wait, the oldest first."""
        found: DeadLetters = self._system.state(ADDRESS)
        return list(found.waiting.values())

    def retry(self, letter_id: str) -> Receipt:
        """Carry the command out now, under its old id; a failure leaves the letter waiting."""
        letter = self._find(letter_id)
        found = unpack(letter.name, letter.body)
        ref = self._system.ref(letter.address)
        receipt = ref.ask(found, by=letter.by, why=letter.why, id=letter.id)
        self._close(letter_id, "retried")
        return receipt

    def drop(self, letter_id: str) -> None:
        """Let nobody carry it out any more."""
        self._find(letter_id)
        self._close(letter_id, "dropped")

    def _close(self, letter_id: str, how: Literal["retried", "dropped"]) -> None:
        self._system.ref(ADDRESS).ask(CloseLetter(letter_id, how), why=how)

    def _find(self, letter_id: str) -> DeadLetter:
        for letter in self.waiting():
            if letter.id == letter_id:
                return letter
        raise NoSuchLetter(letter_id)
