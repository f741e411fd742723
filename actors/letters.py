"""The actor `system/dead-letters`, and how what failed for good gets there and out again."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Any, Literal

import attrs

from ..events.dead_letters import DeadLetter, DeadLetterClosed, DeadLetterRecorded, DeadLetters
from ..events.errors import NoSuchLetter, UnknownCommand, Unstorable
from ..events.names import command, is_command
from ..events.parcel import Parcel, seal, unseal
from .behaviour import Behaviour
from .future import Future
from .logs import about

if TYPE_CHECKING:
    from .system import ActorSystem

ADDRESS = "system/dead-letters"
_OF_A_REACTION = re.compile(r"r\.\d+(\.\d+(\.taken|\.refused)?)?")
_SHOWN = 1_000
"""The number of characters of a command that are kept to be shown."""

_log = logging.getLogger("retold")


@attrs.frozen
class Letter:
    """A command with its address and envelope; None for the reaction to an event as a whole."""

    address: str
    command: Any
    by: str
    why: str
    id: str


@command("dead_letter.record")
class RecordLetter:
    """Keep what failed for good."""

    letter: DeadLetter


@command("dead_letter.close")
class CloseLetter:
    """Somebody acted on it: nothing of it waits any more."""

    id: str
    how: Literal["retried", "dropped"]


def decide(letters: DeadLetters, command: Any, _: Any) -> tuple[Any, ...]:
    """Recording what waits already, or closing what does not wait, changes nothing."""
    match command:
        case RecordLetter(letter) if letters.waiting.get(letter.id) != letter:
            return (DeadLetterRecorded(letter),)
        case CloseLetter(id, how) if id in letters.waiting:
            return (DeadLetterClosed(id, how),)
    return ()


behaviour = Behaviour("system", DeadLetters(), decide)


class Letters:
    """The dead letters of a system: record, list, retry, drop."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    def record(self, letter: Letter, error: BaseException, attempts: int) -> Future[Any]:
        """Keep what failed for good in the log; the future is answered when it is there.

        It is reported in any case. What the keeper itself cannot take is reported, and no more.
        """
        _log.error(
            "%s: %r (%s) is a dead letter after %d attempts",
            letter.address, letter.command, letter.id, attempts,
            exc_info=error, extra=about(letter.address, letter.command, letter.id),
        )  # fmt: skip
        if letter.address == ADDRESS:
            unkept: Future[Any] = self._system.dispatcher.future()
            unkept.fail(error)
            return unkept
        kept = DeadLetter(
            letter.id,
            letter.address,
            _parcel(letter.command),
            repr(letter.command)[:_SHOWN],
            str(letter.by),
            str(letter.why),
            f"{type(error).__name__}: {error}",
            attempts,
        )
        return self._keep(kept)

    def _keep(self, letter: DeadLetter) -> Future[Any]:
        return self._system.post(ADDRESS, RecordLetter(letter), by="system", why="dead letter")

    def waiting(self) -> list[DeadLetter]:
        """The letters that wait, the oldest first."""
        found: DeadLetters = self._system.state(ADDRESS)
        return list(found.waiting.values())

    def retry(self, letter_id: str, timeout: float | None = None) -> None:
        """Carry it out now, under its old id, and wait for it up to `timeout` seconds each.

        What belongs to a reaction is sent as the reaction sends it, and its answers go back. Raises
        `NoSuchLetter`, `UnknownCommand`, and what stands in the way now: then the letter goes on
        waiting, with that error.
        """
        letter = self._find(letter_id)
        try:
            for future in self._again(letter):
                future.get(timeout=timeout)
        except Exception as error:
            failed = attrs.evolve(
                letter, error=f"{type(error).__name__}: {error}", attempts=letter.attempts + 1
            )
            self._keep(failed).get(timeout=timeout)
            raise
        self._close(letter_id, "retried")

    def _again(self, letter: DeadLetter) -> list[Future[Any]]:
        if self._system.reactor is not None and _OF_A_REACTION.fullmatch(letter.id):
            return [*self._system.reactor.deliver(letter.id)]
        if letter.command is None:
            raise UnknownCommand(letter.shown, "it has no stored form")
        again, ref = unseal(letter.command), self._system.ref(letter.address, registered=False)
        return [ref.ask(again, by=letter.by, why=letter.why, id=letter.id, block=False)]

    def drop(self, letter_id: str) -> None:
        """Let nobody carry it out any more. A reaction's command counts as refused, for good."""
        self._find(letter_id)
        if self._system.reactor is not None and _OF_A_REACTION.fullmatch(letter_id):
            self._system.reactor.refuse(letter_id, "dropped as a dead letter")
        self._close(letter_id, "dropped")

    def _close(self, letter_id: str, how: Literal["retried", "dropped"]) -> None:
        self._system.ref(ADDRESS, registered=False).ask(CloseLetter(letter_id, how), why=how)

    def _find(self, letter_id: str) -> DeadLetter:
        found: DeadLetters = self._system.state(ADDRESS)
        if letter_id not in found.waiting:
            raise NoSuchLetter(letter_id)
        return found.waiting[letter_id]


def _parcel(command: Any) -> Parcel | None:
    """The stored form of a command, None if it has none."""
    if not is_command(command):
        return None
    try:
        return seal(command)
    except Unstorable:
        return None
