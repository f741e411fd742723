"""A stepped system with a clock, over a log that can be opened again."""

from __future__ import annotations

from datetime import UTC, datetime

from retold import ActorSystem, Behaviour
from retold.actors import Stepped
from retold.actors.options import Options
from retold.events import ManualClock

from .leases import lease

DAWN = datetime(2000, 1, 1, tzinfo=UTC)


class Town:
    """A stepped system with a clock, over a log that can be opened again."""

    def __init__(
        self, url: str = "memory:", *behaviours: Behaviour, options: Options | None = None
    ) -> None:
        self.url = url
        self.behaviours = behaviours or (lease,)
        self.options = options
        self.clock = ManualClock()
        self.open()

    def open(self) -> None:
        """Open the log, with a dispatcher of its own."""
        self.turns = Stepped()
        self.system = ActorSystem.open(
            self.url,
            *self.behaviours,
            dispatcher=self.turns,
            clock=self.clock,
            seed="seed",
            options=self.options,
        )

    def reopen(self, *behaviours: Behaviour) -> None:
        """Close it, and open it again, with other behaviours if any are given."""
        self.system.close()
        self.behaviours = behaviours or self.behaviours
        self.open()

    def pass_time(self, seconds: float) -> None:
        """Let time go by, and whatever is due happen."""
        self.clock.advance(seconds)
        self.turns.run_all()

    def told(self) -> list[tuple[str, str, float]]:
        """Where, what and when, by position."""
        return [
            (each.address, type(each.event).__name__, (each.recorded_at - DAWN).total_seconds())
            for each in self.system.log.scan()
        ]

    def ends(self) -> dict[str, float]:
        """When each lease that ended was seen to end."""
        return {where: when for where, what, when in self.told() if what == "Ended"}
