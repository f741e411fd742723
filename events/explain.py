"""What is wrong with an event or a row, in words that name the field."""

from __future__ import annotations

import re
import typing
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
import msgspec
from cattrs import BaseValidationError, transform_error

from .errors import Unstorable
from .log_errors import CorruptedRow, Undecodable

_json = msgspec.json.Encoder().encode
_PATH = re.compile(r"\$(?P<data>\.data\b)?\.?(?P<field>[^`\s]*)")
_DEFAULTS = {"why": "", "cause": "", "happened_at": None}


def alike(given: Any, back: Any) -> bool:
    """Whether two values are the same but for the spelling of their time zones.

    To Python a time in the hour that a clock change repeats equals no time of another zone; here
    only the moment counts.
    """
    if type(given) is not type(back):
        return False
    if isinstance(given, datetime):
        zoned = given.tzinfo is not None and back.tzinfo is not None
        return zoned and given.astimezone(UTC) == back.astimezone(UTC)
    if attrs.has(type(given)):
        names = [field.name for field in attrs.fields(type(given))]
        return all(alike(getattr(given, name), getattr(back, name)) for name in names)
    if isinstance(given, dict):
        return list(given) == list(back) and all(alike(given[key], back[key]) for key in given)
    if isinstance(given, list | tuple):
        pairs = zip(given, back, strict=False)
        return len(given) == len(back) and all(alike(left, right) for left, right in pairs)
    return bool(given == back)


def check_texts(name: str, **envelope: Any) -> None:
    """Refuse an envelope whose author, reason or id is not text."""
    for field, value in envelope.items():
        if not isinstance(value, str):
            whose = ", and is the id of its command" if field == "cause" else ""
            raise Unstorable(name, field, f"{value!r} is no text{whose}")


def storable_moment(name: str, moment: Any) -> datetime:
    """When something happened, as it is stored: with its zone, or in UTC if the offset has
    seconds."""
    if not isinstance(moment, datetime):
        raise Unstorable(name, "happened_at", f"{moment!r} is no datetime")
    offset = moment.utcoffset()
    if offset is None:
        raise Unstorable(name, "happened_at", f"{moment} has no time zone")
    return moment.astimezone(UTC) if offset % timedelta(minutes=1) else moment


def refusal(name: str, event: Any, error: Exception) -> Unstorable:
    """Which field of an event cannot be written or read back, and why."""
    hints = typing.get_type_hints(type(event))
    for field in attrs.fields(type(event)):
        value, due = getattr(event, field.name), hints[field.name]
        if isinstance(due, type) and attrs.has(due) and not isinstance(value, due):
            return Unstorable(name, field.name, f"expected {due.__qualname__}, got {value!r}")
        try:
            if isinstance(value, float) and _json(value) == b"null":
                return Unstorable(name, field.name, "it is not a finite number")
            _json(value)
        except RecursionError:
            return Unstorable(name, field.name, "it is nested too deeply")
        except (ValueError, TypeError, OverflowError) as inner:
            return Unstorable(name, field.name, str(inner))
    field_name, reason = _where(error)
    return Unstorable(name, field_name, reason)


def difference(name: str, event: Any, copy: Any) -> Unstorable:
    """The first field of an event that would come back as something else."""
    for field in attrs.fields(type(event)):
        given, back = getattr(event, field.name), getattr(copy, field.name)
        if given != back:
            return Unstorable(name, field.name, f"{given!r} would be read back as {back!r}")
    return Unstorable(name, "", "it would not be read back equal")


def damage(
    position: int, address: str, version: int, name: str, state: bytes, error: Exception
) -> CorruptedRow | Undecodable:
    """Whether a row that does not decode is no JSON at all, or does not fit its class."""
    try:
        msgspec.json.decode(state)
    except (ValueError, TypeError, RecursionError):
        return CorruptedRow(position, address, version, f"its state is no JSON: {error}")
    field, reason = _where(error)
    return Undecodable(name, field, reason, address, version)


def unread(state: bytes, again: bytes) -> str:
    """The first key that the class of a row does not take; empty if only the spelling differs."""
    written, read = msgspec.json.decode(state), msgspec.json.decode(again)
    for key, value in _DEFAULTS.items():
        if key not in read and written.get(key, 0) == value:
            del written[key]
    return _unread(written, read, "").removeprefix(".data").removeprefix(".")


def _unread(written: Any, read: Any, path: str) -> str:
    if isinstance(written, dict) and isinstance(read, dict):
        for key, value in written.items():
            here = f"{path}.{key}"
            found = _unread(value, read[key], here) if key in read else here
            if found:
                return found
    if isinstance(written, list) and isinstance(read, list):
        for index, (left, right) in enumerate(zip(written, read, strict=False)):
            if found := _unread(left, right, f"{path}[{index}]"):
                return found
    return ""


def _where(error: Exception) -> tuple[str, str]:
    """The field that an error of msgspec or cattrs speaks of, and its words."""
    if not isinstance(error, ValueError | TypeError | BaseValidationError):
        return "", f"{type(error).__name__}: {error}"
    lines = transform_error(error) if isinstance(error, BaseValidationError) else [str(error)]
    text = "; ".join(lines)
    found = _PATH.search(text)
    return (found["field"] if found else ""), text
