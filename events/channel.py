"""Channel: an ordered log of entries and a document that patches build up.

These wire names are the storage format. Entries get a gapless sequence 1, 2, 3 … from the channel;
a sender may number its own, and a number at or below its last one was taken already. The state
keeps counters, not entries: those are read from the log.

| state | opened | entry, patch | closed | failed | merged |
|---|---|---|---|---|---|
| absent | open | | | | |
| open | | open | closed | failed | merged |
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import attrs

from .document import Change, Document, FrozenObject, apply, frozen
from .merging import Strategy
from .names import event, state

EntryType: TypeAlias = Literal["data", "end", "error"]

SENDERS = 256
"""How many senders' last sequences a channel remembers, the latest ones."""


@event("channel.opened.v1")
class Opened:
    """The channel may be used; its document begins like this."""

    document: Document


@event("channel.patched.v1")
class Patched:
    """The document changed by a delta."""

    changes: tuple[Change, ...]


@event("channel.entry_appended.v1")
class EntryAppended:
    """One entry. `sequence` is the channel's, `sender_sequence` the sender's own (0: none given).

    `in_reply_to` is the sequence of the entry that this one answers (0: none).
    """

    sequence: int
    sender: str
    payload: bytes
    type: EntryType = "data"
    sender_sequence: int = 0
    in_reply_to: int = 0


@event("channel.closed.v1")
class Closed:
    """The channel takes nothing more."""


@event("channel.failed.v1")
class Failed:
    """The channel takes nothing more, because of an error."""

    error: str


@event("channel.merged.v1")
class Merged:
    """The channel's document went into its workflow's; the channel takes nothing more."""

    strategy: Strategy


@state
class Channel:
    """Where a channel stands: its phase, its document, how many entries, who sent last what."""

    phase: Literal["absent", "open", "closed", "failed", "merged"] = "absent"
    document: Document = attrs.field(factory=FrozenObject)
    entries: int = 0
    payload_bytes: int = 0
    senders: dict[str, int] = attrs.field(factory=dict)
    ended: bool = False
    error: str = ""

    def evolve(self, event: Any) -> Channel:
        """The channel after one more event; an event of another kind changes nothing."""
        match event:
            case EntryAppended():
                return self._appended(event)
            case Patched(changes):
                return self._with(document=apply(self.document, changes))
            case Opened(document):
                return Channel("open", frozen(document))
            case Closed():
                return self._with(phase="closed")
            case Failed(error):
                return self._with(phase="failed", error=error)
            case Merged():
                return self._with(phase="merged")
        return self

    def _appended(self, entry: EntryAppended) -> Channel:
        return self._with(
            entries=entry.sequence,
            payload_bytes=self.payload_bytes + len(entry.payload),
            senders=self._heard(entry) if entry.sender_sequence else self.senders,
            ended=self.ended or entry.type == "end",
        )

    def _heard(self, entry: EntryAppended) -> dict[str, int]:
        senders = {name: last for name, last in self.senders.items() if name != entry.sender}
        senders[entry.sender] = entry.sender_sequence
        if len(senders) > SENDERS:
            del senders[next(iter(senders))]
        return senders

    def _with(self, **changed: Any) -> Channel:
        return attrs.evolve(self, **changed)  # type: ignore[misc]  # @state makes an attrs class
