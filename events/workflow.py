"""Workflow: a versioned document with authors and reasons, and the channels that merge into it.

These wire names are the storage format. Who and why stand in the envelope (`by`, `why`). Every
`StatePersisted` and `ChannelMerged` is a state version of the document, also one that changes
nothing; its parent is the version before.

| channel | opened | closed, failed | merged |
|---|---|---|---|
| none | open | | |
| open | | closed, failed | merged |
"""

from __future__ import annotations

from typing import Any, Literal

import attrs

from .address import address
from .document import Change, Document, FrozenObject, apply
from .merging import Conflict, Strategy
from .names import event, state


@event("workflow.state_persisted.v1")
class StatePersisted:
    """The document changed by a delta; `checksum` is that of the document after it."""

    changes: tuple[Change, ...]
    checksum: str


@event("workflow.channel_opened.v1")
class ChannelOpened:
    """A channel belongs to the workflow from here on."""

    channel: str


@event("workflow.channel_ended.v1")
class ChannelEnded:
    """A channel ended without being merged."""

    channel: str
    how: Literal["closed", "failed"]


@event("workflow.channel_merged.v1")
class ChannelMerged:
    """A channel's document went into the workflow's, by a strategy; conflicts as they were decided.

    `source_version` is the channel's version that was merged, `under` the key it was laid under
    (empty: merged at the top), `custom` the name of the function of a custom merge.
    """

    channel: str
    source_version: int
    strategy: Strategy
    changes: tuple[Change, ...]
    conflicts: tuple[Conflict, ...]
    checksum: str
    under: str = ""
    custom: str = ""


@state
class Workflow:
    """A document, how many versions it has had, and what became of each channel, by name."""

    document: Document = attrs.field(factory=FrozenObject)
    version: int = 0
    channels: dict[str, Literal["open", "closed", "failed", "merged"]] = attrs.field(factory=dict)

    @property
    def members(self) -> tuple[str, ...]:
        """The family below this root."""
        return tuple(address("channel", channel) for channel in self.channels)

    def evolve(self, event: Any) -> Workflow:
        """The workflow after one more event; an event of another kind changes nothing."""
        match event:
            case StatePersisted(changes):
                return Workflow(apply(self.document, changes), self.version + 1, self.channels)
            case ChannelOpened(channel):
                return Workflow(self.document, self.version, {**self.channels, channel: "open"})
            case ChannelEnded(channel, how):
                return Workflow(self.document, self.version, {**self.channels, channel: how})
            case ChannelMerged(channel=channel, changes=changes):
                document = apply(self.document, changes)
                return Workflow(document, self.version + 1, {**self.channels, channel: "merged"})
        return self
