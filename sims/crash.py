"""Crashes: the whole system gone between two events of the world, or in the middle of a commit.

What a crash leaves is what the log holds. Where it can strike around a commit:

| at | in the log | told |
|---|---|---|
| a commit, `stored=False` | nothing of it | nobody |
| a commit, `stored=True` | all of it | nobody |
| a step, or `Simulation.crash` | whatever was committed | whoever was answered before |
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import attrs
import pykka

from ..events.errors import RetoldError
from ..events.journal import Due, Journal, Row


class Crashed(RetoldError, pykka.ActorDeadError):
    """The simulated system crashed before it answered, or was down when it was asked."""

    def __init__(self, address: str, command_id: str = "") -> None:
        self.address = address
        self.command_id = command_id
        asked = f" command {command_id}" if command_id else ""
        super().__init__(
            f"{address} crashed before it answered{asked}. Whether anything was stored is in the"
            " log: after a restart, ask again with the same id."
        )


class PowerLoss(BaseException):
    """Ends a step of the world where it stands; nothing on the way up may act on it."""

    def __init__(self, crash: Crash) -> None:
        self.crash = crash
        super().__init__("the power went")


@attrs.frozen
class Crash:
    """A crash to come: at the n-th commit or step of the world, or the commit of a position."""

    commit: int | None = None
    position: int | None = None
    step: int | None = None
    stored: bool = True
    restart_after: float | None = None

    def strikes(self, commit: int, position: int) -> bool:
        """Whether it strikes at this commit, whose last row has this position."""
        if self.position is not None:
            return position >= self.position
        return commit == self.commit


class CrashingJournal:
    """A journal that loses power at the commits it was told to; reading goes straight through.

    Whole commits only: within one it is as atomic as the journal that it wraps.
    """

    def __init__(self, journal: Journal, commits: int = 0) -> None:
        self.journal = journal
        self.commits = commits
        self.plans: list[Crash] = []
        self.rows = journal.rows
        self.scan = journal.scan
        self.changes = journal.changes
        self.save_snapshots = journal.save_snapshots
        self.snapshot = journal.snapshot
        self.drop_snapshots = journal.drop_snapshots

    @property
    def path(self) -> str:
        """What to call it in messages."""
        return self.journal.path

    @property
    def file(self) -> str:
        """The file that it keeps, empty for none."""
        return self.journal.file

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> Sequence[int]:
        """Store all rows, or none; a crash that strikes here raises `PowerLoss`."""
        self.commits += 1
        crash = self._striking(len(rows)) if self.plans else None
        if crash is not None and not crash.stored:
            raise PowerLoss(crash)
        positions = self.journal.write(rows, due)
        if crash is not None:
            raise PowerLoss(crash)
        return positions

    def _striking(self, rows: int) -> Crash | None:
        position = self.journal.last_position() + rows
        for crash in self.plans:
            if crash.strikes(self.commits, position):
                self.plans.remove(crash)
                return crash
        return None

    def reopen(self) -> None:
        """Make final what an uncertain write left, as the journal in it does."""
        self.journal.reopen()

    def dues(self) -> Iterator[tuple[str, datetime]] | None:
        """The table of due times, the earliest first; None where the store keeps none."""
        return self.journal.dues()

    def last_position(self) -> int:
        """The highest position stored, 0 for an empty journal."""
        return self.journal.last_position()

    def version(self, address: str) -> int:
        """The last version of an address, 0 where it has no rows."""
        return self.journal.version(address)

    def addresses(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Every address that starts with `prefix` and its last version, by address."""
        return self.journal.addresses(prefix)

    def close(self) -> None:
        """Give everything back; a second call does nothing."""
        self.journal.close()
