"""Where Python's SQLite cannot be reached, nothing can be put between it and the disk."""

from __future__ import annotations

from .disk import sqlite

collect_ignore = [] if sqlite() else ["test_failing_disk.py", "test_failing_upkeep.py"]
