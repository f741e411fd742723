"""Group commit: batches of many families in one transaction, one leader at a time.

The thread that finds nobody committing becomes the leader and commits until nothing waits; a thread
that finds a leader leaves its batch and goes. So one batch alone pays no hand-over, and a thousand
share one fsync. A batch is told exactly once what became of it: `committed`, `conflicted` or
`failed`. Batches are stored in the order in which they were submitted.

What happens when a write goes wrong:

| what the log says | what the committer does |
|---|---|
| a version is taken | each batch of the transaction alone; the one at fault is told `conflicted` |
| nothing was stored (full, read-only, lease lost) | every batch is told `failed` |
| anything else | reopen it, read the rows back: all there, `committed`; not there, `failed` |
| and that fails too | `OutcomeUncertain`, and no more writes until the system is opened again |

A leader that is interrupted (Ctrl-C lands between any two steps) leaves a committer that another
thread leads on: the batches in hand are kept, and what the log holds of them is read back.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from eventsourcing.persistence import IntegrityError

from .errors import RetoldError
from .journal import Due
from .log import Log, Stored, TailRow
from .log_errors import OutcomeUncertain, StorageFailed

_log = logging.getLogger("retold")

Work: TypeAlias = tuple[Any, ...]
"""A piece of work to be done later or elsewhere: a function, and what it is called with."""


def do(work: Work) -> None:
    """Do it here and now."""
    function, *given = work
    function(*given)


MAX_ROWS = 4_096
"""A transaction takes no further batch once it has this many rows."""

MAX_BYTES = 8 * 1024 * 1024
"""Or once its tails have this many bytes."""


MAX_HELD = 1_000
"""At most this many batches wait for turns that are about to be taken."""


class Batch(Protocol):
    """One family's events of one turn. It is told by the leader's thread what became of it.

    After an interrupt a batch may be told the same again; that must have no effect.
    """

    rows: list[TailRow]
    due: list[Due]
    told: bool
    """Set by the batch itself once it has been told."""

    @property
    def size(self) -> int:
        """The bytes of its tails."""
        ...

    @property
    def command_ids(self) -> Sequence[str]:
        """The ids of the commands that it carries, for messages."""
        ...

    def committed(self, positions: Sequence[int], recorded_at: datetime) -> None:
        """The rows are on disk at these positions."""
        ...

    def conflicted(self) -> None:
        """Somebody else wrote one of these versions; nothing of the batch is stored."""
        ...

    def failed(self, error: Exception) -> None:
        """Nothing of the batch is stored; or, with `OutcomeUncertain`, nobody knows."""
        ...


class Committer:
    """Takes batches from any thread and stores them in transactions as large as the load."""

    def __init__(
        self,
        log: Log,
        pass_on: Callable[[Callable[[], None]], None] | None = None,
        leave: Callable[[Work], None] = do,
    ) -> None:
        """`leave` takes, in one step, what an interrupted thread must have done by another."""
        self._log = log
        self._pass_on = pass_on
        self._leave = leave
        self._waiting: deque[Batch] = deque()
        self._in_hand: list[Batch] = []
        self._told = 0
        self._lock = threading.Lock()
        self._leader: object = None
        self._refusing = ""
        self.transactions = 0

    def submit(self, batch: Batch, *, guest: bool = False, hold: bool = False) -> None:
        """Store a batch: at once on this thread if nobody leads, else by the leader.

        A `guest` (a thread that waits for its own batch only) leads one transaction and passes the
        lead on if more waits. With `hold` the batch is left for a transaction that the caller
        leads a little later, once it has taken the turns that are ready too.
        """
        self._waiting.append(batch)
        if self._leader is None and not (hold and len(self._waiting) < MAX_HELD):
            self.lead(guest=guest)

    def refuses(self, batch: Batch) -> bool:
        """Whether writing has stopped for good; then the batch is told so. Even one without rows:
        the states it was decided over may not be what the log holds."""
        if self._refusing:
            self._tell_uncertain(batch)
        return bool(self._refusing)

    def has(self, batch: Batch) -> bool:
        """Whether a batch is waiting or being written."""
        return batch in self._waiting or batch in self._in_hand

    def lead(self, *, guest: bool = False) -> None:
        """Commit until nothing waits, unless another thread already does."""
        me = object()
        try:
            while (self._waiting or self._in_hand) and self._elected(me):
                self._resume()
                while self._waiting:
                    self._commit()
                    if guest and self._waiting and self._pass_on is not None:
                        break
                self._leader = None
                if guest and self._waiting and self._pass_on is not None:
                    self._pass_on(self.lead)
                    return
        except BaseException:
            self._leave((self._step_down, me))
            raise

    def _elected(self, me: object) -> bool:
        with self._lock:
            if self._leader is None:
                self._leader = me
            return self._leader is me

    def _step_down(self, me: object) -> None:
        with self._lock:
            if self._leader is me:
                self._leader = None
        if self._pass_on is not None:
            self._pass_on(self.lead)

    def _commit(self) -> None:
        self._take()
        batches = self._in_hand
        rows = batches[0].rows if len(batches) == 1 else _joined(batches)
        if self._refusing:
            self._refuse()
            return
        try:
            stored = self._log.store(rows, [each for batch in batches for each in batch.due])
        except IntegrityError:
            self._one_by_one()
        except RetoldError as error:
            self._fail(error)
        except Exception as error:  # noqa: BLE001 - whatever it raises, the rows tell
            self._look(error)
        else:
            self.transactions += 1
            self._tell(stored)

    def _take(self) -> None:
        """Move batches from the queue into the hand, up to the caps of a transaction."""
        hand, waiting = self._in_hand, self._waiting
        rows = size = 0
        while waiting and rows < MAX_ROWS and size < MAX_BYTES:
            batch = waiting[0]
            if not batch.told:
                hand.append(batch)
                rows += len(batch.rows)
                size += batch.size
            waiting.popleft()

    def _tell(self, stored: Stored) -> None:
        positions, moment = stored.positions, stored.recorded_at
        start = 0
        for batch in self._in_hand:
            end = start + len(batch.rows)
            _told(batch.committed, positions[start:end], moment)
            start = end
        self._in_hand = []

    def _fail(self, error: Exception) -> None:
        for batch in self._in_hand:
            _told(batch.failed, error)
        self._in_hand = []

    def _one_by_one(self) -> None:
        """A version was taken: store each batch alone, so that only the one at fault conflicts."""
        while self._in_hand and not self._refusing:
            batch = self._in_hand[0]
            try:
                stored = self._log.store(batch.rows, batch.due)
            except IntegrityError:
                _told(batch.conflicted)
            except RetoldError as error:
                _told(batch.failed, error)
            except Exception as error:  # noqa: BLE001 - whatever a store raises, its rows tell
                self._reopen(error)
                self._look_at(batch, error)
            else:
                self.transactions += 1
                _told(batch.committed, stored.positions, stored.recorded_at)
            self._in_hand.pop(0)
        self._refuse()

    def _refuse(self) -> None:
        """Tell every batch in hand that nothing is written any more."""
        for batch in self._in_hand:
            self._tell_uncertain(batch)
        self._in_hand = []

    def _tell_uncertain(self, batch: Batch) -> None:
        _told(batch.failed, OutcomeUncertain(", ".join(batch.command_ids), self._refusing))

    def _resume(self) -> None:
        """Finish what an interrupted leader had in hand, by what the log says became of it."""
        if self._in_hand:
            self._look(StorageFailed(self._log.path, "the thread that wrote it was interrupted"))

    def _look(self, cause: Exception) -> None:
        """Read back what a broken transaction stored; of each batch all rows are there or none."""
        self._reopen(cause)
        while self._in_hand:
            self._look_at(self._in_hand[0], cause)
            self._in_hand.pop(0)

    def _reopen(self, cause: Exception) -> None:
        """Make final what the log holds: without this, missing rows could come back."""
        try:
            self._log.reopen()
        except Exception as error:  # noqa: BLE001 - no answer of any kind leaves it open
            self._refusing = f"{cause}; and the log could not be opened again: {error}"

    def _look_at(self, batch: Batch, cause: Exception) -> None:
        stored: Stored | None = None
        try:
            stored = None if self._refusing else self._read_back(batch.rows)
        except Exception as error:  # noqa: BLE001 - no answer of any kind leaves it open
            self._refusing = f"{cause}; and reading it back failed: {error}"
        if self._refusing:
            self._tell_uncertain(batch)
        elif stored is None:
            known = isinstance(cause, StorageFailed)
            _told(batch.failed, cause if known else StorageFailed(self._log.path, str(cause)))
        else:
            _told(batch.committed, stored.positions, stored.recorded_at)

    def _read_back(self, rows: list[TailRow]) -> Stored | None:
        log, positions = self._log, []
        moment = log.clock.now()
        for address, version, _, tail in rows:
            row = next(log.journal.rows(address, version - 1, version), None)
            if row is None or not log.codec.holds(*row, tail):
                return None
            positions.append(row[0])
            moment = log.codec.stamp(*row).recorded_at
        return Stored(positions, moment)


def _joined(batches: list[Batch]) -> list[TailRow]:
    return [row for batch in batches for row in batch.rows]


def _told(tell: Callable[..., None], *what: Any) -> None:
    """Tell a batch what became of it; one that raises must not stop the others."""
    try:
        tell(*what)
    except Exception:  # noqa: BLE001 - a fault of the batch, reported; the log is as it should be
        batch: Batch | None = getattr(tell, "__self__", None)
        ids = batch.command_ids if batch is not None else ()
        where = batch.rows[0][0] if batch is not None and batch.rows else ""
        extra = {"actor": where, "command": ", ".join(ids)}
        _log.exception("A batch could not take what it was told", extra=extra)
