"""Kept states of actors, and the fingerprints that say which fold may begin at them.

The table that holds them is a recorder's (`recorders/snapshots.py`); when one is taken, the actors
say (`actors/snapshots.py`).
"""

from __future__ import annotations

from .snapshot import Snapshot, SnapshotCodec, intact, same

__all__ = ["Snapshot", "SnapshotCodec", "intact", "same"]
