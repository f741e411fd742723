"""Channel: the table of its states, entries and their senders, and the merge into its workflow."""

from __future__ import annotations

from typing import Any

import pytest

from retold import ActorSystem, At, Rejected, retell
from retold.actors import ROOT
from retold.actors.channel import (
    AppendEntry,
    CloseChannel,
    FailChannel,
    MergeChannel,
    OpenChannel,
    PatchChannel,
    channel,
    channel_behaviour,
)
from retold.actors.workflow import PersistState, workflow
from retold.events.channel import Channel, Closed, EntryAppended, Failed, Merged, Opened, Patched
from retold.events.document import Change, checksum
from retold.events.errors import RetoldError
from retold.events.merging import Conflict
from retold.events.workflow import ChannelEnded, ChannelMerged, ChannelOpened

from .totals import WAIT, add, everything

LEGAL = "workflow/a/channel/legal"
WRONG: Any = "of no use here"
NONE: Any = None
ENDINGS: dict[str, list[Any]] = {
    "absent": [],
    "open": [OpenChannel()],
    "closed": [OpenChannel(), CloseChannel()],
    "failed": [OpenChannel(), FailChannel("x")],
    "merged": [OpenChannel(), MergeChannel()],
}
"""How a channel comes into each phase."""

COMMANDS: dict[str, Any] = {
    "open": OpenChannel({"other": 1}),
    "patch": PatchChannel({"x": 1}),
    "append": AppendEntry(b"x"),
    "close": CloseChannel(),
    "fail": FailChannel("y"),
    "merge": MergeChannel(),
}
TAKEN: dict[tuple[str, str], str] = {
    ("absent", "open"): "open",
    ("open", "patch"): "open",
    ("open", "append"): "open",
    ("open", "close"): "closed",
    ("open", "fail"): "failed",
    ("open", "merge"): "merged",
}
"""The table of the channel's states: in which phase a command is taken, and what follows."""
IN_EFFECT = {("open", "open"), ("closed", "close")}


def into(system: ActorSystem, phase: str) -> Any:
    """The channel, brought into a phase."""
    ref = system.ref(LEGAL)
    for each in ENDINGS[phase]:
        ref.ask(each, timeout=WAIT)
    return ref


@pytest.mark.parametrize("phase", ENDINGS)
@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_of_states(system: ActorSystem, phase: str, name: str) -> None:
    """Each command in each phase: taken, already in effect, or refused with nothing changed."""
    ref, key = into(system, phase), (phase, name)
    before = everything(system)
    if key in TAKEN:
        receipt = ref.ask(COMMANDS[name], timeout=WAIT)
        assert receipt.events
        assert receipt.state.phase == TAKEN[key]
        return
    if key in IN_EFFECT:
        assert ref.ask(COMMANDS[name], timeout=WAIT).events == ()
    else:
        with pytest.raises(Rejected):
            ref.ask(COMMANDS[name], timeout=WAIT)
    assert everything(system) == before


@pytest.mark.parametrize(
    ("command", "own", "roots", "phase"),
    [
        (CloseChannel(), Closed(), ChannelEnded("legal", "closed"), "closed"),
        (FailChannel("x"), Failed("x"), ChannelEnded("legal", "failed"), "failed"),
    ],
)
def test_what_a_channel_becomes_its_workflow_knows(
    system: ActorSystem, command: Any, own: Any, roots: Any, phase: str
) -> None:
    """In the same transaction: opened, closed, failed."""
    opened = system.ref(LEGAL).ask(OpenChannel({"x": 1}), timeout=WAIT)
    assert opened.events == (Opened({"x": 1}), At(ROOT, ChannelOpened("legal")))
    ended = system.ref(LEGAL).ask(command, timeout=WAIT)
    assert ended.events == (own, At(ROOT, roots))
    assert ended.state.error == ("x" if phase == "failed" else "")
    root = retell(system.log, "workflow/a", behaviour=workflow)
    assert root.channels == {"legal": phase}


def test_a_failing_channel_leaves_its_siblings_alone(system: ActorSystem) -> None:
    """They go on, and merge."""
    refs = [system.ref(f"workflow/a/channel/{name}") for name in ("legal", "bank")]
    for ref in refs:
        ref.ask(OpenChannel({ref.address[-4:]: 1}), timeout=WAIT)
    refs[0].ask(FailChannel("x"), timeout=WAIT)
    refs[1].ask(MergeChannel(), timeout=WAIT)
    root = retell(system.log, "workflow/a", behaviour=workflow)
    assert root.channels == {"legal": "failed", "bank": "merged"}
    assert root.document == {"bank": 1}


