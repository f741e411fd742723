"""How it looks: folds over the log that others may read, and never a place where facts are born.
Pure functions from recorded events to views: state versions of a workflow, the merged view of
several channels, the audit trail, the digest over all states. Imports from `events` only.
"""

from .audit import AuditEntry, audit
from .digest import Replayed, replay
from .merged import MergedEntry, merged_entries
from .verification import Problem, verify
from .versions import StateVersion, state_versions

__all__ = [
    "AuditEntry",
    "MergedEntry",
    "Problem",
    "Replayed",
    "StateVersion",
    "audit",
    "merged_entries",
    "replay",
    "state_versions",
    "verify",
]
