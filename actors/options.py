"""What may be set for an actor system, each with a default that suits most."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from .passivation import Keep, always_awake
from .snapshots import SnapshotPolicy
from .supervision import Policy, quarantine_after
from .tracing import Tracer


def _interval(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, int) and value < 0:
        raise ValueError(f"{field.name} is a number of events, or 0 for never, not {value}")


def _counted(_: object, field: attrs.Attribute[int], value: int) -> None:
    if value < 1:
        raise ValueError(f"{field.name} is at least 1, not {value}")


@attrs.frozen(kw_only=True)
class Options:
    """`inbox`: messages that may wait for a family. `overload`: whether a sender that finds it full
    waits (`block`) or gets `Overloaded` (`raise`); the system's own messages are always taken.
    `supervise`: what becomes of an actor that fails. `passivate`: which families may fall asleep.
    `snapshot_every`: events of an actor after which its state is kept (0 or None: never), or a
    policy that says so. Folding an event takes 2 to 3 microseconds, so with the default no recovery
    takes much longer than 5 milliseconds; a smaller number is faster and writes states more often.
    `tracer`: who watches commands from their sending to their answer, nobody by default.
    """

    inbox: int = attrs.field(default=100_000, validator=_counted)
    overload: Literal["block", "raise"] = attrs.field(
        default="block", validator=attrs.validators.in_(("block", "raise"))
    )
    supervise: Policy = attrs.field(
        factory=lambda: quarantine_after(100), validator=attrs.validators.is_callable()
    )
    passivate: Keep = attrs.field(default=always_awake, validator=attrs.validators.is_callable())
    snapshot_every: int | SnapshotPolicy | None = attrs.field(default=2_000, validator=_interval)
    tracer: Tracer | None = None