def test_entries_have_a_sequence_without_a_gap(system: ActorSystem) -> None:
    """From the channel; the sender is the author, bytes stay bytes, counters add up."""
    ref = into(system, "open")
    sent = [
        (AppendEntry(b"\x00\xff"), "ann"), (AppendEntry(b"", "error", 0, 1), "ben"),
        (AppendEntry(b"bye", "end", 7), "ann"),
    ]  # fmt: skip
    for number, (entry, by) in enumerate(sent, 1):
        receipt = ref.ask(entry, by=by, timeout=WAIT)
        wanted = EntryAppended(
            number, by, entry.payload, entry.type, entry.sender_sequence, entry.in_reply_to
        )
        assert receipt.events == (wanted,)
    state = retell(system.log, LEGAL, behaviour=channel)
    assert (state.entries, state.payload_bytes, state.ended) == (3, 5, True)
    assert state.senders == {"ann": 7}


@pytest.mark.parametrize(
    ("sequence", "taken"), [(1, False), (4, False), (5, False), (6, True), (99, True), (0, True)]
)
def test_a_senders_own_sequence_is_taken_once(
    system: ActorSystem, sequence: int, taken: bool
) -> None:
    """At or below its last one it is in effect already; another sender has its own numbers."""
    ref = into(system, "open")
    ref.ask(AppendEntry(b"x", sender_sequence=5), by="ann", timeout=WAIT)
    again = ref.ask(AppendEntry(b"y", sender_sequence=sequence), by="ann", timeout=WAIT)
    assert bool(again.events) == taken
    other = ref.ask(AppendEntry(b"z", sender_sequence=1), by="ben", timeout=WAIT)
    assert other.events[0].sequence == (3 if taken else 2)


@pytest.mark.parametrize(
    "entry",
    [AppendEntry(b"", sender_sequence=-1), AppendEntry(b"", in_reply_to=2),
     AppendEntry(b"", in_reply_to=-1)],
)  # fmt: skip
def test_an_entry_that_cannot_be_is_refused(system: ActorSystem, entry: Any) -> None:
    """A negative number, or a reply to what is not there: refused, and nothing is appended."""
    ref = into(system, "open")
    ref.ask(AppendEntry(b"x"), timeout=WAIT)
    before = everything(system)
    with pytest.raises(Rejected):
        ref.ask(entry, timeout=WAIT)
    assert everything(system) == before
    assert ref.ask(AppendEntry(b"", in_reply_to=1), timeout=WAIT).state.entries == 2


@pytest.mark.parametrize("entry", [AppendEntry(WRONG), AppendEntry(b"", WRONG)])
def test_an_entry_of_another_type_is_not_stored(system: ActorSystem, entry: Any) -> None:
    """Text is no payload, and there are three types of entry."""
    ref = into(system, "open")
    with pytest.raises(RetoldError):
        ref.ask(entry, timeout=WAIT)
    assert ref.ask(AppendEntry(b"x"), timeout=WAIT).state.entries == 1


def test_patches_build_the_document(system: ActorSystem) -> None:
    """By RFC 7396; one that changes nothing is already in effect; a patch is an object."""
    ref = system.ref(LEGAL)
    ref.ask(OpenChannel({"a": 1, "b": {"c": 2}}), timeout=WAIT)
    receipt = ref.ask(PatchChannel({"a": None, "b": {"d": 3}}), timeout=WAIT)
    assert receipt.events == (Patched((Change("remove", "/a"), Change("add", "/b/d", 3))),)
    assert receipt.state.document == {"b": {"c": 2, "d": 3}}
    assert ref.ask(PatchChannel({"b": {"d": 3}}), timeout=WAIT).events == ()
    patches: list[Any] = [[], None, "x"]
    for patch in patches:
        with pytest.raises(Rejected):
            ref.ask(PatchChannel(patch), timeout=WAIT)


SOURCE, TARGET = {"s": 1, "both": {"x": 1, "s": 1}}, {"t": 1, "both": {"x": 2, "t": 1}}


