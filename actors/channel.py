"""Channel: open, patch, append, close, fail, and merge into its workflow in one transaction.

A channel decides for its family: what it tells of itself goes to the workflow's root as well, so
the two can never disagree. Opening an open channel, closing a closed one and repeating a sender's
sequence give `()`: already in effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from ..events.address import ROOT, member, name
from ..events.channel import (
    Channel,
    Closed,
    EntryAppended,
    EntryType,
    Failed,
    Merged,
    Opened,
    Patched,
)
from ..events.document import Document, checksum, diff, merge_patch
from ..events.errors import Rejected
from ..events.merging import STRATEGIES, CustomMerge, Strategy, conflicts, merge
from ..events.names import command
from ..events.workflow import ChannelEnded, ChannelMerged, ChannelOpened, Workflow
from .behaviour import At, Behaviour
from .context import Context


@command
class OpenChannel:
    """Let the channel be used; its document begins as given."""

    document: Document = attrs.field(factory=dict)


@command
class PatchChannel:
    """Change the channel's document by a JSON Merge Patch (RFC 7396)."""

    patch: Document


@command
class AppendEntry:
    """Append one entry; the sender is the author (`by`).

    `sender_sequence` is the sender's own numbering, from 1: a number at or below its last one is
    already in effect. `in_reply_to` is the sequence of an earlier entry, 0 for none.
    """

    payload: bytes
    type: EntryType = "data"
    sender_sequence: int = 0
    in_reply_to: int = 0


@command
class CloseChannel:
    """Let the channel take nothing more."""


@command
class FailChannel:
    """Let the channel take nothing more, because of an error; its siblings go on."""

    error: str


@command
class MergeChannel:
    """Merge the channel's document into its workflow's and end the channel.

    `under` lays it under one key of the workflow's document; `custom` names the function of a
    custom merge, one of those that the behaviour was made with.
    """

    strategy: Strategy = "combine"
    under: str = ""
    custom: str = ""


def channel_behaviour(custom_merges: Mapping[str, CustomMerge] | None = None) -> Behaviour:
    """The behaviour of channels; custom merges by the names that `MergeChannel` may call them."""
    merges = dict(custom_merges or {})

    def decide(channel: Channel, command: Any, context: Context) -> tuple[Any, ...]:
        if channel.phase == "absent":
            return _open(command, context)
        match command:
            case OpenChannel() if channel.phase == "open":
                return ()
            case CloseChannel() if channel.phase == "closed":
                return ()
            case _ if channel.phase != "open":
                raise Rejected("the channel has ended", phase=channel.phase)
            case MergeChannel():
                return _merge(channel, command, context, merges)
        return _use(channel, command, context)

    return Behaviour("channel", Channel(), decide)


def _open(command: Any, context: Context) -> tuple[Any, ...]:
    if not isinstance(command, OpenChannel):
        raise Rejected("the channel is not open", channel=name(context.address))
    if not isinstance(command.document, dict):
        raise Rejected("a document is a JSON object", got=type(command.document).__name__)
    if member(context.address).count("/") != 1:
        raise Rejected("a channel stands directly below its workflow", address=context.address)
    _workflow(context)
    return (Opened(command.document), At(ROOT, ChannelOpened(name(context.address))))


def _use(channel: Channel, command: Any, context: Context) -> tuple[Any, ...]:
    match command:
        case AppendEntry():
            return _append(channel, command, context)
        case PatchChannel(patch):
            if not isinstance(patch, dict):
                raise Rejected("a patch is a JSON object", got=type(patch).__name__)
            changes = diff(channel.document, merge_patch(channel.document, patch))
            return (Patched(changes),) if changes else ()
        case CloseChannel():
            return (Closed(), At(ROOT, ChannelEnded(name(context.address), "closed")))
        case FailChannel(error):
            return (Failed(error), At(ROOT, ChannelEnded(name(context.address), "failed")))
    raise Rejected("a channel does not take this", got=type(command).__name__)


def _append(channel: Channel, entry: AppendEntry, context: Context) -> tuple[Any, ...]:
    if entry.sender_sequence < 0:
        raise Rejected("a sender's sequence counts from 1", sender_sequence=entry.sender_sequence)
    if entry.sender_sequence and entry.sender_sequence <= channel.senders.get(context.by, 0):
        return ()
    if not 0 <= entry.in_reply_to <= channel.entries:
        raise Rejected("there is no such entry to reply to", in_reply_to=entry.in_reply_to)
    return (
        EntryAppended(
            channel.entries + 1,
            context.by,
            entry.payload,
            entry.type,
            entry.sender_sequence,
            entry.in_reply_to,
        ),
    )


def _merge(
    channel: Channel, command: MergeChannel, context: Context, merges: Mapping[str, CustomMerge]
) -> tuple[Any, ...]:
    custom = merges.get(command.custom)
    if command.strategy not in STRATEGIES:
        raise Rejected("there is no such strategy", strategy=command.strategy, known=STRATEGIES)
    if command.strategy == "custom" and custom is None:
        raise Rejected("no such custom merge", custom=command.custom, known=tuple(merges))
    target = _workflow(context).document
    source = {command.under: channel.document} if command.under else channel.document
    document = merge(command.strategy, source, target, custom)
    if not isinstance(document, dict):
        raise Rejected("a custom merge gives a JSON object", custom=command.custom, gave=document)
    merged = ChannelMerged(
        channel=name(context.address),
        source_version=context.version,
        strategy=command.strategy,
        changes=diff(target, document),
        conflicts=conflicts(source, target, document),
        checksum=checksum(document),
        under=command.under,
        custom=command.custom,
    )
    return (Merged(command.strategy), At(ROOT, merged))


def _workflow(context: Context) -> Workflow:
    root = context.member(ROOT)
    if not isinstance(root, Workflow):
        raise Rejected("a state channel belongs to a workflow", root=type(root).__name__)
    return root


channel = channel_behaviour()
