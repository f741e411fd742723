"""The merged channel view: the entries of several channels in one stable order."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain, islice

import attrs

from ..events import past
from ..events.address import check, kind, name
from ..events.channel import EntryAppended, EntryType
from ..events.log import Log
from ..events.point import When, point_of
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
    happened_at: datetime


def merged(log: Log, root: str, at: When = None) -> Iterator[MergedEntry]:
    """The merged view of all channels of a family, as it stood at a point; for None, now.

    The channels are those at and below `root`. A version is a number of entries: the first so many,
    and all where there are fewer. By time of happening each channel is cut by itself, so an entry
    waits for all that came before it in its channel.
    """
    at = point_of(at)
    cut = past.settled(log, None if at is None or at.version is not None else at)
    below = (address for address, _ in log.addresses(f"{check(root)}/"))
    channels = [each for each in chain((root,), below) if kind(each) == "channel"]
    entries = merged_entries(*(past.read(log, each, cut) for each in channels))
    return entries if at is None else islice(entries, at.version)


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
            case EntryAppended(sequence, sender, payload, entry_type, _, in_reply_to):
                yield MergedEntry(
                    each.position, name(each.address), each.address, sequence, sender, payload,
                    entry_type, in_reply_to, each.recorded_at, each.happened_at,
                )  # fmt: skip
