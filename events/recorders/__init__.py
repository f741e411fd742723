"""Where the bytes of a log are kept: in memory, in an SQLite file, or as another recorder does.

Each is a `Journal`. Ours also pass the conformance suites of the `eventsourcing` library, so an
application of that library runs on them unchanged.
"""

from __future__ import annotations

from .adopted import AdoptedJournal
from .memory import MemoryRecorder
from .sqlite import SqliteRecorder

__all__ = ["AdoptedJournal", "MemoryRecorder", "SqliteRecorder"]
