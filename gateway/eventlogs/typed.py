"""The typed values of XES: what the text of a `string`, `date`, `int` ... attribute stands for.

A date stays the ISO text that it is, once it is known to be a time; everything else becomes the
JSON value of its type. Texts that Python would take and XES would not (`1_000`, Arabic digits,
`nan`, `1e999`) are refused: a number that cannot go into JSON must not come out of a log.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from .instant import instant
from .row import Json

_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_BROKEN = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


def _date(text: str) -> Json:
    instant(text)
    return text.strip()


def _int(text: str) -> Json:
    """Read a whole number of 64 bits, which is what XES means by `int`."""
    if _WHOLE.fullmatch(text.strip()) is None or not -(2**63) <= int(text) < 2**63:
        raise ValueError(f"{text[:60]!r} is no int of 64 bits")
    return int(text)


def _float(text: str) -> Json:
    value = float(text) if _BROKEN.fullmatch(text.strip()) else math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text[:60]!r} is no finite float")
    return value


def _boolean(text: str) -> Json:
    value = _TRUTH.get(text.strip().lower())
    if value is None:
        raise ValueError(f"{text[:60]!r} is no boolean")
    return value


VALUES: dict[str, Callable[[str], Json]] = {
    "string": str,
    "id": str,
    "date": _date,
    "int": _int,
    "float": _float,
    "boolean": _boolean,
}
