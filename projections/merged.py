"""The merged channel view: the entries of several channels in one stable order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime

import attrs

from ..events.address import name
from ..events.channel import EntryAppended, EntryType
from ..events.recorded import Recorded


@attrs.frozen
class MergedEntry:
    """An entry and the channel it stands in. `position` is its place in the order of the log."""

    position: int
    channel: str
    address: str
    sequence: int
    sender: str
    payload: bytes
    type: EntryType
    in_reply_to: int
    recorded_at: datetime


def merged_entries(*channels: Iterable[Recorded]) -> Iterator[MergedEntry]:
    """The entries of several channels by position: the order in which they were committed.

    Each of `channels` is the recorded events of one channel in order. The order is the log's, so it
    is total, the same at every reading, and within a channel that of its sequence.
    """
    entries = (_entries(channel) for channel in channels)
    return heapq.merge(*entries, key=lambda entry: entry.position)


def _entries(recorded: Iterable[Recorded]) -> Iterator[MergedEntry]:
    for each in recorded:
        match each.event:
            case EntryAppended(sequence, sender, payload, kind, _, in_reply_to):
                yield MergedEntry(
                    each.position, name(each.address), each.address, sequence, sender, payload,
                    kind, in_reply_to, each.recorded_at,
                )  # fmt: skip
