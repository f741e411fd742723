"""The seal of a log that is closed: a checksum of every block of the file, used bytes and unused.

Rows have checksums of their own, and an index can be compared with its table. But a file has bytes
that no row, index or page header speaks of: what is left over in a page, pages that are free. So
whoever leaves a file at rest (a writer that closes, a backup, a compaction) puts `<file>-seal`
beside it, and whoever opens it to write takes that away before its first write. A process that is
killed therefore leaves no seal, and a seal never speaks of an earlier state of the file.

The stored form is one JSON object a line long, spelled in one way only, so that a seal that is
itself damaged is told from one that fits: `{"format":1,"bytes":…,"block":4096,"last_position":…,
"blocks":"<crc32 of each block, in hexadecimal>","checksum":"<sha256 of all before>"}`.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from zlib import crc32

import attrs
import msgspec

from .errors import RetoldError
from .fork import is_open_here

BLOCK = 4096
FORMAT = 1
LARGEST_AT_CLOSE = 32 * 1024 * 1024
"""A larger file is not sealed when its writer closes: that would take too long; see `write`."""

_PIECE = 256 * BLOCK


class Seal(msgspec.Struct, frozen=True):
    """What a file was when it was left at rest."""

    format: int
    bytes: int
    block: int
    last_position: int
    blocks: str
    checksum: str = ""


@attrs.frozen
class Compared:
    """A file beside its seal: damaged `offsets` (the first byte of each block), and in words
    what is wrong otherwise (`fault`) or why nothing could be said (`unchecked`)."""

    blocks: int = 0
    offsets: tuple[int, ...] = ()
    fault: str = ""
    unchecked: str = ""


def seal_path(path: str) -> str:
    """Where the seal of a file stands."""
    return f"{os.path.realpath(path)}-seal"


def remove(path: str) -> None:
    """Take the seal away, durably: from here on the file may be written. Raises OSError."""
    try:
        os.unlink(seal_path(path))
    except FileNotFoundError:
        return
    sync_folder(path)


@contextmanager
def lifted(path: str) -> Iterator[None]:
    """Take the seal away, and put it back if what was to be done was refused with an error."""
    place = Path(seal_path(path))
    written = place.read_bytes() if place.exists() else b""
    remove(path)
    try:
        yield
    except RetoldError:
        if written:
            _put(path, written)
        raise


def write(path: str, place: str = "") -> bool:
    """Seal a file of any size that nobody writes, for the `place` where it is to stand, if given.

    False where it is open in this process. Raises OSError.
    """
    if is_open_here(path):
        return False
    with open(path, "rb") as file:
        sums = list(_sums(iter(lambda: file.read(_PIECE), b"")))
        size = file.tell()
    _put(place or path, _spelled(_seal(size, _last_position(path), sums)))
    return True


def write_at_close(path: str) -> bool:
    """Seal a file whose last connection was closed, if it is no larger than LARGEST_AT_CLOSE.

    False where that cannot be done: a seal is worth no error. The bytes are read through SQLite,
    which does not lose the locks that somebody else in this process may have on the file.
    """
    try:
        size = os.stat(path).st_size
        if size > LARGEST_AT_CLOSE or os.path.exists(f"{os.path.realpath(path)}-wal"):
            return False
        with closing(_immutable(path)) as connection:
            data = connection.serialize()
        if len(data) != size:
            return False
        _put(path, _spelled(_seal(size, _last_position(path), list(_sums([data])))))
    except (OSError, sqlite3.Error, MemoryError):
        return False
    return True


def compare(path: str) -> Compared:
    """The file beside its seal. Nobody of this process may have it open. Raises OSError."""
    try:
        written = Path(seal_path(path)).read_bytes()
    except FileNotFoundError:
        return Compared(unchecked="there is no seal")
    except OSError as error:
        return Compared(fault=f"its seal cannot be read: {error.strerror}")
    if is_open_here(path):
        return Compared(unchecked="it is open in this process")
    if _size(f"{os.path.realpath(path)}-wal"):
        return Compared(unchecked="part of it stands in its WAL")
    seal = _understood(written)
    found = Compared(fault="the seal itself is damaged") if seal is None else _held(path, seal)
    if (found.fault or found.offsets) and _changed(path, written):
        return Compared(unchecked="it was opened for writing meanwhile")
    return found


def sync_folder(path: str) -> None:
    """Make durable what was made, renamed or removed beside a file."""
    if os.name == "nt":
        return  # a folder cannot be opened there
    handle = os.open(os.path.dirname(os.path.realpath(path)), os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _held(path: str, seal: Seal) -> Compared:
    """A file block by block against a seal that is in order."""
    stored = [seal.blocks[at : at + 8] for at in range(0, len(seal.blocks), 8)]
    with open(path, "rb") as file:
        found = [f"{each:08x}" for each in _sums(iter(lambda: file.read(_PIECE), b""))]
        size = file.tell()
    fault = "" if size == seal.bytes else f"it has {size} bytes, {seal.bytes} were sealed"
    pairs = enumerate(zip(found, stored, strict=False))
    wrong = tuple(number * BLOCK for number, (one, two) in pairs if one != two)
    return Compared(len(found), wrong, fault)


def _sums(pieces: Iterable[bytes]) -> Iterator[int]:
    for piece in pieces:
        whole = memoryview(piece)
        for at in range(0, len(piece), BLOCK):
            yield crc32(whole[at : at + BLOCK])


def _seal(size: int, last_position: int, sums: list[int]) -> Seal:
    seal = Seal(FORMAT, size, BLOCK, last_position, "".join(f"{each:08x}" for each in sums))
    return msgspec.structs.replace(seal, checksum=_checksum(seal))


def _checksum(seal: Seal) -> str:
    return sha256(msgspec.json.encode(msgspec.structs.replace(seal, checksum=""))).hexdigest()


def _spelled(seal: Seal) -> bytes:
    return msgspec.json.encode(seal) + b"\n"


def _understood(written: bytes) -> Seal | None:
    """The seal, None unless every byte of it is as it was written."""
    try:
        seal = msgspec.json.decode(written, type=Seal)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError):
        return None
    fits = seal.checksum == _checksum(seal) and _spelled(seal) == written
    return seal if fits and seal.block == BLOCK and seal.format == FORMAT else None


def _put(path: str, written: bytes) -> None:
    """Write beside, then rename: half a seal would accuse a file that is whole."""
    place = seal_path(path)
    beside = f"{place}-unfinished"
    try:
        with open(beside, "wb") as file:
            file.write(written)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, place)
    except OSError:
        with suppress(OSError):
            os.unlink(beside)
        raise


def _changed(path: str, written: bytes) -> bool:
    try:
        return Path(seal_path(path)).read_bytes() != written
    except FileNotFoundError:
        return True


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


def _last_position(path: str) -> int:
    with closing(_immutable(path)) as connection:
        (last,) = connection.execute("SELECT max(position) FROM stored_events").fetchone()
    return int(last or 0)


def _immutable(path: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{Path(path).absolute().as_uri()}?mode=ro&immutable=1", uri=True)
