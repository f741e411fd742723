"""One byte of a log is not what was written: the deep verification names it, wherever it stands.

With the seal every byte is covered. Without it (a log that was not closed well) whatever belongs
to a row still is, by the row's checksum, its index and the fold of its actor.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from retold.events import seal
from retold.gateway.inspection import Inspected, inspect

from .laden import KINDS, flip, make_laden, owners

SPARSE = 613
"""Every so many bytes of the whole file are flipped in a short run; no multiple of a page."""


@pytest.fixture(scope="module")
def laden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed log with something in every table, and free pages."""
    path = make_laden(tmp_path_factory.mktemp("laden") / "laden.db")
    assert inspect(str(path), KINDS).problems == []
    return path


@pytest.fixture
def copy(laden: Path, tmp_path: Path) -> Path:
    """A copy of it that may be damaged, with a copy of its seal."""
    place = tmp_path / "copy.db"
    shutil.copyfile(laden, place)
    shutil.copyfile(seal.seal_path(str(laden)), seal.seal_path(str(place)))
    return place


def examined(path: Path, offset: int) -> Inspected:
    """What the deep verification says with one bit of this byte flipped; then it is as before."""
    flip(path, offset, offset % 8)
    found = inspect(str(path), KINDS)
    flip(path, offset, offset % 8)
    for sidecar in ("-wal", "-shm", "-journal"):
        path.with_name(path.name + sidecar).unlink(missing_ok=True)
    return found


def unnamed(path: Path, offsets: Iterable[int]) -> list[int]:
    """Those bytes of a sealed file whose flip is not told by where it stands."""
    missed = []
    for offset in offsets:
        block = offset // seal.BLOCK * seal.BLOCK
        reasons = [each.reason for each in examined(path, offset).problems]
        if not any(each.startswith(f"bytes {block:,} to ") for each in reasons):
            missed.append(offset)
    return missed


def test_the_log_has_pages_of_every_kind(laden: Path) -> None:
    """Tables, indexes, inner pages, free pages: what is flipped below is really there."""
    owned = owners(laden)
    pages = laden.stat().st_size // 4096
    assert {each.split()[0] for each in owned.values()} >= {
        "stored_events", "sqlite_autoindex_stored_events_1", "due", "snapshots", "lease",
        "sqlite_autoindex_snapshots_1", "tracking", "sqlite_schema", "sqlite_sequence",
    }  # fmt: skip
    assert {each.split()[1] for each in owned.values()} == {"leaf", "internal"}
    assert len(owned) < pages


def test_a_flipped_byte_anywhere_is_named(copy: Path) -> None:
    """Bytes all over the file, its header, that of each page: each is told by its place."""
    size = copy.stat().st_size
    headers = [start + byte for start in range(0, size, 4096) for byte in range(8)]
    offsets = sorted({*range(0, size, SPARSE), *range(100), *headers, size - 1})
    assert len(offsets) > 300
    assert unnamed(copy, offsets) == []
    assert inspect(str(copy), KINDS).problems == []


@pytest.mark.soak
@pytest.mark.parametrize("first", range(4))
def test_flipped_bytes_all_over_are_named(copy: Path, first: int) -> None:
    """Every seventeenth byte of the file, four times from another one on."""
    assert unnamed(copy, range(first, copy.stat().st_size, 17)) == []


@pytest.mark.soak
def test_every_byte_is_compared(copy: Path) -> None:
    """By the seal alone: a flip of any byte of the file is told by its block."""
    assert uncompared(copy, range(copy.stat().st_size)) == []


def test_a_block_of_each_kind_is_compared_byte_by_byte(copy: Path) -> None:
    """By the seal alone: flips all over a page of each kind are told by its block."""
    kinds = {owner: page for page, owner in owners(copy).items()}
    free = set(range(1, copy.stat().st_size // 4096 + 1)) - owners(copy).keys()
    pages = [1, min(free), *kinds.values()]
    assert len(pages) >= 13
    for page in pages:
        assert uncompared(copy, range((page - 1) * 4096, page * 4096, 13)) == []


def uncompared(path: Path, offsets: Iterable[int]) -> list[int]:
    """Those bytes whose flip the seal does not tell by its block."""
    missed = []
    for offset in offsets:
        flip(path, offset, offset % 8)
        if seal.compare(str(path)).offsets != (offset // 4096 * 4096,):
            missed.append(offset)
        flip(path, offset, offset % 8)
    return missed


def test_a_flipped_byte_of_the_seal_is_named(copy: Path) -> None:
    """Each single byte of it: the seal is damaged, and the log is not accused."""
    place = Path(seal.seal_path(str(copy)))
    for offset in range(place.stat().st_size):
        flip(place, offset, offset % 8)
        found = seal.compare(str(copy))
        assert (found.fault, found.offsets) == ("the seal itself is damaged", ()), offset
        flip(place, offset, offset % 8)
    assert seal.compare(str(copy)).fault == ""


def test_bytes_that_are_gone_or_too_many_are_named(copy: Path) -> None:
    """A file cut off, or longer than it was: both sizes are told."""
    whole = copy.read_bytes()
    for changed in (whole[:-4096], whole[:-1], whole + b"\0", whole + bytes(4096), b""):
        copy.write_bytes(changed)
        reasons = [each.reason for each in inspect(str(copy), KINDS).problems]
        said = f"it has {len(changed)} bytes, {len(whole)} were sealed"
        assert any(said in each for each in reasons), len(changed)


def places_of_rows(path: Path) -> Iterator[tuple[int, range]]:
    """By position, where in the file the columns of each row stand: address to state."""
    data = path.read_bytes()
    leaves = {page for page, owner in owners(path).items() if owner == "stored_events leaf"}
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as plain:
        rows = plain.execute(
            "SELECT position, originator_id, originator_version, topic, state FROM stored_events"
        ).fetchall()
    for position, address, version, topic, state in rows:
        number = b"" if version == 1 else bytes([version])
        body = address.encode() + number + topic.encode() + state.encode()
        (at,) = [at for at in _found(data, body) if at // 4096 + 1 in leaves]
        yield position, range(at, at + len(body))


def _found(data: bytes, wanted: bytes) -> Iterator[int]:
    at = data.find(wanted)
    while at >= 0:
        yield at
        at = data.find(wanted, at + 1)


def unseen(path: Path, places: Iterable[range]) -> list[int]:
    """Those bytes whose flip nothing finds in a file that has no seal."""
    Path(seal.seal_path(str(path))).unlink()
    return [at for place in places for at in place if not examined(path, at).problems]


def test_without_a_seal_every_byte_of_a_row_is_covered(copy: Path) -> None:
    """Address, version, name and state of rows of each kind and the last, byte by byte."""
    places = dict(places_of_rows(copy))
    assert len(places) == 252
    assert unseen(copy, [places[30], places[231], places[252]]) == []
    assert inspect(str(copy), KINDS).unchecked == "there is no seal"


@pytest.mark.soak
def test_without_a_seal_every_byte_of_every_row_is_covered(copy: Path) -> None:
    """The same of all rows, of each every fifth byte from another one on."""
    places = [places[number % 5 :: 5] for number, places in places_of_rows(copy)]
    assert unseen(copy, places) == []
