"""The points of --at: every command that looks back, at every sort of point."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from retold import Log
from retold.events.channel import EntryAppended, Merged, Opened, Patched
from retold.events.clock import ManualClock
from retold.events.document import Change, checksum
from retold.events.log import Append
from retold.events.workflow import ChannelMerged, ChannelOpened, StatePersisted
from retold.gateway.errors import BadMoment, BadPointTyped
from retold.gateway.points import typed_point

from .calling import answered, refused

START = datetime(2020, 1, 1, tzinfo=UTC)
A, LEGAL, BUDGET = "workflow/a", "workflow/a/channel/legal", "workflow/a/channel/budget"
DOCUMENTS: list[dict[str, Any]] = [{}, {"n": 1}, {"n": 1, "ok": True}, {"n": 2, "ok": True}]
"""The document of workflow/a after each of its state versions."""


def persisted(version: int, *changes: Change) -> StatePersisted:
    """The event of a state version."""
    return StatePersisted(changes, checksum(DOCUMENTS[version]))


def merged() -> ChannelMerged:
    """The event of state version 2."""
    change = Change("add", "/ok", value=True)
    sum_of = checksum(DOCUMENTS[2])
    return ChannelMerged("legal", 3, "combine", (change,), (), sum_of)


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """Ten events in eight transactions, an hour apart; BUDGET's last was written a day late."""
    path, clock = tmp_path / "log.db", ManualClock(START)
    transactions: list[list[tuple[str, int, Any]]] = [
        [(A, 0, persisted(1, Change("add", "/n", 1)))],  # 1, at 0:00
        [(LEGAL, 0, Opened({})), (A, 1, ChannelOpened("legal"))],  # 2, 3, at 1:00
        [(BUDGET, 0, Opened({}))],  # 4, at 2:00
        [(LEGAL, 1, EntryAppended(1, "lou", b"fine"))],  # 5, at 3:00
        [(BUDGET, 1, EntryAppended(1, "kim", b"\xff", "data"))],  # 6, at 4:00
        [(LEGAL, 2, Patched((Change("add", "/ok", value=True),)))],  # 7, at 5:00
        [(LEGAL, 3, Merged("combine")), (A, 2, merged())],  # 8, 9, at 6:00
        [(A, 3, persisted(3, Change("replace", "/n", 2)))],  # 10, at 7:00
        [(BUDGET, 2, EntryAppended(2, "kim", b"late", "end", 0, 1))],  # 11, at 8:00
    ]
    with Log.open(f"sqlite:///{path}", clock=clock) as log:
        for parts in transactions:
            late = START - timedelta(days=1) if parts[0][:2] == (BUDGET, 2) else None
            log.append(
                *(
                    Append(address, version, (event,), "ann", happened_at=late)
                    for address, version, event in parts
                )
            )
            clock.advance(3_600)
    return path


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("2026-01-31T12:00", "happened:2026-01-31T12:00:00+00:00"),
        ("2026-01-31 13:00+01:00", "happened:2026-01-31T12:00:00+00:00"),
        ("happened:2026-01-31", "happened:2026-01-31T00:00:00+00:00"),
        ("recorded:2026-01-31T12:00:00.5Z", "recorded:2026-01-31T12:00:00.500000+00:00"),
        ("position:1200", "position:1200"),
        ("#1200", "position:1200"),
        ("#0", "position:0"),
        ("version:7", "version:7"),
        (" v7 ", "version:7"),
    ],
)
def test_a_point_may_be_typed_in_these_forms(text: str, known: str) -> None:
    """Each form is one point, and what a point says of itself can be typed again."""
    point = typed_point("--at", text)
    assert str(point) == known
    assert typed_point("--at", known) == point


@pytest.mark.parametrize(
    "text",
    ["", "7", "-7", "20260131", "#", "#-1", "#1.5", "v", "v-1", "V7", "version:", "version:x",
     "position: 3", "position:٣", "#" + "9" * 19, "#" + "9" * 5_000, "soon", "at:2026-01-31"],
)  # fmt: skip
def test_what_is_no_point_names_the_forms(db: Path, text: str) -> None:
    """A number alone, or what could be meant two ways, is one line that offers the forms."""
    with pytest.raises(BadPointTyped):
        typed_point("--at", text)
    said = refused("log", f"--at={text}", "--db", db)
    for form in ("--at", "2026-01-31T12:00", "recorded:TIME", "#1200", "v7"):
        assert form in said


