"""The intake: rows of an event log become state versions of workflows, each row once.

Each case is a `workflow/<case>`, each row one `PersistState` whose state is the row. The command's
id is made of the case, the row's ordinal within its case in the file, and its content; ids that
are in the log already are not asked again. So a file taken in twice adds nothing, one that was
broken off anywhere is completed by taking it in again, and a longer one adds what is new. A row
whose ordinal is in the log with other content is a new version at the end, counted as amended.

A row that cannot be believed takes up an ordinal too, where its case is known: when it is corrected
later, it does not shift the rows after it.

Memory does not grow with the rows, only by a few hundred bytes for each case: of the actors that it
has met a system keeps no more than `AWAKE` in memory.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from hashlib import blake2b
from time import perf_counter

import attrs

from ..actors.behaviour import Receipt
from ..actors.future import Future
from ..actors.system import ActorSystem
from ..actors.workflow import PersistState
from ..events.address import address
from ..events.document import canonical
from ..events.errors import Rejected, Unstorable
from ..events.log import Log
from .errors import ImportStopped
from .eventlogs import BadLog, BadRow, Row

OUTSTANDING = 1_000
"""How many rows may wait for their answer at a time."""

AWAKE = 10_000
"""How many idle cases stay in memory; see `Options.passivate`."""

KEPT = 20
"""How many bad rows are kept to be shown; all are counted."""

_ID = "row"


@attrs.frozen
class Report:
    """What an intake came to. `new` counts what was stored, those `amended` among them."""

    rows: int
    cases: int
    new: int
    already_there: int
    amended: int
    bad: int
    seconds: float
    events_per_second: int
    bad_rows: tuple[BadRow, ...]


class _Case:
    """How far a case has come: its address, its last ordinal, and what the log knows of it."""

    __slots__ = ("address", "known", "ordinal")

    def __init__(self, where: str, log: Log) -> None:
        self.address = where
        self.ordinal = 0
        self.known = _known(log, where)

    def next(self) -> set[str]:
        """Go on to the next ordinal; the contents that the log has for it."""
        self.ordinal += 1
        return self.known.pop(self.ordinal, set()) if self.known else set()


class Intake:
    """Takes rows in, one after the other, through the actors of a system.

    The system should put idle actors to sleep: `Options(passivate=at_most(AWAKE))`.
    """

    def __init__(self, system: ActorSystem, path: str = "", *, strict: bool = False) -> None:
        self._system = system
        self._path = path
        self._strict = strict
        self._cases: dict[str, _Case] = {}
        self._waiting: deque[tuple[Row, Future[Receipt]]] = deque()
        self._started = perf_counter()
        self._rows = self.new = self._already_there = self._amended = self._bad = 0
        self._bad_rows: list[BadRow] = []

    def take_all(
        self, rows: Iterable[Row | BadRow], tick: Callable[[], None] = lambda: None
    ) -> Report:
        """Take all rows in; every row was answered when this returns.

        `tick` is called for each row. Raises `ImportStopped` where the file cannot be read on, and
        with `strict` at the first bad row; as `Log.store` does where the log cannot be written on.
        """
        try:
            for row in rows:
                self._rows += 1
                if isinstance(row, Row):
                    self._take(row)
                else:
                    self._pass_over(row)
                tick()
        except BadLog as error:
            self._settle(0)
            raise ImportStopped(error.path, error.line, error.reason, self.new) from error
        self._settle(0)
        return self.report()

    def report(self) -> Report:
        """What it has come to so far; `new` counts those that were answered."""
        seconds = perf_counter() - self._started
        return Report(
            self._rows, len(self._cases), self.new, self._already_there, self._amended, self._bad,
            round(seconds, 3), round(self.new / seconds), tuple(self._bad_rows),
        )  # fmt: skip

    def _take(self, row: Row) -> None:
        case = self._case(row.case)
        before = case.next()
        content = content_of(row, case.ordinal)
        if content in before:
            self._already_there += 1
            return
        self._amended += bool(before)
        future = self._system.ref(case.address, registered=False).ask(
            PersistState(row.attributes),
            block=False,
            by=row.resource or "unknown",
            why=row.activity,
            id=f"{_ID}.{case.ordinal}.{content}",
            happened_at=row.happened_at,
        )
        self._waiting.append((row, future))
        self._settle(OUTSTANDING)

    def _settle(self, most: int) -> None:
        """Wait for the oldest answers until at most so many rows are outstanding."""
        while len(self._waiting) > most:
            row, future = self._waiting.popleft()
            try:
                future.get()
            except (Rejected, Unstorable) as error:
                self._note(BadRow(row.line, f"it was refused: {error}", row.case))
            else:
                self.new += 1

    def _pass_over(self, row: BadRow) -> None:
        if row.case is not None:
            self._case(row.case).next()
        if self._strict:
            self._settle(0)
        self._note(row)

    def _note(self, row: BadRow) -> None:
        self._bad += 1
        if len(self._bad_rows) < KEPT:
            self._bad_rows.append(row)
        if self._strict:
            raise ImportStopped(self._path, row.line, row.reason, self.new)

    def _case(self, name: str) -> _Case:
        found = self._cases.get(name)
        if found is None:
            where = address("workflow", name)
            found = self._cases[name] = _Case(where, self._system.log)
        return found


def content_of(row: Row, ordinal: int) -> str:
    """What a row is recognized by: 32 hexadecimal digits over case, ordinal and all its columns."""
    return blake2b(canonical([row.case, ordinal, row.attributes]), digest_size=16).hexdigest()


def _known(log: Log, where: str) -> dict[int, set[str]] | None:
    """The contents that the log holds of a case, by the ordinals of their rows; None: no case."""
    if not log.version(where):
        return None
    found: dict[int, set[str]] = {}
    for _, cause in log.causes(where):
        kind, _, rest = cause.partition(".")
        ordinal, _, content = rest.partition(".")
        if kind == _ID and ordinal.isdecimal():
            found.setdefault(int(ordinal), set()).add(content)
    return found
