"""Examples of every event of the house; `python -m tests.golden.house` writes what is missing.

The files beside it, in `events/`, are kept for ever and never written again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from retold.events.channel import Closed, EntryAppended, Failed, Merged, Opened, Patched
from retold.events.dead_letters import DeadLetter, DeadLetterClosed, DeadLetterRecorded
from retold.events.document import Change
from retold.events.golden import golden
from retold.events.merging import Conflict
from retold.events.parcel import Parcel
from retold.events.reactions import CursorMoved, ReactionSettled
from retold.events.saga import (
    CompensationRefused,
    CompensationRequested,
    CompensationRetried,
    SagaBegun,
    SagaFinished,
    StepCompensated,
    StepRefused,
    StepRequested,
    StepTaken,
    StepTimedOut,
)
from retold.events.workflow import ChannelEnded, ChannelMerged, ChannelOpened, StatePersisted

FOLDER = Path(__file__).parent / "events"

DOCUMENT = {"title": "Entwurf ✓", "parts": [1, 2.5, None, True, {"deep": []}], "empty": {}}
CHANGES = (
    Change("add", "/title", "Draft"),
    Change("replace", "/parts/0", {"a": 1}),
    Change("remove", "/gone"),
)
NOON = datetime(2026, 1, 2, 12, 0, 0, 5, tzinfo=UTC)
LATER = datetime(2026, 1, 2, 18, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
PARCEL = Parcel("golden.move", {"amount": "1.50", "to": ["a", "b"]})
BARE = Parcel("golden.stop", {})

CHANNEL: tuple[Any, ...] = (
    Opened({}),
    Opened(DOCUMENT),
    Patched(()),
    Patched(CHANGES),
    EntryAppended(1, "ada", b""),
    EntryAppended(2, "grace", bytes(range(256)), "end", 7, 1),
    EntryAppended(3, "", b"gone", "error", sender_sequence=8),
    Closed(),
    Failed(""),
    Failed("nobody\nthere"),
    Merged("source_wins"),
    Merged("target_wins"),
    Merged("combine"),
    Merged("custom"),
)

WORKFLOW: tuple[Any, ...] = (
    StatePersisted((), "44136fa355b3678a"),
    StatePersisted(CHANGES, ""),
    ChannelOpened("legal"),
    ChannelOpened("tax/2026 %"),
    ChannelEnded("legal", "closed"),
    ChannelEnded("tax", "failed"),
    ChannelMerged("legal", 4, "source_wins", (), (), "44136fa355b3678a"),
    ChannelMerged(
        "tax", 2**40, "custom", CHANGES,
        (
            Conflict("/a", 1, "1", "source"),
            Conflict("/b", None, [], "target"),
            Conflict("/c", {}, 1.5, "neither"),
        ),
        "", "reviews", "latest",
    ),
    ChannelMerged("press", 1, "target_wins", (), (), "", under="press"),
    ChannelMerged("shop", 1, "combine", (), (), "", custom="unused"),
)  # fmt: skip

SAGA: tuple[Any, ...] = (
    SagaBegun(BARE, ()),
    SagaBegun(PARCEL, ("out", "in")),
    StepRequested("out", "account/a", BARE),
    StepRequested("in", "account/b%20c", PARCEL, "ada", "rent", NOON),
    StepRequested("in", "account/b", PARCEL, deadline=LATER),
    StepTaken("out"),
    StepTaken("in", DOCUMENT),
    StepTaken("in", 1.0, "too large to keep"),
    StepRefused("out", ""),
    StepRefused("in", "not covered (balance=1)"),
    StepTimedOut("out"),
    StepTimedOut("in"),
    CompensationRequested("out", "account/a", BARE),
    CompensationRequested("in", "account/b", PARCEL, "ada", "rent"),
    StepCompensated("out"),
    StepCompensated("in"),
    CompensationRefused("out", ""),
    CompensationRefused("in", "closed"),
    CompensationRetried(),
    SagaFinished("completed"),
    SagaFinished("compensated", "refused"),
    SagaFinished("stuck", "the effect of out stays"),
)

SYSTEM: tuple[Any, ...] = (
    DeadLetterRecorded(DeadLetter("c.1", "account/a", PARCEL, "Move(…)", "ada", "rent", "full", 4)),
    DeadLetterRecorded(DeadLetter("r.12.0", "account/b", None, "Gone()", "", "", "no class", 0)),
    DeadLetterClosed("c.1", "retried"),
    DeadLetterClosed("r.12.0", "dropped"),
    ReactionSettled(1, 0),
    ReactionSettled(2**40, 3),
    CursorMoved(0),
    CursorMoved(2**40),
)

EXAMPLES = (*CHANNEL, *WORKFLOW, *SAGA, *SYSTEM)

if __name__ == "__main__":
    for path in golden(FOLDER, *EXAMPLES):
        print(path)
