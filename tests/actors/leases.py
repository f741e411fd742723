"""An actor with a deadline: a lease that is renewed, and ends at its time if it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from retold import Behaviour, Rejected, command, event, state
from retold.actors import Context


@event("leases.renewed.v1")
class Renewed:
    """It holds until then."""

    until: datetime


@event("leases.ended.v1")
class Ended:
    """It holds no more; `deadline` is when it ended."""

    deadline: datetime


@command("leases.renew")
class Renew:
    """Let it hold for so many seconds from now."""

    seconds: float


@command("leases.use")
class Use:
    """Do something that only who holds it may do; changes nothing."""


@state
class Lease:
    """Until when it holds, and when it ended before."""

    until: datetime | None = None
    ends: tuple[datetime, ...] = ()

    def evolve(self, event: Any) -> Lease:
        """Renewed or ended."""
        if isinstance(event, Renewed):
            return Lease(event.until, self.ends)
        return Lease(None, (*self.ends, event.deadline))


def decide(lease: Lease, command: Any, context: Context) -> tuple[Any, ...]:
    """Renew it, or use it while it holds."""
    if isinstance(command, Renew):
        return (Renewed(context.now + timedelta(seconds=command.seconds)),)
    if lease.until is None:
        raise Rejected("not held")
    return ()


def due(lease: Lease) -> datetime | None:
    """When it ends if nobody renews it."""
    return lease.until


def expire(lease: Lease, now: datetime) -> tuple[Any, ...]:
    """It ended at its deadline, whenever that is seen."""
    assert lease.until is not None
    assert lease.until <= now
    return (Ended(lease.until),)


lease = Behaviour("lease", Lease(), decide, due=due, expire=expire)
