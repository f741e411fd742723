"""A write-ahead log of SQLite, taken apart (sqlite.org/fileformat2.html, section 4).

A header of 32 bytes, then frames: 24 bytes of header and a page. A frame whose header says how many
pages the file has afterwards ends a transaction.
"""

from __future__ import annotations

import shutil
import struct
from collections.abc import Iterator
from pathlib import Path

import attrs

HEADER = 32
FRAME_HEADER = 24


@attrs.frozen
class Wal:
    """The bytes of a WAL."""

    data: bytes

    @property
    def page_size(self) -> int:
        """Bytes a page."""
        return int(struct.unpack_from(">I", self.data, 8)[0])

    @property
    def frame_size(self) -> int:
        """Bytes a frame."""
        return FRAME_HEADER + self.page_size

    @property
    def frames(self) -> int:
        """How many frames there are."""
        return (len(self.data) - HEADER) // self.frame_size

    def boundary(self, frames: int) -> int:
        """Where so many frames end."""
        return HEADER + frames * self.frame_size

    def commits(self, size: int) -> int:
        """How many transactions end within the first `size` bytes."""
        whole = max(0, size - HEADER) // self.frame_size
        return sum(self._ends_transaction(frame) for frame in range(whole))

    def _ends_transaction(self, frame: int) -> bool:
        (pages,) = struct.unpack_from(">I", self.data, self.boundary(frame) + 4)
        return bool(pages)

    def cuts(self) -> Iterator[int]:
        """Sizes to cut it to: each boundary, and inside each frame's header and page."""
        yield from (0, 1, HEADER - 1)
        for frame in range(self.frames + 1):
            start = self.boundary(frame)
            yield start
            if frame < self.frames:
                yield from (start + 1, start + FRAME_HEADER, start + self.frame_size - 1)


def copy_with(path: Path, folder: Path, data: bytes) -> Path:
    """A copy of a file that has this WAL beside it."""
    folder.mkdir()
    copy = folder / "copy.db"
    shutil.copyfile(path, copy)
    (folder / "copy.db-wal").write_bytes(data)
    return copy
