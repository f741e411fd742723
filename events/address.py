"""Addresses: where an actor lives, and which family it belongs to.

An address is readable text in pairs of kind and name, each part percent-encoded (RFC 3986, only
letters, digits and `-._~` stand for themselves): `account/alice`,
`workflow/approval-7/channel/legal`. The first pair names the family; its actor is the root.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import quote, unquote

from .errors import BadAddress

ROOT = ""
"""The member name of a family's root."""


def address(*parts: str) -> str:
    """Join plain parts into an address, each percent-encoded.

    >>> address("workflow", "Case 1", "channel", "a/b")
    'workflow/Case%201/channel/a%2Fb'

    Raises `BadAddress` where the parts are no pairs or one is empty.
    """
    return check("/".join(quote(part, safe="") for part in parts))


@lru_cache(maxsize=4096)
def check(text: str) -> str:
    """Return `text` if it is an address, else raise `BadAddress` with the reason."""
    if not isinstance(text, str):
        raise BadAddress(text, "it is not text")
    parts = text.split("/")
    if len(parts) % 2:
        raise BadAddress(text, "its parts do not come in pairs of kind and name")
    for part in parts:
        if not part:
            raise BadAddress(text, "it has an empty part")
        if _canonical(part) != part:
            raise BadAddress(text, f"the part {part!r} should read {_canonical(part)!r}")
    return text


def _canonical(part: str) -> str:
    try:
        return quote(unquote(part, errors="strict"), safe="")
    except UnicodeError as error:
        raise BadAddress(part, f"it does not percent-decode: {error}") from error


def kind(text: str) -> str:
    """The kind of the actor: the last but one part, decoded.

    >>> kind("workflow/approval-7/channel/legal")
    'channel'
    """
    return unquote(text.rsplit("/", 2)[-2])


def family(text: str) -> str:
    """The address of the family's root: the first two parts.

    >>> family("workflow/approval-7/channel/legal")
    'workflow/approval-7'
    """
    first, second, *_ = text.split("/", 2)
    return f"{first}/{second}"


def member(text: str) -> str:
    """The name of an actor within its family: what follows the root, `ROOT` for the root.

    >>> member("workflow/approval-7/channel/legal")
    'channel/legal'
    """
    return text[len(family(text)) + 1 :]


def at(root: str, name: str) -> str:
    """The address of the member `name` of the family of `root`."""
    return f"{root}/{name}" if name else root


def name(text: str) -> str:
    """The plain last part of an address.

    >>> name("workflow/Case%201")
    'Case 1'
    """
    return unquote(text.rsplit("/", 1)[-1])
