"""From what was typed as an address to one that is in the log, or to suggestions."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice
from urllib.parse import quote

from ..events.address import check
from ..events.errors import BadAddress
from ..events.log import Log
from .errors import NoSuchAddress

MOST_NEAR = 3
MOST_LOOKED_AT = 20_000
"""How many addresses are compared with one that is not there."""


def known_address(log: Log, text: str) -> str:
    """The address that was typed, which has events in the log.

    Raises `NoSuchAddress`, naming similar ones.
    """
    try:
        if log.version(check(text)):
            return text
    except BadAddress as error:
        raise NoSuchAddress(text, _near(log, text), error.reason) from error
    raise NoSuchAddress(text, _near(log, text))


def _near(log: Log, text: str) -> list[str]:
    encoded = "/".join(quote(part, safe="") for part in text.strip("/").split("/"))
    if len(encoded.split("/")) % 2 == 0 and "//" not in encoded and log.version(encoded):
        return [encoded]
    known = [address for address, _ in islice(log.addresses(), MOST_LOOKED_AT)]
    ends = [address for address in known if address.endswith(f"/{encoded}")]
    return ends[:MOST_NEAR] or get_close_matches(encoded, known, MOST_NEAR)
