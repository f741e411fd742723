"""Where in a file a byte stands, in words: its page, and the table or index that owns it.

And so what a file has that its seal does not say of it.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress

from .. import seal
from ..log_errors import LogDamaged
from ..recorders import schema
from .structure import UNREADABLE

_OWNERS = "SELECT pageno, name, pagetype FROM dbstat"
_FIRST_PAGE = "the header and the schema"


class Places:
    """The owners of the pages of a file, as far as SQLite can tell them."""

    def __init__(self, path: str) -> None:
        self._size = 4096
        self._owners: dict[int, str] = {}
        self._known = False
        with suppress(*UNREADABLE), closing(_looked_at(path)) as connection:
            (self._size,) = connection.execute("PRAGMA page_size").fetchone()
            for page, name, kind in connection.execute(_OWNERS):
                self._owners[page] = f"{kind} page of {name}"
            self._known = True

    def of(self, offset: int) -> str:
        """What stands at an offset.

        A free page belongs to nobody; where SQLite was built without its table of pages, or the
        file is too damaged, the page's number is all that is known.
        """
        page = offset // self._size + 1
        unknown = "a free page" if self._known else "owner unknown"
        owner = self._owners.get(page, unknown)
        return f"page {page} ({_FIRST_PAGE if page == 1 else owner})"


def complaints(path: str, found: seal.Compared) -> Iterator[str]:
    """What a comparison with its seal found against a file, one by one; nothing if it fits."""
    if found.fault:
        yield f"{found.fault} ({seal.seal_path(path)})"
    if found.offsets:
        places = Places(path)
        for each in found.offsets:
            last, there = each + seal.BLOCK - 1, places.of(each)
            yield f"bytes {each:,} to {last:,} are not what was sealed: {there}"


def require_sealed(path: str) -> None:
    """Raise LogDamaged where a file has a seal and is not what that says.

    What is copied or sealed anew would be taken for what was written.
    """
    if os.path.isfile(path):
        for each in complaints(path, seal.compare(path)):
            hint = (
                f"whoever takes it as it is removes {os.path.basename(seal.seal_path(path))} first"
            )
            raise LogDamaged(path, f"{each}; {hint}")


def _looked_at(path: str) -> sqlite3.Connection:
    return sqlite3.connect(schema.uri(path, "mode=ro&immutable=1"), uri=True)
