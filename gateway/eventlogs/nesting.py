"""Where an attribute of XES goes: into an event, a case, a container, a list, another attribute.

Every open element has a place for its children, and the shape of the place says what happens:

| open element | its place | an attribute inside |
|---|---|---|
| event, case, container | a dict | goes in under its key |
| list (and its `<values>`) | a list | is appended as `{key: value}`, so keys may repeat |
| a single value | (dict, key) | the value becomes `{"value": ..., "attributes": {...}}` |
| ignored | None | is ignored |
"""

from __future__ import annotations

from typing import TypeAlias

from .row import Json
from .typed import VALUES

Attributes: TypeAlias = dict[str, Json]
Place: TypeAlias = "Attributes | list[Json] | tuple[Attributes, str] | None"


def enter(holder: Attributes | list[Json], tag: str, found: dict[str, str]) -> Place:
    """Put the attribute that an element stands for into its holder, give its own place.

    `found` are the XML attributes of the element. Raises ValueError with the reason in words.
    """
    if tag in VALUES:
        return _put(holder, found, _value(tag, found))
    if tag == "list":
        return _put_place(holder, found, [])
    if tag == "container":
        return _put_place(holder, found, {})
    if tag == "values" and isinstance(holder, list):
        return holder
    raise ValueError(f"<{tag[:60]}> does not belong here")


def nest(holder: Attributes, key: str) -> Attributes:
    """Make place for attributes of a single value, beside the value."""
    inside: Attributes = {}
    holder[key] = {"value": holder[key], "attributes": inside}
    return inside


def _value(tag: str, found: dict[str, str]) -> Json:
    try:
        return VALUES[tag](found["value"])
    except KeyError:
        raise ValueError(f"attribute {_key(found)!r} has no value") from None
    except ValueError as error:
        raise ValueError(f"attribute {_key(found)!r}: {error}") from None


def _put(
    holder: Attributes | list[Json], found: dict[str, str], value: Json
) -> tuple[Attributes, str]:
    key = found.get("key")
    if not key:
        raise ValueError("an attribute has no key")
    if isinstance(holder, list):
        item = {key: value}
        holder.append(item)
        return item, key
    if key in holder:
        raise ValueError(f"key {_key(found)!r} stands twice")
    holder[key] = value
    return holder, key


def _put_place(
    holder: Attributes | list[Json], found: dict[str, str], place: Attributes | list[Json]
) -> Attributes | list[Json]:
    _put(holder, found, place)
    return place


def _key(found: dict[str, str]) -> str:
    return found.get("key", "")[:60]
