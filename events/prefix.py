"""A prefix of a log, told by one digest: what two people compare to see that they have the same.

The digest is SHA-256 over every row with `position <= last_position`, by position: the JSON array
`[position,address,version,name,bytes of state]`, a newline, the state as stored, a newline. A log
only grows, so the digest of its prefix up to a position is the same for ever; a backup has the
digest of the log it was taken from, up to its own last position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from hashlib import sha256

import attrs
import msgspec

from .journal import StoredRow

STEP = 1_000


@attrs.frozen
class Prefix:
    """How many rows there are up to a position, the last position among them, and the digest."""

    rows: int
    last_position: int
    digest: str


def prefix_of(rows: Iterable[StoredRow], tick: Callable[[int], None] = lambda rows: None) -> Prefix:
    """The prefix that some rows are, given by position; `tick` is told how many more were read."""
    total, count, last = sha256(), 0, 0
    encode = msgspec.json.encode
    for position, address, version, name, state in rows:
        head = encode((position, address, version, name, len(state)))
        total.update(b"%b\n%b\n" % (head, state))
        count, last = count + 1, position
        if not count % STEP:
            tick(STEP)
    tick(count % STEP)
    return Prefix(count, last, total.hexdigest())
