"""A WAL that ends anywhere, or is damaged near its end: a prefix by whole transactions is left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import attrs
import pytest

from retold import Rejected
from retold.actors import Stepped

from .ledger import Deed, Deeds, ask_later, open_system
from .model import Answer, check_answers, check_rows, model_of, rows_of
from .states import states_of
from .wal import FRAME_HEADER, Wal, copy_with

BATCHES = 24
BEFORE_THE_FIRST = 1
"""The transaction in which the writer signs the lease."""


@attrs.frozen
class Written:
    """A file with its WAL, and what is known of it."""

    path: Path
    wal: Wal
    asked: dict[str, Deed]
    answers: dict[str, Answer]
    ends: list[int]
    """The last position after each transaction, the lease's first."""


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """A file whose WAL holds everything: turns of up to four commands, each one transaction."""
    folder = tmp_path_factory.mktemp("written")
    dispatcher, path, deeds = Stepped(turn_size=4), folder / "live.db", Deeds("d", Random(7), 2)
    asked, answers, ends = dict[str, Deed](), dict[str, Answer](), [0] * BEFORE_THE_FIRST
    with open_system(str(path), dispatcher) as system:
        while len(ends) < BATCHES:
            batch = [deeds.next() for _ in range(6)]
            futures = [ask_later(system, deed) for deed in batch]
            while dispatcher.step():
                if (last := system.log.last_position()) > ends[-1]:
                    ends.append(last)
            for deed, future in zip(batch, futures, strict=True):
                asked[deed.id] = deed
                try:
                    told = future.get()
                except Rejected:
                    continue
                answers[deed.id] = Answer(told.version, told.position, len(told.events), None)
        kept = folder / "kept.db"
        shutil.copyfile(path, kept)
        wal = Wal((folder / "live.db-wal").read_bytes())
    return Written(kept, wal, asked, answers, ends)


def test_the_wal_is_understood(written: Written) -> None:
    """One transaction a turn, some of several commands, and none was folded into the file yet."""
    assert written.wal.commits(len(written.wal.data)) == len(written.ends)
    steps = [b - a for a, b in zip(written.ends, written.ends[1:], strict=False)]
    assert max(steps) >= 4
    assert written.wal.frames > 2 * BATCHES


def test_a_wal_cut_anywhere_is_a_prefix_by_whole_transactions(
    written: Written, tmp_path: Path
) -> None:
    """At every frame boundary, and inside every frame: a batch is all there or not at all."""
    seen = set()
    for size in written.wal.cuts():
        copy = copy_with(written.path, tmp_path / str(size), written.wal.data[:size])
        judge(written, copy, commits=written.wal.commits(size))
        seen.add(written.wal.commits(size))
    assert seen == set(range(len(written.ends) + 1))


def test_a_flipped_bit_near_the_end_costs_its_transaction_and_those_behind(
    written: Written, tmp_path: Path
) -> None:
    """A bit of the last frames is wrong: the log ends before the transaction of that frame."""
    for name, at in enumerate(places(written.wal)):
        data = bytearray(written.wal.data)
        data[at // 8] ^= 1 << at % 8
        frame = (at // 8 - written.wal.boundary(0)) // written.wal.frame_size
        copy = copy_with(written.path, tmp_path / str(name), bytes(data))
        judge(written, copy, commits=written.wal.commits(written.wal.boundary(frame)))


def places(wal: Wal) -> Iterator[int]:
    """Bits of the last frames: each byte of their headers, and some of their pages."""
    random = Random(11)
    for frame in range(wal.frames - 4, wal.frames):
        start = wal.boundary(frame)
        for byte in range(FRAME_HEADER):
            yield (start + byte) * 8 + random.randrange(8)
        for _ in range(8):
            byte = start + FRAME_HEADER + random.randrange(wal.page_size)
            yield byte * 8 + random.randrange(8)


def judge(written: Written, copy: Path, commits: int) -> None:
    """The copy opens, holds so many transactions, and its states are those of that prefix."""
    with open_system(str(copy), Stepped()) as system:
        assert system.log.last_position() == (written.ends[commits - 1] if commits else 0)
        states = states_of(system)
    rows = rows_of(copy)
    check_rows(rows)
    there = {row.cause for row in rows}
    answers = {key: answer for key, answer in written.answers.items() if key in there}
    check_answers(rows, written.asked, answers, in_flight=0)
    assert states == model_of(rows, written.asked, answers)
    shutil.rmtree(copy.parent)
