"""The log: several streams in one transaction, versions without a gap, reading by place
and time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from retold import Log
from retold.events.clock import ManualClock
from retold.events.errors import BadAddress, BadUrl, Unstorable
from retold.events.log import Append
from retold.events.log_errors import ConcurrencyError, LogClosed, LogReadOnly, NoSuchLog

from .things import Noted

URLS: dict[str, Callable[[Path], tuple[str, dict[str, str]]]] = {
    "memory": lambda folder: ("memory:", {}),
    "sqlite": lambda folder: (f"sqlite:///{folder}/log.db", {}),
    "module-popo": lambda folder: ("module:eventsourcing.popo", {}),
    "module-sqlite": lambda folder: (
        "module:eventsourcing.sqlite", {"SQLITE_DBNAME": f"{folder}/library.db"},
    ),
}  # fmt: skip


@pytest.fixture(params=URLS)
def log(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Log]:
    """A log of every kind, empty."""
    url, settings = URLS[request.param](tmp_path)
    with Log.open(url, clock=ManualClock(), settings=settings) as opened:
        yield opened


def noted(address: str, expected: int, *whats: Any) -> Append:
    """Events that note these things."""
    return Append(address, expected, tuple(Noted(what) for what in whats))


def whats(log: Log) -> list[tuple[int, str, int, Any]]:
    """Everything in the log: position, address, version and what was noted."""
    return [(each.position, each.address, each.version, each.event.what) for each in log.scan()]


def test_several_streams_are_appended_in_one_order(log: Log) -> None:
    """Versions count per address, positions over all, in the order in which they were given."""
    stored = log.append(noted("note/a", 0, "a1", "a2"), noted("note/b", 0, "b1"))
    log.append(noted("note/a", 2, "a3"))
    positions = [each[0] for each in whats(log)]
    assert [each[1:] for each in whats(log)] == [
        ("note/a", 1, "a1"), ("note/a", 2, "a2"), ("note/b", 1, "b1"), ("note/a", 3, "a3"),
    ]  # fmt: skip
    assert positions == sorted(set(positions))
    assert list(stored.positions) == positions[:3]
    assert (log.version("note/a"), log.version("note/b"), log.version("note/c")) == (3, 1, 0)
    assert list(log.addresses()) == [("note/a", 3), ("note/b", 1)]
    assert list(log.addresses("note/b")) == [("note/b", 1)]
    assert log.last_position() == positions[-1]


@pytest.mark.parametrize(("expected", "found"), [(0, 2), (1, 2), (3, 2)])
def test_a_wrong_version_stores_nothing_of_any_stream(log: Log, expected: int, found: int) -> None:
    """`ConcurrencyError` says where it stands; the streams that would have fitted stay as well."""
    log.append(noted("note/a", 0, 1, 2))
    before = whats(log)
    with pytest.raises(ConcurrencyError) as caught:
        log.append(noted("note/b", 0, 1), noted("note/a", expected, 3), noted("note/c", 0, 1))
    error = caught.value
    assert (error.address, error.expected, error.found) == ("note/a", expected, found)
    assert whats(log) == before


def test_an_event_that_cannot_be_stored_stores_nothing(log: Log) -> None:
    """`Unstorable` at the last event of three: none of the streams has moved."""
    with pytest.raises(Unstorable):
        log.append(noted("note/a", 0, 1), noted("note/b", 0, 2, object()))
    with pytest.raises(BadAddress):
        log.append(noted("note/a", 0, 1), noted("note", 0, 2))
    assert whats(log) == []
    assert log.last_position() == 0


def test_the_same_address_twice_in_one_append_stores_nothing(log: Log) -> None:
    """Both cannot stand at the version that they expect."""
    with pytest.raises(ConcurrencyError):
        log.append(noted("note/a", 0, 1), noted("note/a", 0, 2))
    assert whats(log) == []


def test_nothing_is_appended_of_nothing(log: Log) -> None:
    """An append without events is stored at once, and a wrong version is still told."""
    assert list(log.append(noted("note/a", 0)).positions) == []
    with pytest.raises(ConcurrencyError):
        log.append(noted("note/a", 1))


def test_versions_and_positions_bound_what_is_read(log: Log) -> None:
    """After is exclusive, up to is inclusive, beyond the end there is nothing."""
    log.append(noted("note/a", 0, *range(1, 6)), noted("note/b", 0, "b"))
    assert [each.event.what for each in log.read("note/a", after=2)] == [3, 4, 5]
    assert [each.event.what for each in log.read("note/a", after=1, upto=3)] == [2, 3]
    assert [event.what for event in log.events("note/a", after=1, upto=3)] == [2, 3]
    assert [each.version for each in log.read("note/a", upto=0)] == []
    assert [each.version for each in log.read("note/a", after=9)] == []
    assert list(log.read("note/x")) == []
    first = whats(log)[0][0]
    assert [each.event.what for each in log.scan(after=first + 3)] == [5, "b"]
    assert [each.event.what for each in log.scan(after=first, upto=first + 2)] == [2, 3]
    with pytest.raises(BadAddress):
        list(log.read("note"))


def test_causes_are_read_without_events(log: Log) -> None:
    """Position and cause of each event of an address, after a version."""
    log.append(Append("note/a", 0, (Noted(1), Noted(2)), cause="c1"))
    log.append(Append("note/a", 2, (Noted(3),), cause="c2"))
    assert [cause for _, cause in log.causes("note/a")] == ["c1", "c1", "c2"]
    assert list(log.causes("note/a", after=2)) == [(log.last_position(), "c2")]
    assert len(list(log.causes("note/a", after=-5))) == 3


def test_many_threads_append_without_a_gap(log: Log) -> None:
    """Each reads the version, appends at it and tries again: every event stands once."""

    def write(who: int) -> None:
        for number in range(20):
            while True:
                try:
                    log.append(noted("note/a", log.version("note/a"), [who, number]))
                    break
                except ConcurrencyError:
                    pass

    threads = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = list(log.read("note/a"))
    assert [each.version for each in found] == list(range(1, 81))
    for who in range(4):
        mine = [each.event.what[1] for each in found if each.event.what[0] == who]
        assert mine == list(range(20))


def test_a_log_outlives_its_closing(tmp_path: Path) -> None:
    """In a file everything is there again; closed twice is closed; closed it says so."""
    url = f"sqlite:///{tmp_path}/log.db"
    with Log.open(url) as log:
        log.append(noted("note/a", 0, 1))
        before = whats(log)
    log.close()
    with pytest.raises(LogClosed):
        log.append(noted("note/a", 1, 2))
    with Log.open(url) as log:
        assert whats(log) == before


def test_a_log_opened_to_read_is_not_written(tmp_path: Path) -> None:
    """`LogReadOnly` before anything is tried; it reads what a writer beside it adds."""
    url = f"sqlite:///{tmp_path}/log.db"
    with Log.open(url) as writer, Log.open(url, read_only=True) as reader:
        writer.append(noted("note/a", 0, 1))
        with pytest.raises(LogReadOnly):
            reader.append(noted("note/a", 1, 2))
        writer.append(noted("note/a", 1, 3))
        assert [each[3] for each in whats(reader)] == [1, 3]


@pytest.mark.parametrize(
    "url",
    [
        "", "memory:x", "sqlite:", "sqlite:///", "sqlite://log.db", "sqlite:log.db",
        "postgres://host/db", "log.db", "module:", "module:no.such.module", "module:json",
        "file:///log.db", "SQLITE:///log.db",
    ],
)  # fmt: skip
def test_a_url_that_names_no_log_is_refused(url: str, tmp_path: Path) -> None:
    """`BadUrl` with the URL; it is a ValueError too, and no file was made."""
    with pytest.raises(BadUrl) as caught:
        Log.open(url)
    assert caught.value.url == url
    assert isinstance(caught.value, ValueError)
    assert list(tmp_path.iterdir()) == []


def test_paths_are_relative_or_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes count from here, four from the root; what is percent-encoded is decoded."""
    monkeypatch.chdir(tmp_path)
    for url, name in (
        ("sqlite:///here.db", "here.db"),
        (f"sqlite:///{tmp_path}/there.db", "there.db"),
        ("sqlite:///with%20space.db", "with space.db"),
    ):
        Log.open(url).close()
        assert (tmp_path / name).is_file()


def test_a_log_that_is_not_there_is_not_read(tmp_path: Path) -> None:
    """`NoSuchLog` for a reader and for `create=False`, and none is made."""
    wishes: list[dict[str, Any]] = [{"read_only": True}, {"create": False}]
    for asked in wishes:
        with pytest.raises(NoSuchLog):
            Log.open(f"sqlite:///{tmp_path}/none.db", **asked)
    assert list(tmp_path.iterdir()) == []
