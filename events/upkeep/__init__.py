"""Upkeep of a log in an SQLite file: copied while it is written, put back, compacted, inspected.

Everything here is about whole files and knows no event. What is written anew is made beside its
place, checked and renamed, so under a final name there is a whole file or none.
"""

from __future__ import annotations

from .backup import Copied, backup, restore
from .compaction import Compacted, compact

__all__ = ["Compacted", "Copied", "backup", "compact", "restore"]
