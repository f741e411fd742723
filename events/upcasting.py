"""What is read of a row whose wire name has upcasters: the same row, as its newest version."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from .explain import damage
from .log_errors import CorruptedRow, Undecodable
from .recorded import Envelope
from .upcast import Upcaster

_read = msgspec.json.Decoder(Envelope[Any]).decode
_write = msgspec.json.Encoder().encode


def upcasted(
    steps: tuple[Upcaster, ...], position: int, address: str, version: int, state: bytes
) -> bytes:
    """The state of a row with its data taken through the steps; the rest of it stays as it is.

    Raises `CorruptedRow` where the state is no envelope at all, `Undecodable`, naming the step,
    where an upcaster raises or gives something that is no data.
    """
    name = steps[0].source
    try:
        envelope = _read(state)
    except (ValueError, TypeError, RecursionError) as error:
        raise damage(position, address, version, name, state, error) from error
    data = envelope.data
    if not isinstance(data, dict):
        raise CorruptedRow(position, address, version, f"its data is no object: {data!r}")
    for step in steps:
        try:
            data = step.function(data)
            flaw = _flaw_of_result(data)
        except Exception as error:  # an upcaster is somebody else's code
            reason = f"its upcaster ({step}) raised {type(error).__name__}: {error}"
            raise Undecodable(name, "", reason, address, version) from error
        if flaw:
            raise Undecodable(name, "", f"its upcaster ({step}): {flaw}", address, version)
    try:
        return _write(msgspec.structs.replace(envelope, data=data))
    except UnicodeEncodeError as error:
        reason = f"its upcaster ({steps[-1]}): it gave text that is no Unicode: {error}"
        raise Undecodable(name, "", reason, address, version) from error


def after(steps: tuple[Upcaster, ...], error: Undecodable) -> Undecodable:
    """The same error for a row that was upcast: with its stored name and its steps."""
    way = " -> ".join([steps[0].source, *(step.target for step in steps)])
    reason = f"{error.reason} (upcast {way})"
    return Undecodable(steps[0].source, error.field, reason, error.address, error.version)


def _flaw_of_result(data: Any) -> str:
    if type(data) is dict:
        return _flaw(data)
    return f"it gave {data!r}, no {'plain ' if isinstance(data, dict) else ''}dict"


_PLAIN = frozenset({str, int, bool, type(None)})


def _flaw(value: Any, path: str = "") -> str:
    """Which part of a value is not in the terms of JSON; empty where all of it is."""
    kind = type(value)
    if kind in _PLAIN or (kind is float and math.isfinite(value)):
        return ""
    if kind is dict:
        for key, part in value.items():
            if type(key) is not str:
                return f"the key {key!r} of {path or 'its data'} is no text"
            if type(part) not in _PLAIN and (found := _flaw(part, f"{path}.{key}".lstrip("."))):
                return found
        return ""
    if kind is list:
        parts = (_flaw(part, f"{path}[{index}]") for index, part in enumerate(value))
        return next(filter(None, parts), "")
    return f"field {path!r} is {value!r}, which is no value of JSON: give its stored form"