@pytest.mark.parametrize(
    ("merge", "document", "conflicts"),
    [
        (MergeChannel("source_wins"), {**TARGET, **SOURCE},
         (Conflict("/both/x", 1, 2, "source"),)),
        (MergeChannel("target_wins"), {**SOURCE, **TARGET},
         (Conflict("/both/x", 1, 2, "target"),)),
        (MergeChannel("combine"), {"t": 1, "s": 1, "both": {"x": 1, "s": 1, "t": 1}},
         (Conflict("/both/x", 1, 2, "source"),)),
        (MergeChannel("combine", under="legal"), {**TARGET, "legal": SOURCE}, ()),
        (MergeChannel("custom", custom="least"), {"least": 1},
         (Conflict("/both/x", 1, 2, "neither"),)),
    ],
)  # fmt: skip
def test_a_merge_is_one_transaction(merge: Any, document: Any, conflicts: Any) -> None:
    """By each strategy: the channel ends, the workflow's document is this, on record is how."""
    least = channel_behaviour({"least": lambda source, target: {"least": 1}})
    with ActorSystem.open("memory:", workflow, least) as system:
        system.ref("workflow/a").ask(PersistState(TARGET))
        system.ref(LEGAL).ask(OpenChannel(SOURCE))
        before = system.committer.transactions
        own, roots = system.ref(LEGAL).ask(merge).events
        assert system.committer.transactions == before + 1
        root = retell(system.log, "workflow/a", behaviour=workflow)
    assert own == Merged(merge.strategy)
    assert isinstance(roots.event, ChannelMerged)
    event = roots.event
    assert (event.channel, event.source_version) == ("legal", 1)
    assert (event.strategy, event.under, event.custom) == (
        merge.strategy, merge.under, merge.custom,
    )  # fmt: skip
    assert event.conflicts == conflicts
    assert event.checksum == checksum(document)
    assert (root.document, root.version, root.channels) == (document, 2, {"legal": "merged"})


@pytest.mark.parametrize(
    "merge",
    [MergeChannel(WRONG), MergeChannel("custom"), MergeChannel("custom", custom="none"),
     MergeChannel("custom", custom="broken"), MergeChannel("custom", custom="bug")],
)  # fmt: skip
def test_a_merge_that_cannot_be_changes_nothing(merge: Any) -> None:
    """An unknown strategy or function, one that gives no object, one that raises."""
    broken = channel_behaviour(
        {"broken": lambda source, target: NONE, "bug": lambda source, target: {"x": 1 // 0}}
    )
    with ActorSystem.open("memory:", workflow, broken) as system:
        ref = system.ref(LEGAL)
        ref.ask(OpenChannel({"x": 1}))
        before = everything(system)
        with pytest.raises((RetoldError, ZeroDivisionError)):
            ref.ask(merge)
        assert everything(system) == before
        assert ref.ask(MergeChannel()).state.phase == "merged"


def test_a_custom_merge_cannot_reach_into_states() -> None:
    """What it is given cannot be changed: an attempt is refused and nothing is stored."""

    def careless(source: Any, target: Any) -> Any:
        target["x"] = 1
        return target

    with ActorSystem.open("memory:", workflow, channel_behaviour({"careless": careless})) as system:
        system.ref("workflow/a").ask(PersistState({"y": 1}))
        system.ref(LEGAL).ask(OpenChannel())
        with pytest.raises(TypeError):
            system.ref(LEGAL).ask(MergeChannel("custom", custom="careless"))
        assert system.ref("workflow/a").ask(PersistState({"y": 1})).events[0].changes == ()


def test_a_channel_stands_directly_below_a_workflow(system: ActorSystem) -> None:
    """Elsewhere it is refused: under another kind, alone, or below its namesake."""
    system.ref("workflow/a/channel/c").ask(OpenChannel(), timeout=WAIT)
    for address in ("total/a/channel/c", "channel/c", "workflow/a/channel/b/channel/c"):
        with pytest.raises(Rejected):
            system.ref(address).ask(OpenChannel(), timeout=WAIT)
    root: Any = system.ref("workflow/a").proxy()
    assert root.state.get(timeout=WAIT).channels == {"c": "open"}


def test_members_of_a_workflow_are_addresses(system: ActorSystem) -> None:
    """Channels are known by their plain name, members by what stands in their address."""
    system.ref("workflow/a/channel/Case%201").ask(OpenChannel(), timeout=WAIT)
    root = retell(system.log, "workflow/a", behaviour=workflow)
    assert root.channels == {"Case 1": "open"}
    assert root.members == ("channel/Case%201",)


def test_a_channel_takes_its_own_commands(system: ActorSystem) -> None:
    """Those of others are refused by name; a document to begin with is an object."""
    with pytest.raises(Rejected):
        system.ref(LEGAL).ask(OpenChannel(WRONG), timeout=WAIT)
    ref = into(system, "open")
    with pytest.raises(Rejected) as caught:
        ref.ask(add(), timeout=WAIT)
    assert caught.value.facts == {"got": "Do"}
    assert retell(system.log, LEGAL, behaviour=channel) == Channel("open")
