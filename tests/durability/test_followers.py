"""Followers in other processes, killed like their writer: no gap, no repeat, and a bounded WAL."""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, Self

import pytest

from retold.events.recorders.opening import CHECKPOINT_PAGES

from .following import address, amount, copy_of
from .process import Writer

WAL_PAGES = 4 * CHECKPOINT_PAGES
"""What a WAL may come to. It is folded in from CHECKPOINT_PAGES on, at each commit, as far as
nobody reads it, and begun anew when nobody reads any of it. A reader holds it for one piece of a
thousand rows: milliseconds, or a few slices of a busy machine's time."""

FRAME = 4096 + 24
OUTSTANDING = 1000


class Said:
    """What three processes said, over all their lives."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, int, int]] = []
        self.course: list[list[Any]] = []

    def of(self, run: str) -> Listening:
        """Takes what one process says."""
        return Listening(self, run)


class Listening:
    """The lines of one process."""

    def __init__(self, said: Said, run: str) -> None:
        self._said = said
        self._run = run

    def take(self, line: list[Any]) -> None:
        """One of them."""
        if line[0] == "answered":
            self._said.answers += [(self._run, *each) for each in line[1]]
        elif line[0] in ("began", "got", "acking", "acked"):
            self._said.course.append(line)


class Watched:
    """Looks all the time how large the WAL of a file is."""

    def __init__(self, path: Path) -> None:
        self.largest = 0
        self._wal = f"{path}-wal"
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def _watch(self) -> None:
        while not self._end.wait(0.002):
            if os.path.exists(self._wal):
                self.largest = max(self.largest, self._size())

    def _size(self) -> int:
        try:
            return os.stat(self._wal).st_size
        except FileNotFoundError:
            return 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()


def test_followers_and_writer_killed_miss_nothing_and_repeat_nothing(tmp_path: Path) -> None:
    """Thirty thousand writes and a dozen kills."""
    print(follow_and_kill(tmp_path / "followed.db", seed=1, writes=30_000, kills=12, longest=0.5))


@pytest.mark.soak
def test_a_million_writes_followed_under_kills(tmp_path: Path) -> None:
    """A million writes and a hundred kills."""
    print(follow_and_kill(tmp_path / "followed.db", seed=2, writes=1_000_000, kills=100, longest=2))


def follow_and_kill(path: Path, seed: int, writes: int, kills: int, longest: float) -> str:
    """Let three processes run, kill them by turns and judge what they left."""
    random, said, running = Random(seed), Said(), Running(path)
    with Watched(path) as wal, running:
        running.begin("write", 1, said, random).end()
        for mode in ("write", "copy", "tally"):
            running.begin(mode, writes if mode == "write" else 0, said, random)
        for _ in range(kills):
            mode = random.choice(["write", "copy", "tally"])
            with running.of[mode] as one:
                one.kill_after(random.uniform(0.02, longest))
            running.begin(mode, writes if mode == "write" else 0, said, random)
        running.await_end("write")
        for mode in ("copy", "tally"):
            running.of[mode].kill()
            running.begin(mode, writes, said, random)
            running.await_end(mode)
    judge(path, said, writes)
    assert wal.largest < WAL_PAGES * FRAME
    return (
        f"{writes:,} writes, {kills} kills, {len(said.answers):,} answers heard; "
        f"largest WAL {wal.largest / 2**20:.1f} MiB, bound {WAL_PAGES * FRAME / 2**20:.0f} MiB"
    )


class Running:
    """The processes of one file, by what they do; none outlives the test."""

    def __init__(self, path: Path) -> None:
        self.of: dict[str, Writer] = {}
        self._path = path

    def begin(self, mode: str, upto: int, said: Said, random: Random) -> Writer:
        """Start one, in place of the one before."""
        run = f"{mode}{random.getrandbits(40):x}"
        self.of[mode] = Writer(
            self._path, said.of(run), run, mode, upto, outstanding=OUTSTANDING,
            program="tests.durability.following",
        )  # fmt: skip
        return self.of[mode]

    def await_end(self, mode: str) -> None:
        """Let one come to its own end."""
        with self.of[mode] as one:
            one.await_lines("closed", 1, patience=900)
            assert one.said("closed"), one.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self.of.values():
            each.kill()


def judge(path: Path, said: Said, writes: int) -> None:
    """The log by plain sqlite3, and what was made of it against that."""
    rows = list(rows_of(path))
    assert [row[0] for row in rows] == list(range(1, writes + 1))
    check_answers(rows, said)
    with copy_of(path).open() as copied:
        for row, text in zip(rows, copied, strict=True):
            assert text == f"{row[0]} {row[1]} {row[2]} {row[3]}\n"
    by_address = dict[str, tuple[int, int]]()
    for _, where, version, brought, _ in rows:
        events, total = by_address.get(where, (0, 0))
        assert version == events + 1
        by_address[where] = (version, total + brought)
    with closing(sqlite3.connect(f"{path}-views/tally.db")) as db:
        found = {key: (n, total) for key, n, total in db.execute("SELECT * FROM tally")}
        (place,) = db.execute("SELECT position FROM retold_view").fetchone()
    assert found == by_address
    assert place == writes
    check_deliveries(said.course)


def rows_of(path: Path) -> Iterator[tuple[int, str, int, int, str]]:
    """Position, address, version, amount and command of every row."""
    with closing(sqlite3.connect(path)) as db:
        for position, where, version, state in db.execute(
            "SELECT position, originator_id, originator_version, state FROM stored_events"
            " ORDER BY position"
        ):
            envelope = json.loads(state)
            yield position, where, version, envelope["data"]["amount"], envelope["cause"]


def check_answers(rows: list[tuple[int, str, int, int, str]], said: Said) -> None:
    """What was answered stands where it was said to, once, as it was asked for."""
    assert len({row[4] for row in rows}) == len(rows)
    assert said.answers
    for run, number, position in said.answers:
        _, where, _, brought, cause = rows[position - 1]
        assert (where, brought) == (address(number), amount(number))
        assert cause == f"{run}.{number}"


def check_deliveries(course: list[list[Any]]) -> None:
    """Each life begins right after the last acknowledgement, or the one that was under way, and
    goes on without a gap; and some events were handed out again."""
    acked = attempted = handed = highest = again = 0
    for word, position, *upto in course:
        match word:
            case "began":
                assert position in (acked, attempted)
                acked = attempted = handed = position
            case "got":
                assert position == handed + 1
                again += position <= highest
                (handed,) = upto
                highest = max(highest, handed)
            case "acking":
                attempted = max(acked, position)
            case "acked":
                acked = attempted = max(acked, position)
    assert again, "nothing was ever handed out again: the test tested nothing"
