"""A database of the `eventsourcing` library that an application goes on with: its old rows read as
events of ours, new ones written after them.
"""

from __future__ import annotations

from .aggregate import Meaning, Old, OldAggregate
from .database import Inherited

__all__ = ["Inherited", "Meaning", "Old", "OldAggregate"]
