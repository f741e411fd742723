"""Files full of deposits, to be read: many events in few transactions, on either side."""

from __future__ import annotations

from pathlib import Path
from uuid import NAMESPACE_OID, uuid5

from eventsourcing.persistence import StoredEvent

from retold.events.log import Append, Log

from . import bank, library

ACCOUNTS = 100
AT_ONCE = 100
"""Events of one account in a row."""


def write_ours(folder: Path, count: int) -> None:
    """So many deposits, round the accounts; `count` is a multiple of `AT_ONCE`."""
    events = (bank.Deposited(bank.AMOUNT),) * AT_ONCE
    with Log.open(bank.url(folder)) as log:
        for number in range(0, count // AT_ONCE, ACCOUNTS):
            batch = range(number, min(number + ACCOUNTS, count // AT_ONCE))
            log.append(
                *(
                    Append(
                        f"account/{each % ACCOUNTS}", each // ACCOUNTS * AT_ONCE, events,
                        bank.BY, bank.WHY, f"0123456789abcdef.0.{each:x}",
                    )
                    for each in batch
                )
            )  # fmt: skip


def write_peer(folder: Path, count: int) -> None:
    """The same of the library: one deposit as its mapper stores it, with every version in turn."""
    with library.application(folder) as app:
        account = library.Account()
        account.deposit(bank.AMOUNT, bank.BY, bank.WHY)
        stored = app.mapper.to_stored_event(account.collect_events()[1])
        for number in range(0, count, 10_000):
            app.recorder.insert_events(
                [
                    StoredEvent(
                        uuid5(NAMESPACE_OID, str(each % ACCOUNTS)), each // ACCOUNTS + 1,
                        stored.topic, stored.state,
                    )
                    for each in range(number, min(number + 10_000, count))
                ]
            )  # fmt: skip
