"""The contract that every journal keeps, ours and adopted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError

from retold.events.journal import Journal, Row
from retold.events.log_errors import LogClosed

NAME = "account.deposited.v1"


def row(address: str, version: int, state: bytes = b'{"amount":"1"}') -> Row:
    """A row of which only the address and version matter."""
    return (address, version, NAME, state)


def run(address: str, first: int, last: int) -> list[Row]:
    """The rows of one address from one version to another."""
    return [row(address, version, b"%d" % version) for version in range(first, last + 1)]


def everything(journal: Journal) -> list[Any]:
    """All that a journal tells."""
    return [*journal.scan(), journal.last_position(), *journal.addresses()]


def test_a_write_answers_with_the_positions_in_order(journal: Journal) -> None:
    """Positions come back in the order of the rows, increase, and are those that are read."""
    first = list(journal.write([row("account/a", 1), row("account/b", 1)]))
    second = list(journal.write([row("account/a", 2)]))
    assert first + second == sorted({*first, *second})
    assert [(stored[0], stored[1], stored[2]) for stored in journal.scan()] == [
        (first[0], "account/a", 1),
        (first[1], "account/b", 1),
        (second[0], "account/a", 2),
    ]
    assert journal.last_position() == second[0]


def test_an_empty_journal_is_empty(journal: Journal) -> None:
    """Nothing written, nothing read; writing nothing changes nothing."""
    assert list(journal.write([])) == []
    assert everything(journal) == [0]
    assert list(journal.rows("account/a")) == []
    assert journal.version("account/a") == 0
    assert journal.path


def test_reopening_changes_nothing_that_is_stored(journal: Journal) -> None:
    """All that was read before is read after it, by old readers too, and writing goes on."""
    journal.write(run("account/a", 1, 1_500))
    half = journal.rows("account/a")
    next(half)
    before = everything(journal)
    journal.reopen()
    journal.reopen()
    assert everything(journal) == before
    assert sum(1 for _ in half) == 1_499
    assert list(journal.write([row("account/a", 1_501)])) > [journal.last_position() - 1]


def test_rows_are_read_by_version(journal: Journal) -> None:
    """`after` is left out, `upto` is included, and other addresses stay out of it."""
    for version in range(1, 6):
        journal.write([row("account/a", version), row("account/b", version)])
    found = list(journal.rows("account/a", after=1, upto=4))
    assert [stored[2] for stored in found] == [2, 3, 4]
    assert {stored[1] for stored in found} == {"account/a"}
    assert [stored[2] for stored in journal.rows("account/a", after=3)] == [4, 5]
    assert list(journal.rows("account/a", after=5)) == []
    assert list(journal.rows("account/a", after=3, upto=3)) == []
    assert {stored[0] for stored in journal.rows("account/a")} <= {s[0] for s in journal.scan()}


def test_a_scan_runs_by_position(journal: Journal) -> None:
    """`after` is left out and `upto` is included here too."""
    positions = list(journal.write(run("account/a", 1, 6)))
    found = journal.scan(after=positions[1], upto=positions[3])
    assert [stored[0] for stored in found] == positions[2:4]
    assert list(journal.scan(after=positions[-1])) == []
    assert list(journal.scan(upto=0)) == []


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([row("account/a", 1)], id="stored before"),
        pytest.param([row("account/a", 2), row("account/a", 1)], id="the last of a batch"),
        pytest.param([row("account/b", 1), row("account/b", 1)], id="twice in a batch"),
        pytest.param([*run("account/b", 1, 700), row("account/a", 1)], id="after many"),
    ],
)
def test_a_version_is_stored_once(journal: Journal, rows: list[Row]) -> None:
    """A second row of a version is refused with all that came with it, and nothing changes."""
    journal.write([row("account/a", 1)])
    before = everything(journal)
    with pytest.raises(IntegrityError):
        journal.write(rows)
    assert everything(journal) == before
    assert journal.version("account/b") == 0
    again = journal.write([row("account/a", 2), row("account/b", 1)])
    assert [stored[0] for stored in journal.scan(after=before[0][0])] == list(again)


def test_addresses_are_found_by_their_start(journal: Journal) -> None:
    """A prefix is plain text: nothing in it is a wildcard, and order is that of the text."""
    names = ["a/1", "a/10", "a/2", "a%/1", "a_/1", "A/1", "é/1", "é/\U0010ffff", "b/1"]
    for count, name in enumerate(names, 1):
        journal.write(run(name, 1, count))
    last = {name: count for count, name in enumerate(names, 1)}
    for prefix in ["", "a", "a/", "a/1", "a%", "a_", "é", "é/\U0010ffff", "zzz"]:
        expected = sorted((name, last[name]) for name in names if name.startswith(prefix))
        assert list(journal.addresses(prefix)) == expected
    assert [journal.version(name) for name in names] == list(last.values())


STATES = {
    "json": b'{"by":"alice"}',
    "unicode": "{'é': '\U0001f600'}".encode(),
    "empty": b"",
    "nul": b"\x00",
    "nul inside": b"a\x00b",
    "binary": b"\xff\xfe\x00",
    "every byte": bytes(range(256)),
    "byte order mark": b"\xef\xbb\xbf{}",
    "long": b"x" * 1_000_000,
}


@pytest.mark.parametrize("state", STATES.values(), ids=STATES)
def test_states_come_back_byte_for_byte(journal: Journal, state: bytes) -> None:
    """What was written is what is read, text or not, in whatever company."""
    journal.write([row("account/a", 1, b'{"by":1}'), row("account/a", 2, state)])
    assert [stored[4] for stored in journal.rows("account/a")] == [b'{"by":1}', state]
    assert [stored[4] for stored in journal.scan()] == [b'{"by":1}', state]


def test_reading_goes_on_over_many_pieces(journal: Journal) -> None:
    """No row is lost or told twice where one piece of reading ends and the next begins."""
    positions = list(journal.write(run("account/a", 1, 3000)))
    journal.write([row(f"one/{number:04}", 1) for number in range(2000)])
    assert [stored[2] for stored in journal.rows("account/a")] == list(range(1, 3001))
    assert [stored[0] for stored in journal.rows("account/a")] == positions
    assert [stored[1] for stored in journal.scan(after=positions[-1])] == [
        f"one/{number:04}" for number in range(2000)
    ]
    assert list(journal.addresses("one/")) == [(f"one/{number:04}", 1) for number in range(2000)]


def test_every_reader_sees_positions_complete(journal: Journal) -> None:
    """While several threads write, a position that is seen has all lower ones before it."""

    def write(writer: int) -> list[int]:
        return [
            position
            for start in range(1, 200, 10)
            for position in journal.write(run(f"writer/{writer}", start, start + 9))
        ]

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(write, number) for number in range(4)]
        seen: list[list[int]] = []
        while not all(future.done() for future in futures):
            seen.append([stored[0] for stored in journal.scan()])
        written = sorted(position for future in futures for position in future.result())
    assert len(set(written)) == 800
    assert [stored[0] for stored in journal.scan()] == written
    assert all(found == written[: len(found)] for found in seen)


def test_an_iterator_left_halfway_hinders_nobody(journal: Journal) -> None:
    """Writes, other readers and the iterator itself go on."""
    journal.write(run("account/a", 1, 2500))
    rows, scan = journal.rows("account/a"), journal.scan()
    assert (next(rows)[2], next(scan)[2]) == (1, 1)
    journal.write(run("account/b", 1, 10))
    assert [stored[2] for stored in rows] == list(range(2, 2501))
    assert sum(1 for _ in scan) == 2509


def test_a_closed_journal_refuses(journal: Journal) -> None:
    """After close every call raises LogClosed, and closing again does nothing."""
    journal.write([row("account/a", 1)])
    journal.close()
    journal.close()
    for call in (
        lambda: journal.write([row("account/a", 2)]),
        lambda: list(journal.rows("account/a")),
        lambda: list(journal.scan()),
        lambda: list(journal.addresses()),
        lambda: journal.version("account/a"),
        lambda: journal.last_position(),
    ):
        with pytest.raises(LogClosed):
            call()


@pytest.mark.parametrize(
    "wrong",
    [
        (1, 1, NAME, b"{}"),
        (None, 2, NAME, b"{}"),
        ("account/a", "2", NAME, b"{}"),
        ("account/a", 2.0, NAME, b"{}"),
        ("account/a", True, NAME, b"{}"),
        ("account/a", 2, None, b"{}"),
        ("account/a", 2, NAME, "{}"),
        ("account/a", 2, NAME, bytearray(b"{}")),
        ("account/a", 2, NAME, None),
        ("account/a", 2, NAME),
        ("account/a", 2, NAME, b"{}", 5),
        "account/a",
        None,
    ],
)
def test_what_is_no_row_is_refused(our_journal: Journal, wrong: Any) -> None:
    """A wrong type anywhere raises, and the good rows beside it are not stored either."""
    our_journal.write([row("account/a", 1)])
    before = everything(our_journal)
    for rows in ([wrong], [row("account/b", 1), wrong], [wrong, row("account/b", 1)]):
        with pytest.raises((TypeError, ValueError)):
            our_journal.write(rows)
        assert everything(our_journal) == before
    our_journal.write([row("account/a", 2)])
