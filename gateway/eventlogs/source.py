"""A file of somebody else's, opened: its bytes in pieces, unzipped on the way.

Whether a file is gzipped is told by its first two bytes, not by its name: a `.xes` that is
zipped and a `.xes.gz` that is not are both common. Unzipping goes by pieces, so a file that
grows a thousandfold costs time, never memory.

What is read is counted on the file itself, before unzipping: `consumed` of `total` bytes is what
a progress bar needs.
"""

from __future__ import annotations

import gzip
import os
import stat
from collections.abc import Iterator
from typing import BinaryIO, cast

from .errors import BadLog

PIECE_BYTES = 64 * 1024
LARGEST_ROW = 16 * 1024 * 1024  # of one row, in characters or bytes; the bound on memory

_GZIP_MAGIC = b"\x1f\x8b"


class Source:
    """One open file: `stream` gives its plain bytes, `line` is how far its reader has come."""

    def __init__(self, path: str) -> None:
        """Open the file at `path`; raise BadLog when there is no readable, non-empty file."""
        self.path = path
        self.line: int | None = None
        try:
            status = os.stat(path)
            self._check(status.st_mode)
            self._file = open(path, "rb")  # noqa: SIM115 - it is closed by close()
        except OSError as error:
            raise self.bad(_opening(error)) from error
        self.total = status.st_size
        magic = self._file.peek(2)[:2]
        zipped = magic == _GZIP_MAGIC
        self.stream: BinaryIO = self._unzipped() if zipped else cast(BinaryIO, self._file)
        if not magic:
            self.close()
            raise self.bad("the file is empty")

    @property
    def consumed(self) -> int:
        """How many bytes of the file have been read; never more than `total` of a still file."""
        return self.total if self._file.closed else self._file.tell()

    def pieces(self) -> Iterator[bytes]:
        """Read plain bytes piece by piece; none of them is empty.

        `read1` rather than `read`: what was unzipped before an error is handed out first.
        """
        read1 = cast(gzip.GzipFile, self.stream).read1
        while piece := read1(PIECE_BYTES):
            yield piece

    def bad(self, reason: str, line: int | None = None) -> BadLog:
        """Make the error that says what is wrong with this file, at `line` or where it stands."""
        return BadLog(self.path, self.line if line is None else line, reason)

    def close(self) -> None:
        """Close the file; closing twice is no fault."""
        self.stream.close()
        self._file.close()

    def _check(self, mode: int) -> None:
        if stat.S_ISDIR(mode):
            raise self.bad("it is a directory; an event log is a file")
        if not stat.S_ISREG(mode):
            raise self.bad("it is no regular file")

    def _unzipped(self) -> BinaryIO:
        return cast(BinaryIO, gzip.GzipFile(fileobj=self._file, mode="rb"))


def _opening(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file"
    return f"it cannot be opened: {error.strerror}"
