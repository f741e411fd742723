"""What the standard views must show, by a diary: compared value by value."""

from __future__ import annotations

from collections import Counter
from typing import Any

from retold.projections.runner import Projections
from retold.projections.standard import document_from, entries_of, snapshots_of, trail, versions_of
from retold.projections.standard.snapshots import snapshot_document

from .diary import ROOTS, Diary, Entry, Fact, Version
from .documents import digits, spelt


def check_all(views: Projections, diary: Diary) -> None:
    """Every view, and how every one stands: an AssertionError where one is not as it must be."""
    for each in views.status():
        assert (each.status, each.failure) == ("running", "")
        assert each.position == diary.last
    with views.view("versions") as db:
        check_versions(db, diary)
    with views.view("merged") as db:
        check_merged(db, diary)
    with views.view("snapshots") as db:
        check_snapshots(db, diary)
    with views.view("audit") as db:
        check_audit(db, diary)
    with views.view("metrics") as count:
        check_metrics(count, diary)


def check_versions(db: Any, diary: Diary) -> None:
    """Every version of every workflow, and no other."""
    (rows,) = db.execute("SELECT count(*) FROM versions").fetchone()
    assert rows == sum(map(len, diary.versions.values()))
    for root, wanted in diary.versions.items():
        found = list(versions_of(db, root))
        assert [_plain_version(each) for each in found] == [_version(each) for each in wanted]
        before: Any = {}
        for each in found:
            changed = {change.path.split("/")[1] for change in each.changes}
            assert changed == _changed_keys(before, each.document)
            before = each.document


def _changed_keys(before: Any, after: Any) -> set[str]:
    keys = {key for key in (*before, *after) if spelt(before.get(key)) != spelt(after.get(key))}
    return {key.replace("~", "~0").replace("/", "~1") for key in keys}


def _plain_version(each: Any) -> tuple[Any, ...]:
    return (
        each.version, each.parent, each.log_version, each.author, each.reason, each.recorded_at,
        each.happened_at, each.checksum, spelt(each.document), each.merged_from,
    )  # fmt: skip


def _version(each: Version) -> tuple[Any, ...]:
    fact = each.fact
    return (
        each.number, each.number - 1, fact.version, fact.who, fact.why, fact.recorded,
        fact.happened, digits(each.document), spelt(each.document), each.channel,
    )  # fmt: skip


def check_merged(db: Any, diary: Diary) -> None:
    """Every entry of every family in the order of the log, and no other."""
    (rows,) = db.execute("SELECT count(*) FROM entries").fetchone()
    assert rows == len(diary.entries)
    for root in ROOTS:
        found = [_plain_entry(each) for each in entries_of(db, root)]
        assert found == [_entry(each) for each in diary.entries if each.root == root]


def _plain_entry(each: Any) -> tuple[Any, ...]:
    return (
        each.position, each.channel, each.address, each.sequence, each.sender, each.payload,
        each.type, each.in_reply_to, each.recorded_at, each.happened_at,
    )  # fmt: skip


def _entry(each: Entry) -> tuple[Any, ...]:
    fact = each.fact
    return (
        fact.position, each.channel, fact.address, each.sequence, fact.who, each.payload,
        each.type, each.answers, fact.recorded, fact.happened,
    )  # fmt: skip


def check_snapshots(db: Any, diary: Diary) -> None:
    """Whole documents are those of their versions, and lead to any other."""
    counted = "SELECT coalesce(max(version), 0) FROM versions WHERE address = ?"
    for root, versions in diary.versions.items():
        assert db.execute(counted, (root,)).fetchone() == (len(versions),)
        for each in snapshots_of(db, root):
            wanted = versions[each.version - 1]
            assert (each.address, each.position) == (root, wanted.fact.position)
            assert (each.log_version, each.recorded_at) == (
                wanted.fact.version, wanted.fact.recorded,
            )  # fmt: skip
            assert each.checksum == digits(wanted.document)
            assert spelt(snapshot_document(db, root, each.version)) == spelt(wanted.document)
        for version in versions:
            found = document_from(db, diary.log, root, version.number)
            assert spelt(found) == spelt(version.document)


def check_audit(db: Any, diary: Diary) -> None:
    """Every fact, once and in order."""
    found = list(trail(db))
    assert [_plain_line(each) for each in found] == [_line(each) for each in diary.facts]
    for line, fact in zip(found, diary.facts, strict=True):
        assert fact.summary in (None, line.summary)


def _plain_line(each: Any) -> tuple[Any, ...]:
    return (
        each.position, each.address, each.version, each.what, each.who, each.why, each.command,
        each.recorded_at, each.happened_at,
    )  # fmt: skip


def _line(fact: Fact) -> tuple[Any, ...]:
    return (
        fact.position, fact.address, fact.version, fact.what, fact.who, fact.why, fact.command,
        fact.recorded, fact.happened,
    )  # fmt: skip


def check_metrics(count: Any, diary: Diary) -> None:
    """Every number, counted by hand."""
    found, facts = count.metrics(), diary.facts
    addresses = Counter(fact.address for fact in facts)
    kinds = {"workflow": [0], "channel": [0]}
    for address, events in addresses.items():
        kinds["channel" if "/channel/" in address else "workflow"].append(events)
    assert (found.events, found.position, found.unknown) == (len(facts), diary.last, 0)
    assert found.kinds == {kind: sum(each) for kind, each in kinds.items() if sum(each)}
    assert found.actors == {kind: len(each) - 1 for kind, each in kinds.items() if sum(each)}
    assert found.most_events == {kind: max(each) for kind, each in kinds.items() if sum(each)}
    assert found.names == Counter(fact.what for fact in facts)
    assert found.authors == Counter(fact.who for fact in facts)
    assert found.commands == len({fact.command for fact in facts})
    assert {str(hour)[:13]: n for hour, n in found.hours.items()} == Counter(
        str(fact.recorded)[:13] for fact in facts
    )
    assert {str(day): n for day, n in found.days.items()} == Counter(
        str(fact.recorded)[:10] for fact in facts
    )
    assert found.state_versions == sum(map(len, diary.versions.values()))
    merged = {"merged": len(diary.merges)} if diary.merges else {}
    assert found.channels == {**Counter(diary.channels), **merged}
    assert found.merges == Counter(strategy for strategy, _ in diary.merges)
    assert found.conflicts == sum(conflicts for _, conflicts in diary.merges)
    assert found.entries == Counter(each.type for each in diary.entries)
    assert found.payload_bytes == sum(len(each.payload) for each in diary.entries)
    recorded, happened = [fact.recorded for fact in facts], [fact.happened for fact in facts]
    assert (found.first_recorded, found.last_recorded) == (
        min(recorded, default=None), max(recorded, default=None),
    )  # fmt: skip
    assert (found.first_happened, found.last_happened) == (
        min(happened, default=None), max(happened, default=None),
    )  # fmt: skip
