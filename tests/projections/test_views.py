"""State versions, merged view, audit trail and digest, against what was written by hand."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from retold import Log, event
from retold.events.document import MISSING
from retold.events.log import Append
from retold.events.workflow import Workflow
from retold.projections import audit, merged_entries, replay, state_versions
from retold.projections.audit import SHORT, summary
from retold.projections.digest import states_digest

from .approvals import BUDGET, DOCUMENTS, LEGAL, START, WORKFLOW, approval, initial

HOUR = timedelta(hours=1)


def test_every_state_version_is_told() -> None:
    """Version, parent, author, reason, both times, the document, and where it came from."""
    found = list(state_versions(approval().read(WORKFLOW)))
    assert [each.document for each in found] == DOCUMENTS
    assert [type(each.document["sum"]) for each in found] == [int, int, int, float]
    assert [(each.version, each.parent, each.log_version) for each in found] == [
        (1, 0, 1), (2, 1, 2), (3, 2, 4), (4, 3, 5),
    ]  # fmt: skip
    assert [(each.author, each.reason) for each in found] == [
        ("ann", "start"), ("ben", "looked at it"), ("ann", ""), ("lou", "done"),
    ]  # fmt: skip
    assert [each.recorded_at for each in found] == [START + n * HOUR for n in (0, 1, 6, 8)]
    assert found[0].happened_at == START - 24 * HOUR
    assert [each.happened_at for each in found[1:]] == [each.recorded_at for each in found[1:]]
    assert [each.merged_from for each in found] == ["", "", "", "legal"]
    for each, document in zip(found, DOCUMENTS, strict=True):
        spelt = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        assert each.checksum == hashlib.blake2b(spelt, digest_size=8).hexdigest()


def test_a_state_version_shows_what_changed() -> None:
    """Path, old and new; a version that changed nothing is one all the same."""
    found = [
        [(each.path, each.old, each.new) for each in version.changes]
        for version in state_versions(approval().read(WORKFLOW))
    ]
    assert found[0] == [("/title", MISSING, "x"), ("/sum", MISSING, 5)]
    assert found[1] == []
    assert found[2] == [("/title", "x", MISSING), ("/sum", 5, 6), ("/by", MISSING, ["ann"])]
    assert found[3] == [("/sum", 6, 6.0), ("/legal", MISSING, {"ok": True})]


def test_state_versions_go_on_from_where_a_reader_stopped() -> None:
    """With the state at a version and the events after it the rest is the same."""
    log = approval()
    everything = list(state_versions(log.read(WORKFLOW)))
    start = Workflow(document=DOCUMENTS[1], version=2)
    assert list(state_versions(log.read(WORKFLOW, after=2), start)) == everything[2:]


ENTRIES = [
    ("Case 1", BUDGET, 1, "lou", b"b1", "data", 0, 3),
    ("legal", LEGAL, 1, "lou", b"l1", "data", 0, 4),
    ("Case 1", BUDGET, 2, "lou", b"\xffb2", "data", 1, 5),
    ("legal", LEGAL, 2, "lou", b"end", "end", 0, 8),
]


@pytest.mark.parametrize("order", list(permutations([LEGAL, BUDGET, WORKFLOW])))
def test_entries_of_channels_are_merged_in_the_order_of_the_log(order: Any) -> None:
    """The same whatever order the channels are named in; what is no entry is passed over."""
    log = approval()
    found = list(merged_entries(*(log.read(address) for address in order)))
    assert [
        (each.channel, each.address, each.sequence, each.sender, each.payload, each.type,
         each.in_reply_to, (each.recorded_at - START) // HOUR)
        for each in found
    ] == ENTRIES  # fmt: skip
    assert [each.position for each in found] == sorted({each.position for each in found})


def test_the_audit_trail_is_one_line_an_event() -> None:
    """Who, why, what, where, both times and the command, in the order of the log."""
    log = approval()
    lines = list(audit(log.scan()))
    assert [each.position for each in lines] == list(range(1, log.last_position() + 1))
    first, *_, last = lines
    assert (first.who, first.why, first.what, first.command) == (
        "ann", "start", "workflow.state_persisted.v1", "c1",
    )  # fmt: skip
    assert (first.address, first.version) == (WORKFLOW, 1)
    assert (first.recorded_at, first.happened_at) == (START, START - 24 * HOUR)
    assert [each.summary for each in lines if each.address == WORKFLOW] == [
        '/title="x", /sum=5',
        "no change",
        'channel="legal"',
        '/title removed, /sum=6, /by=["ann"]',
        last.summary,
    ]
    for word in ('channel="legal"', "source_version=3", 'strategy="combine"', "/sum=6.0"):
        assert word in last.summary
    assert "checksum" not in last.summary
    said = [each.summary for each in lines if each.what == "channel.entry_appended.v1"]
    assert said == ["#1 data: b1", "#1 data: l1", "#2 data: \ufffdb2", "#2 end: end"]


@event("views.measured.v1")
class Measured:
    """Something long, and something that JSON has no words for."""

    text: str
    number: Decimal


def test_a_summary_is_short() -> None:
    """Long values are cut, with a mark; at the limit they are whole."""
    said = summary(Measured("x" * 100, Decimal("1.5")))
    text, number = said.split(", ")
    assert text == 'text="' + "x" * (SHORT - 2) + "…"
    assert number == 'number="1.5"'
    whole = "x" * (SHORT - 2)
    assert summary(Measured(whole, Decimal(1))).startswith(f'text="{whole}",')


def by_hand(log: Log) -> str:
    """The digest by its definition: one line an actor, by address, states as sorted JSON."""
    workflow = {
        "channels": {"legal": "merged"}, "document": DOCUMENTS[-1], "version": len(DOCUMENTS),
    }  # fmt: skip
    channel = {"ended": False, "error": "", "payload_bytes": 0, "senders": {}}
    states = {
        WORKFLOW: (5, workflow),
        BUDGET: (3, {**channel, "phase": "open", "document": {}, "entries": 2, "payload_bytes": 5}),
        LEGAL: (
            5,
            {**channel, "phase": "merged", "document": {"ok": True}, "entries": 2,
             "payload_bytes": 5, "ended": True},
        ),
    }  # fmt: skip
    lines = [
        f"{address} {version} {json.dumps(state, sort_keys=True, separators=(',', ':'))}\n"
        for address, (version, state) in sorted(states.items())
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def test_a_replay_rebuilds_every_actor() -> None:
    """Counts of actors, kinds, events and versions, and the digest by its definition."""
    log, ticks = approval(), []
    found = replay(log, initial, ticks.append)
    assert (found.actors, found.kinds) == (3, {"workflow": 1, "channel": 2})
    assert (found.events, found.versions) == (13, 4)
    assert sorted(ticks) == [3, 5, 5]
    assert found.digest == by_hand(log)


def test_a_digest_changes_with_any_state() -> None:
    """One event more, another version or another address: another digest; the same: the same."""
    log = approval()
    before = replay(log, initial).digest
    assert replay(approval(), initial).digest == before
    log.append(Append("workflow/b", 0, (), "x"))
    assert replay(log, initial).digest == before
    log.append(Append("workflow/b/channel/c", 0, (Measured("x", Decimal(1)),)))
    assert replay(log, initial).digest != before
    one = Workflow()
    digests = [
        states_digest(states)
        for states in ([], [("a/b", 1, one)], [("a/b", 2, one)], [("a/c", 1, one)],
                       [("a/b", 1, Workflow(version=1))])
    ]  # fmt: skip
    assert len(set(digests)) == 5
