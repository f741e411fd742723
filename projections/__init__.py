"""How it looks: folds over the log that others may read, and never a place where facts are born.
Pure functions from recorded events to views: state versions of a workflow, the merged view of
several channels, the audit trail, the digest over all states; and the runner that keeps views up
to date, those of the house (`retold.projections.standard`) and yours. Imports from `events` only.
"""

from .audit import AuditEntry, audit
from .digest import replay
from .merged import MergedEntry, merged_entries
from .past_view import view_at
from .projection import Projection, StoredProjection
from .runner import Projections
from .verification import verify
from .versions import StateVersion, state_versions

__all__ = [
    "AuditEntry",
    "MergedEntry",
    "Projection",
    "Projections",
    "StateVersion",
    "StoredProjection",
    "audit",
    "merged_entries",
    "replay",
    "state_versions",
    "verify",
    "view_at",
]
