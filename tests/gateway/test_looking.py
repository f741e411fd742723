"""Looking back: the trail, a state at any point, every version, and what differs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from retold import retell
from retold.actors import ActorSystem
from retold.actors.channel import AppendEntry, MergeChannel, OpenChannel, PatchChannel, channel
from retold.actors.workflow import PatchState, PersistState, workflow
from retold.events.address import kind

from .calling import answered, refused

START = datetime(2020, 1, 1, tzinfo=UTC)
DOCUMENTS: list[dict[str, Any]] = [
    {},
    {"title": "x", "budget": 5},
    {"title": "x", "budget": 5, "legal": {"status": "ok"}},
    {"title": "y", "budget": 5, "legal": {"status": "ok"}},
    {"budget": 5, "legal": {"status": "ok"}},
]
"""The document of workflow/a after each of its state versions, 0 to 4."""

AUTHORS = ["writer", "counsel", "writer", "editor"]
REASONS = ["start", "reviewed", "retitled", "cleaned"]
MADE_BY_EVENT = [1, 3, 4, 5]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """A log with a workflow, a channel that was merged into it, and another workflow."""
    path = tmp_path / "log.db"
    with ActorSystem.open(f"sqlite:///{path}", workflow, channel) as system:
        a, legal = system.ref("workflow/a"), system.ref("workflow/a/channel/legal")
        day = timedelta(days=1)
        a.ask(PersistState(DOCUMENTS[1]), by="writer", why="start", happened_at=START)
        system.ref("workflow/b").ask(PersistState({}), by="writer", happened_at=START)
        legal.ask(OpenChannel(), by="counsel", happened_at=START + day)
        legal.ask(AppendEntry(b"fine"), by="counsel", happened_at=START + 2 * day)
        legal.ask(PatchChannel({"status": "ok"}), by="counsel", happened_at=START + 3 * day)
        merge = MergeChannel(under="legal")
        legal.ask(merge, by="counsel", why="reviewed", happened_at=START + 4 * day)
        patches: list[tuple[dict[str, Any], str, str]] = [
            ({"title": "y"}, "writer", "retitled"),
            ({"title": None}, "editor", "cleaned"),
        ]
        for number, (patch, by, why) in enumerate(patches, 5):
            a.ask(PatchState(patch), by=by, why=why, happened_at=START + number * day)
    return path


@pytest.mark.parametrize("version", range(5))
def test_show_gives_any_version(db: Path, version: int) -> None:
    """Every state version of a workflow can be shown, the empty beginning too."""
    shown = answered("show", "workflow/a", "--version", str(version), "--db", db, "--json").json
    assert shown["state"]["document"] == DOCUMENTS[version]
    assert shown["version"] == shown["state"]["version"] == version
    assert shown["by"] == (AUTHORS[version - 1] if version else None)
    assert shown["why"] == (REASONS[version - 1] if version else None)


@pytest.mark.parametrize("version", range(6))
def test_show_gives_any_log_version(db: Path, version: int) -> None:
    """With --log-version the events of the workflow are counted, those of its channels too."""
    shown = answered("show", "workflow/a", "--log-version", str(version), "--db", db, "--json").json
    state = retell(f"sqlite:///{db}", "workflow/a", version=version, behaviour=workflow)
    assert shown["state"]["document"] == state.document
    assert (shown["log_version"], shown["version"]) == (version, state.version)


@pytest.mark.parametrize("days", [-1, 0, 1, 3.5, 4, 5, 6, 100])
@pytest.mark.parametrize("address", ["workflow/a", "workflow/a/channel/legal"])
def test_show_gives_any_moment(db: Path, address: str, days: float) -> None:
    """--at shows the state as the world stood then, like retell."""
    at = START + timedelta(days=days)
    behaviour = {"workflow": workflow, "channel": channel}[kind(address)]
    state = retell(f"sqlite:///{db}", address, at=at, behaviour=behaviour)
    for text in (at.isoformat(), at.replace(tzinfo=None).isoformat(" ")):
        shown = answered("show", address, "--at", text, "--db", db, "--json").json
        assert shown["state"]["document"] == state.document


def test_a_channel_counts_its_events(db: Path) -> None:
    """The version of any other actor is that of the log."""
    shown = answered(
        "show", "workflow/a/channel/legal", "--version", "2", "--db", db, "--json"
    ).json
    assert (shown["version"], shown["log_version"], shown["state"]["entries"]) == (2, 2, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "workflow/a", "--version", "5"], "no state version 5: its last one is 4"),
        (["show", "workflow/a", "--version", "-1"], "no state version -1"),
        (["show", "workflow/a", "--log-version", "6"], "no version 6"),
        (["show", "workflow/a/channel/legal", "--version", "9"], "no version 9"),
        (["show", "workflow/a", "--at", "soon"], "--at"),
        (["show", "workflow/a", "--at", "2020-01-01", "--version", "1"], "only one"),
        (["log", "--limit", "1", "--last", "1"], "only one"),
        (["diff", "workflow/a", "1", "7"], "no state version 7"),
        (["show", "workflow/aa"], "did you mean workflow/a"),
        (["log", "a"], "did you mean workflow/a?"),
        (["history", "legal"], "did you mean workflow/a/channel/legal?"),
        (["history", "workflow/"], "empty part"),
    ],
)
def test_what_is_not_there_is_said(db: Path, arguments: list[str], words: str) -> None:
    """A version, time or address that is not there is one line that helps on."""
    assert words in refused(*arguments, "--db", db)


def test_an_address_may_be_typed_plainly(tmp_path: Path) -> None:
    """Who types an address with a blank is told how it is written."""
    path = tmp_path / "log.db"
    with ActorSystem.open(f"sqlite:///{path}", workflow) as system:
        system.ref("workflow/Case%201").ask(PersistState({}))
    assert "did you mean workflow/Case%201?" in refused("show", "workflow/Case 1", "--db", path)


def test_history_tells_every_version(db: Path) -> None:
    """Each state version with its parent, author, reason, times, checksum and what changed."""
    versions = answered("history", "workflow/a", "--db", db, "--json").json
    assert [each["version"] for each in versions] == [1, 2, 3, 4]
    assert [each["parent"] for each in versions] == [0, 1, 2, 3]
    assert [each["log_version"] for each in versions] == MADE_BY_EVENT
    assert [each["author"] for each in versions] == AUTHORS
    assert [each["reason"] for each in versions] == REASONS
    assert [each["merged_from"] for each in versions] == ["", "legal", "", ""]
    assert versions[0]["happened_at"] == "2020-01-01T00:00:00Z"
    assert versions[0]["recorded_at"] > "2020-01-02"
    assert all(len(each["checksum"]) == 16 for each in versions)
    assert [each["changes"] for each in versions[2:]] == [
        [{"op": "replace", "path": "/title", "old": "x", "new": "y"}],
        [{"op": "remove", "path": "/title", "old": "y", "new": None}],
    ]


def test_history_of_another_kind_is_its_events(db: Path) -> None:
    """For a channel, history is what happened to it."""
    events = answered("history", "workflow/a/channel/legal", "--db", db, "--json").json
    assert [each["event"].split(".")[1] for each in events] == [
        "opened", "entry_appended", "patched", "merged",
    ]  # fmt: skip
    assert events[1]["summary"] == "#1 data: fine"


@pytest.mark.parametrize(("first", "second"), [(0, 4), (1, 3), (2, 3), (3, 1), (2, 2)])
def test_diff_leads_from_one_version_to_the_other(db: Path, first: int, second: int) -> None:
    """The differences make the second document of the first; the versions between are named."""
    found = answered("diff", "workflow/a", str(first), str(second), "--db", db, "--json").json
    document = dict(DOCUMENTS[first])
    for each in found["differences"]:
        key = each["path"].removeprefix("/")
        assert (each["op"] == "add") == (key not in document)
        assert each["old"] == document.pop(key, None)
        if each["op"] != "remove":
            document[key] = each["new"]
    assert document == DOCUMENTS[second]
    low, high = sorted((first, second))
    between = [(each["version"], each["author"], each["reason"]) for each in found["versions"]]
    numbers = range(low + 1, high + 1)
    assert between == [(each, AUTHORS[each - 1], REASONS[each - 1]) for each in numbers]


def test_diff_counts_events_if_asked(db: Path) -> None:
    """With --log-versions the same two points are named by their events."""
    arguments = ("diff", "workflow/a", "--db", db, "--json")
    by_state = answered(*arguments, "1", "3").json
    assert answered(*arguments, "1", "4", "--log-versions").json == by_state


def test_diff_of_another_kind_compares_its_state(db: Path) -> None:
    """Of a channel all that its state holds is compared."""
    found = answered("diff", "workflow/a/channel/legal", "1", "3", "--db", db, "--json").json
    paths = {each["path"] for each in found["differences"]}
    assert paths == {"/document/status", "/entries", "/payload_bytes"}
    assert "nothing differs" in answered("diff", "workflow/a", "2", "2", "--db", db).out


def positions(db: Path, *arguments: str) -> list[int]:
    """The positions of the events that a call of `log` gives."""
    events = answered("log", *arguments, "--db", db, "--json").json
    return [each["position"] for each in events]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]),
        (["workflow/a"], [1, 4, 8, 9, 10]),
        (["workflow/a", "--family"], [1, 3, 4, 5, 6, 7, 8, 9, 10]),
        (["--limit", "3"], [1, 2, 3]),
        (["--last", "2"], [9, 10]),
        (["--after", "8"], [9, 10]),
        (["workflow/a", "--after", "4", "--limit", "2"], [8, 9]),
        (["--by", "counsel"], [3, 4, 5, 6, 7, 8]),
        (["--by", "nobody"], []),
        (["--kind", "channel"], [3, 5, 6, 7]),
        (["--event", "channel.*"], [3, 5, 6, 7]),
        (["--event", "*merged*"], [7, 8]),
        (["--since", "2020-01-04", "--until", "2020-01-05"], [6, 7, 8]),
        (["--kind", "workflow", "--by", "writer", "--last", "1"], [9]),
    ],
)
def test_the_trail_gives_what_is_asked_for(
    db: Path, arguments: list[str], expected: list[int]
) -> None:
    """The trail is in the order of the log, oldest first, and every filter means what it says."""
    assert positions(db, *arguments) == expected


def test_the_trail_says_all_that_is_known(db: Path) -> None:
    """An event of the trail has who, what, when (twice), why, where, and what it holds."""
    event = answered("log", "--event", "channel.entry*", "--db", db, "--json").json[0]
    recorded_at = datetime.fromisoformat(event.pop("recorded_at"))
    assert recorded_at > START
    assert event.pop("cause")
    assert event == {
        "position": 5,
        "address": "workflow/a/channel/legal",
        "version": 2,
        "event": "channel.entry_appended.v1",
        "by": "counsel",
        "why": "",
        "happened_at": "2020-01-03T00:00:00Z",
        "summary": "#1 data: fine",
        "data": {
            "sequence": 1, "sender": "counsel", "payload": "ZmluZQ==", "type": "data",
            "sender_sequence": 0, "in_reply_to": 0,
        },
    }  # fmt: skip


def test_people_read_the_same(db: Path) -> None:
    """Without --json the same facts stand in plain lines."""
    shown = answered("show", "workflow/a", "--version", "2", "--db", db).out
    assert "state version 2  (event 3 of 5)" in shown
    assert "2020-01-05 00:00:00 UTC, by counsel: reviewed" in shown
    assert '"status": "ok"' in shown
    history = answered("history", "workflow/a", "--db", db).out.splitlines()
    assert "reviewed (merged from legal)" in history[2]
    assert '/title="x"→"y"' in history[3]
    shown = answered("diff", "workflow/a", "2", "3", "--db", db).out
    assert '/title\n  - "x"\n  + "y"\n' in shown
    assert "retitled" in shown
    assert answered("log", "--db", db).out.count("\n") == 11
