"""One small approval, written event by event, and what a reader must find in it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from retold import Log
from retold.events.address import kind
from retold.events.channel import Channel, EntryAppended, Merged, Opened, Patched
from retold.events.clock import ManualClock
from retold.events.codec import Codec
from retold.events.document import Change, checksum
from retold.events.log import Append
from retold.events.merging import Conflict
from retold.events.recorders import MemoryRecorder
from retold.events.workflow import ChannelMerged, ChannelOpened, StatePersisted, Workflow

START = datetime(2020, 1, 1, tzinfo=UTC)
WORKFLOW, LEGAL, BUDGET = "workflow/a", "workflow/a/channel/legal", "workflow/a/channel/Case%201"
DOCUMENTS: list[dict[str, Any]] = [
    {"title": "x", "sum": 5},
    {"title": "x", "sum": 5},
    {"sum": 6, "by": ["ann"]},
    {"sum": 6.0, "by": ["ann"], "legal": {"ok": True}},
]
"""The document after each state version."""


def initial(address: str) -> Any:
    """The state that an address began from."""
    return Workflow() if kind(address) == "workflow" else Channel()


def persisted(document: Any, *changes: Change) -> StatePersisted:
    """A version by its delta."""
    return StatePersisted(changes, checksum(document))


def entry(sequence: int, payload: bytes, **more: Any) -> EntryAppended:
    """An entry of a channel."""
    return EntryAppended(sequence, "lou", payload, **more)


def merged(document: Any) -> ChannelMerged:
    """The channel `legal`, merged."""
    changes = (Change("replace", "/sum", 6.0), Change("add", "/legal", {"ok": True}))
    conflict = Conflict("/sum", 6.0, 6, "source")
    return ChannelMerged("legal", 3, "combine", changes, (conflict,), checksum(document))


def approval() -> Log:
    """The log: four state versions, two channels whose entries interleave, an hour apart."""
    clock = ManualClock(START)
    log = Log(MemoryRecorder(), Codec(), clock)
    first, again, third, last = DOCUMENTS
    steps: list[list[Append]] = [
        [Append(WORKFLOW, 0, (
            persisted(first, Change("add", "/title", "x"), Change("add", "/sum", 5)),
        ), "ann", "start", "c1", START - timedelta(days=1))],
        [Append(WORKFLOW, 1, (persisted(again),), "ben", "looked at it", "c2")],
        [Append(LEGAL, 0, (Opened({}),), "ann", "", "c3"),
         Append(WORKFLOW, 2, (ChannelOpened("legal"),), "ann", "", "c3")],
        [Append(BUDGET, 0, (Opened({}), entry(1, b"b1")), "bud", "", "c4")],
        [Append(LEGAL, 1, (entry(1, b"l1"),), "lou", "", "c5")],
        [Append(BUDGET, 2, (entry(2, b"\xffb2", in_reply_to=1),), "bud", "", "c6")],
        [Append(WORKFLOW, 3, (persisted(
            third, Change("remove", "/title"), Change("replace", "/sum", 6),
            Change("add", "/by", ["ann"]),
        ),), "ann", "", "c7")],
        [Append(LEGAL, 2, (Patched((Change("add", "/ok", True),)),), "lou", "", "c8")],
        [Append(LEGAL, 3, (entry(2, b"end", type="end"), Merged("combine")), "lou", "done", "c9"),
         Append(WORKFLOW, 4, (merged(last),), "lou", "done", "c9")],
    ]  # fmt: skip
    for step in steps:
        log.append(*step)
        clock.advance(3_600)
    return log
