"""Workflow: persist a state or a patch, with an author and a reason.

Every persist is a version, also one that changes nothing: persisting twice is two versions. What
happens to channels is decided by the channels themselves (`channel`), in the same transaction.
"""

from __future__ import annotations

from typing import Any

from ..events.document import Document, checksum, diff, merge_patch
from ..events.errors import Rejected
from ..events.names import command
from ..events.workflow import StatePersisted, Workflow
from .behaviour import Behaviour
from .context import Context


@command
class PersistState:
    """Make this the document. `expected` is the state version it was made from (None: any)."""

    state: Document
    expected: int | None = None


@command
class PatchState:
    """Change the document by a JSON Merge Patch (RFC 7396): null removes a key.

    `expected` is the state version it was made for (None: any).
    """

    patch: Document
    expected: int | None = None


def decide(workflow: Workflow, command: Any, _: Context) -> tuple[StatePersisted, ...]:
    """One version for every persist; `Rejected` where the document moved on or is no object."""
    match command:
        case PersistState(state, expected):
            return _persist(workflow, state, expected)
        case PatchState(patch, expected):
            return _persist(workflow, _patched(workflow, patch), expected)
    raise Rejected("a workflow takes PersistState and PatchState", got=type(command).__name__)


def _patched(workflow: Workflow, patch: Any) -> Any:
    if not isinstance(patch, dict):
        raise Rejected("a patch is a JSON object", got=type(patch).__name__)
    return merge_patch(workflow.document, patch)


def _persist(workflow: Workflow, document: Any, expected: int | None) -> tuple[StatePersisted, ...]:
    if not isinstance(document, dict):
        raise Rejected("a state is a JSON object", got=type(document).__name__)
    if expected is not None and expected != workflow.version:
        raise Rejected("the state moved on", expected=expected, version=workflow.version)
    return (StatePersisted(diff(workflow.document, document), checksum(document)),)


workflow = Behaviour("workflow", Workflow(), decide)
