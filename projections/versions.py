"""State versions: every version that a workflow's document has had, who made it, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs

from ..events.document import Difference, Document, shown
from ..events.recorded import Recorded
from ..events.workflow import ChannelMerged, StatePersisted, Workflow


@attrs.frozen
class StateVersion:
    """One version of a document.

    `version` counts 1, 2, 3 …, `parent` is the one before (0: the empty document), `log_version`
    the workflow's event that made it. `checksum` is the one stored with the event, over the
    document's canonical JSON. `merged_from` is the channel it came from, if it came from one.
    """

    version: int
    parent: int
    log_version: int
    author: str
    reason: str
    recorded_at: datetime
    happened_at: datetime
    checksum: str
    changes: tuple[Difference, ...]
    document: Document
    merged_from: str = ""


def state_versions(
    recorded: Iterable[Recorded], start: Workflow | None = None
) -> Iterator[StateVersion]:
    """The state versions that a workflow's events make, oldest first, in one pass.

    `recorded` are the events of one workflow in order, from its first on or from after `start`.
    """
    workflow = start or Workflow()
    for each in recorded:
        before = workflow
        workflow = before.evolve(each.event)
        if isinstance(each.event, StatePersisted | ChannelMerged):
            yield StateVersion(
                version=workflow.version,
                parent=before.version,
                log_version=each.version,
                author=each.by,
                reason=each.why,
                recorded_at=each.recorded_at,
                happened_at=each.happened_at,
                checksum=each.event.checksum,
                changes=shown(before.document, each.event.changes),
                document=workflow.document,
                merged_from=getattr(each.event, "channel", ""),
            )
