"""The projections that come with the house, as values for a runner, and what asks their views.

`Projections(log, *STANDARD)` keeps all of them; each may be taken alone. The views of `versions`,
`merged`, `snapshots` and `audit` are stored, those of `metrics` are counted in memory.
"""

from .audit import audit, trail
from .merged import entries_of, merged
from .metrics import metrics
from .snapshots import document_from, snapshots, snapshots_of
from .versions import version_of, versions, versions_of

STANDARD = (versions, merged, snapshots, audit, metrics)
"""All of them."""

__all__ = [
    "STANDARD",
    "audit",
    "document_from",
    "entries_of",
    "merged",
    "metrics",
    "snapshots",
    "snapshots_of",
    "trail",
    "version_of",
    "versions",
    "versions_of",
]