@pytest.mark.parametrize(
    "text", ["2026-02-30", "2026-01-31T25:00", "recorded:", "recorded:soon", "happened:7"]
)
def test_a_time_that_is_none_is_said(db: Path, text: str) -> None:
    """It was meant as a time, so what is wrong with the time is said."""
    with pytest.raises(BadMoment):
        typed_point("--at", text)
    assert "is no time" in refused("log", "--at", text, "--db", db)


AT = [
    # point, positions of the log, of workflow/a, its state version, merged positions
    ("#0", [], [], 0, []),
    ("position:3", [1, 2, 3], [1, 3], 1, []),
    ("#8", [1, 2, 3, 4, 5, 6, 7, 8], [1, 3], 1, [5, 6]),
    ("#999999999999999999", list(range(1, 12)), [1, 3, 9, 10], 3, [5, 6, 11]),
    ("recorded:2019-12-31", [], [], 0, []),
    ("recorded:2020-01-01T01:00", [1, 2, 3], [1, 3], 1, []),
    ("recorded:2020-01-01T07:59:59", list(range(1, 11)), [1, 3, 9, 10], 3, [5, 6]),
    ("recorded:2020-01-01T03:59:59+01:00", [1, 2, 3, 4], [1, 3], 1, []),
    ("2019-12-31", [], [], 0, []),
    ("happened:2020-01-01T03:30", [1, 2, 3, 4, 5], [1, 3], 1, [5]),
    ("2020-01-01T04:00", [1, 2, 3, 4, 5, 6, 11], [1, 3], 1, [5, 6, 11]),
]


@pytest.mark.parametrize(("point", "everything", "own", "version", "entries"), AT)
def test_every_command_stands_at_the_same_point(
    db: Path, point: str, everything: list[int], own: list[int], version: int, entries: list[int]
) -> None:
    """The trail, a state, its history, the merged view, the counts: all of one moment."""

    def at(*arguments: str) -> Any:
        return answered(*arguments, f"--at={point}", "--db", db, "--json").json

    assert [each["position"] for each in at("log")] == everything
    assert [each["position"] for each in at("log", A)] == own
    assert [each["position"] for each in at("log", A, "--family")] == everything
    assert [each["position"] for each in at("log", "--after", "2", "--last", "2")] == [
        position for position in everything if position > 2
    ][-2:]
    shown = at("show", A)
    assert (shown["version"], shown["log_version"]) == (version, len(own))
    assert shown["state"]["document"] == DOCUMENTS[version]
    assert [each["version"] for each in at("history", A)] == list(range(1, version + 1))
    assert [each["position"] for each in at("merged", A)] == entries
    replayed, counted = at("replay"), at("stats")
    assert (replayed["events"], replayed["versions"]) == (len(everything), version)
    assert counted["events"] == len(everything)
    assert sum(counted["actors"].values()) == replayed["actors"]
    changed = answered("diff", A, "--from", "v0", f"--to={point}", "--db", db, "--json").json
    assert {each["path"] for each in changed["differences"]} == {
        f"/{key}" for key in DOCUMENTS[version]
    }


def test_a_version_counts_what_the_command_is_about(db: Path) -> None:
    """State versions of a workflow, events of a channel and of the log, entries of the view."""

    def at(point: str, *arguments: str) -> list[int]:
        found = answered(*arguments, "--at", point, "--db", db, "--json").json
        return [each.get("position", each.get("log_version")) for each in found]

    assert at("v2", "log", A) == [1, 3, 9]
    assert at("v0", "log", A) == []
    assert at("v2", "log", LEGAL) == [2, 5]
    assert at("v2", "log") == [1, 2]
    assert at("version:99", "log") == list(range(1, 12))
    assert at("v3", "log", A, "--family") == [1, 2, 3]
    assert at("v2", "history", A) == [1, 3]
    assert at("v2", "history", LEGAL) == [2, 5]
    assert at("v2", "merged", A) == [5, 6]
    assert at("v1", "merged", BUDGET) == [6]
    shown = answered("show", A, "--at", "v2", "--db", db, "--json").json
    assert shown == answered("show", A, "--version", "2", "--db", db, "--json").json
    assert (shown["state"]["document"], shown["log_version"]) == (DOCUMENTS[2], 3)


