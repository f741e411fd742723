"""Changing a document that nobody else holds in place, which costs less than making a new one.

`apply` gives a new document for each change and copies what the change touches; with many changes
to a large list or object that adds up. The two give equal documents.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ...events.document import Change, Document, pointer

encode = msgspec.json.Encoder().encode
_decode_changes = msgspec.json.Decoder(tuple[Change, ...]).decode


def document_of(text: str) -> Document:
    """A document as it was stored, for the caller alone."""
    return msgspec.json.decode(text, type=dict[str, Any])


def changes_of(text: str | bytes) -> tuple[Change, ...]:
    """Changes as they were stored, with values for the caller alone."""
    return _decode_changes(text)


def change_in_place(document: Any, changes: Iterable[Change]) -> Any:
    """The document after a delta: the one given, changed, unless the whole was replaced.

    The values of the changes become parts of it. Raises as `apply` does; it is changed in part then
    and good for nothing.
    """
    for change in changes:
        path = pointer(change.path)
        if not path:
            document = change.value
            continue
        *way, key = path
        node = document
        for step in way:
            node = node[int(step)] if isinstance(node, list) else node[step]
        if isinstance(node, list):
            _change_list(node, change, len(node) if key == "-" else int(key))
        elif change.op == "remove":
            del node[key]
        else:
            node[key] = change.value
    return document


def _change_list(node: list[Any], change: Change, index: int) -> None:
    if change.op == "remove":
        del node[index]
    elif change.op == "add":
        node.insert(index, change.value)
    else:
        node[index] = change.value
