"""Systems for tests under asyncio."""

from __future__ import annotations

from typing import Any, Literal

from retold import ActorSystem
from retold.actors.options import Options

from .runners import runner
from .totals import totals


def opened(url: str = "memory:", **more: Any) -> ActorSystem:
    """A system of totals and runners."""
    return ActorSystem.open(url, totals, runner, **more)


def bounded(inbox: int, overload: Literal["block", "raise"] = "block") -> ActorSystem:
    """One whose inboxes are so long."""
    return opened(options=Options(inbox=inbox, overload=overload))