def test_the_digest_at_a_point_is_that_of_a_log_that_ends_there(db: Path, tmp_path: Path) -> None:
    """The first events copied to a log of their own give the digest of the whole at that point."""
    with Log.open(f"sqlite:///{db}", read_only=True) as log:
        first = list(log.scan(upto=7))
    short = tmp_path / "short.db"
    with Log.open(f"sqlite:///{short}") as log:
        for each in first:
            log.append(Append(each.address, each.version - 1, (each.event,)))
    digests = {
        answered(*arguments, "--json").json["digest"]
        for arguments in (
            ("replay", "--db", short),
            ("replay", "--db", db, "--at", "#7"),
            ("replay", "--db", db, "--at", "version:7"),
            ("replay", "--db", db, "--at", "recorded:2020-01-01T05:00"),
        )
    }
    assert len(digests) == 1
    assert answered("replay", "--db", db, "--json").json["digest"] not in digests


def test_a_difference_leads_from_any_point_to_any(db: Path) -> None:
    """Versions and points may be mixed; without a second one it leads to now."""
    by_version = answered("diff", A, "1", "3", "--db", db, "--json").json
    for arguments in (
        ("1",),
        ("--from", "#8"),
        ("--from", "2020-01-01T05:59", "--to", "v3"),
        ("1", "--to", "recorded:2020-01-02"),
        ("--from", "v2", "--to", "v4", "--log-versions"),
    ):
        found = answered("diff", A, *arguments, "--db", db, "--json").json
        assert found["differences"] == by_version["differences"]
        assert [each["version"] for each in found["versions"]] == [2, 3]


@pytest.mark.parametrize(
    ("arguments", "words", "status"),
    [
        (["show", A, "--at", "v4"], "no state version 4: its last one is 3", 1),
        (["show", LEGAL, "--at", "v5"], "no version 5", 1),
        (["history", A, "--at", "version:9"], "no state version 9", 1),
        (["log", LEGAL, "--at", "v9"], "no version 9", 1),
        (["show", A, "--at", "#3", "--version", "1"], "only one", 1),
        (["diff", A, "1", "--from", "#3"], "only one", 1),
        (["diff", A, "1", "2", "--to", "#3"], "only one", 1),
        (["diff", A], "--from", 2),
        (["diff", A, "--to", "#3"], "--from", 2),
        (["diff", A, "one", "two"], "V1", 2),
        (["merged", A, "--limit", "1", "--last", "1"], "only one", 1),
        (["merged", "workflow/b"], "did you mean workflow/a", 1),
        (["merged", "workflow"], "is no address", 1),
    ],
)
def test_what_cannot_be_is_said(db: Path, arguments: list[str], words: str, status: int) -> None:
    """A version that is not there, two points for one end, no point at all: one line."""
    assert words in refused(*arguments, "--db", db, status=status)


def test_the_merged_view_is_read_by_people(db: Path) -> None:
    """Position, sender, channel, number, what it answers and the text; bytes cannot harm."""
    lines = answered("merged", A, "--db", db).out.splitlines()
    assert [line.split()[0] for line in lines] == ["#", "5", "6", "11"]
    assert "lou" in lines[1]
    assert "legal" in lines[1]
    assert lines[1].endswith("fine")
    assert lines[3].endswith("2  end   (to 1) late")
    last = answered("merged", A, "--last", "1", "--db", db, "--json").json[0]
    assert (last["text"], last["happened_at"]) == ("late", "2019-12-31T00:00:00Z")
    (second,) = answered("merged", BUDGET, "--limit", "1", "--db", db, "--json").json
    assert (second["text"], second["payload"]) == (None, "/w==")
