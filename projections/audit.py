"""The audit trail: who did what, when and why, one line an event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import attrs
import msgspec

from ..events.channel import EntryAppended
from ..events.document import Change
from ..events.recorded import Recorded

SHORT = 60
"""Characters to which a summary shortens a value."""


@attrs.frozen
class AuditEntry:
    """One fact of the log in words. `what` is the event's wire name, `summary` what it says."""

    position: int
    recorded_at: datetime
    happened_at: datetime
    who: str
    why: str
    address: str
    version: int
    what: str
    summary: str
    command: str


def audit(recorded: Iterable[Recorded]) -> Iterator[AuditEntry]:
    """The audit trail of recorded events, in their order."""
    for each in recorded:
        yield AuditEntry(
            each.position, each.recorded_at, each.happened_at, each.by, each.why, each.address,
            each.version, each.name, summary(each.event), each.cause,
        )  # fmt: skip


def summary(event: Any) -> str:
    """What an event says, in one line: its fields, deltas as path=value, bytes as text."""
    if isinstance(event, EntryAppended):
        text = event.payload.decode(errors="replace")
        return f"#{event.sequence} {event.type}: {_short(text)}"
    fields = attrs.asdict(event, recurse=False)
    changes = fields.pop("changes", None)
    fields.pop("checksum", None)
    words = [f"{key}={_shown(value)}" for key, value in fields.items() if value not in ("", ())]
    if changes is not None:
        words += [_change(change) for change in changes] or ["no change"]
    return ", ".join(words)


def _change(change: Change) -> str:
    if change.op == "remove":
        return f"{change.path} removed"
    return f"{change.path}={_shown(change.value)}"


def _shown(value: Any) -> str:
    try:
        return _short(msgspec.json.encode(value).decode())
    except (TypeError, ValueError):
        return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= SHORT else text[: SHORT - 1] + "…"
