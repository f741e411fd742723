"""The courier of reactions: takes a delivery to its actor, and the answer's command back.

*sent* -> refused -> (`refused` sent back) -> ended
       -> taken -> (`taken` sent back) -> ended
       -> failed -> sent again a little later, `ATTEMPTS` times in all -> ended with the error
       -> not stored (a full disk) -> sent again every `STORAGE_SECONDS`, as often as it takes

A command that was sent before and has its effect is answered with its first receipt. What is broken
off because the system ends does not end: it is found unsettled when the log is opened again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pykka

from ..events.errors import Rejected, RepeatedTooLate, RetoldError, UsedAfterFork
from ..events.log_errors import LogClosed, OutcomeUncertain, StorageFailed
from .behaviour import Receipt
from .delivery import Delivery, Ending, Part, check_command
from .logs import about
from .receipts import receipt_of

if TYPE_CHECKING:
    from .system import ActorSystem

DELAYS = (0.1, 1.0, 10.0)
"""Seconds before each attempt after the first."""

STORAGE_SECONDS = 1.0

ATTEMPTS = 1 + len(DELAYS)
"""How often a command that fails is sent in all."""

_log = logging.getLogger("retold")


class Courier:
    """Sends the parts of deliveries, one after the other, each until it is answered."""

    def __init__(self, system: ActorSystem) -> None:
        self._system = system

    def send(self, delivery: Delivery, part: Part) -> None:
        """Put one command of a delivery into its actor's inbox; the rest follows by itself."""
        try:
            check_command(part)
            future = self._system.post(
                part.address,
                part.command,
                by=part.by,
                why=part.why,
                command_id=part.id,
                repeatable=delivery.again,
                cause=delivery.cause(part),
            )
        except (UsedAfterFork, LogClosed):
            return
        except RetoldError as error:  # an address or command that no further attempt can mend
            delivery.end(Ending(delivery, part, error=error))
            return
        future.when_done(lambda: self._answered(delivery, part, future.outcome))

    def _answered(self, delivery: Delivery, part: Part, outcome: Any) -> None:
        answer, error = outcome
        if self._is_the_end(error):
            return
        if isinstance(error, RepeatedTooLate):
            answer, error = self._long_ago(part, error), None
        if isinstance(error, StorageFailed):
            self.later(STORAGE_SECONDS, lambda: self.send(delivery, part))
            return
        if error is not None and not isinstance(error, Rejected):
            self._failed(delivery, part, error)
            return
        try:
            following = delivery.after(part, error or answer)
        except Exception as wrong:  # noqa: BLE001 - `taken` and `refused` are somebody else's code
            delivery.end(Ending(delivery, part, error=wrong))
            return
        if following is not None:
            self.send(delivery, following)
        else:
            delivery.end(Ending(delivery, part, stored=error is None and bool(answer.events)))

    def _is_the_end(self, error: BaseException | None) -> bool:
        if isinstance(error, LogClosed | OutcomeUncertain):
            return True
        return isinstance(error, pykka.ActorDeadError) and self._system.closed

    def _long_ago(self, part: Part, error: RepeatedTooLate) -> Receipt:
        """The receipt of a command that is in the log but no longer in any window."""
        initial = self._system.index.behaviour(part.address).initial
        return receipt_of(self._system.log, part.address, initial, error.position)

    def _failed(self, delivery: Delivery, part: Part, error: BaseException) -> None:
        delivery.attempts += 1
        if delivery.attempts >= ATTEMPTS:
            delivery.end(Ending(delivery, part, error=error))
            return
        delay = DELAYS[delivery.attempts - 1]
        _log.warning(
            "%s: %r (%s) failed and is sent again in %s s: %s",
            part.address, part.command, part.id, delay, error,
            extra=about(part.address, part.command, part.id),
        )  # fmt: skip
        delivery.again = True
        self.later(delay, lambda: self.send(delivery, part))

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something a little later, unless the system has ended by then."""
        clock = self._system.clock
        self._system.dispatcher.wake_at(clock.now() + timedelta(seconds=seconds), clock, work)

    def note(self, address: str, command: Any, why: str) -> None:
        """Send a command of the system's own until it is carried out."""
        future = self._system.post(address, command, by="system", why=why)

        def answered() -> None:
            error = future.outcome[1] if future.outcome else None
            if isinstance(error, StorageFailed):
                self.later(STORAGE_SECONDS, lambda: self.note(address, command, why))

        future.when_done(answered)
