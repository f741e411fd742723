"""How the past looks on the screen: an audit trail, a state, its versions, a difference."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from ..events.document import MISSING, Difference
from ..events.recorded import Recorded
from ..events.workflow import Workflow
from ..projections.audit import summary
from ..projections.versions import StateVersion, state_versions
from . import listing
from .listing import Column
from .moments import shown
from .past import Between, Standing, document
from .screen import plain, say, show_json, show_json_lines

NUMBER = Column("#", "dim", right=True)
WHEN = Column("when (UTC)", "cyan")
WHO = Column("who", "magenta")
VERSION = Column("v", "bold", right=True)
TRAIL = (
    NUMBER, WHEN, WHO, VERSION, Column("where", "blue", rest=True, front=True),
    Column("what", under=True), Column("details", "dim", rest=True, under=True),
)  # fmt: skip
VERSIONS = (
    VERSION, WHEN, WHO, Column("why", rest=True),
    Column("checksum", "dim", under=True), Column("changes", "dim", rest=True, under=True),
)  # fmt: skip
STEPS = (VERSION, WHEN, WHO, Column("why", rest=True))

LONG = 60
"""A value of more characters than this is shown on several lines."""


def show_trail(recorded: Iterable[Recorded], *, as_json: bool) -> None:
    """Events in their order, one a line."""
    if as_json:
        show_json_lines(map(event_as_json, recorded))
    else:
        listing.show(TRAIL, map(_trail_row, recorded))


def event_as_json(each: Recorded) -> dict[str, Any]:
    """An event with all that the log knows of it; `data` is as it is stored."""
    return {
        "position": each.position,
        "address": each.address,
        "version": each.version,
        "event": each.name,
        "by": each.by,
        "why": each.why,
        "happened_at": each.happened_at,
        "recorded_at": each.recorded_at,
        "cause": each.cause,
        "summary": summary(each.event),
        "data": each.event,
    }


def _trail_row(each: Recorded) -> tuple[str, ...]:
    details = f"{each.why}: {summary(each.event)}" if each.why else summary(each.event)
    return (
        str(each.position), shown(each.happened_at), each.by, str(each.version), each.address,
        in_words(each.name), details,
    )  # fmt: skip


def in_words(name: str) -> str:
    """A wire name as people say it.

    >>> in_words("channel.entry_appended.v1")
    'entry appended'
    """
    return name.split(".")[-2].replace("_", " ")


def show_standing(found: Standing, last: int, *, as_json: bool) -> None:
    """A state, and which event brought it there; `last` is the actor's last log version."""
    if as_json:
        show_json(_standing_as_json(found, last))
        return
    say(_heading(found, last), "bold")
    if found.made is not None:
        why = f": {found.made.why}" if found.made.why else ""
        say(f"{shown(found.made.happened_at)} UTC, by {found.made.by}{why}", "dim")
    if isinstance(found.state, Workflow) and found.state.channels:
        channels = (f"{name} {phase}" for name, phase in found.state.channels.items())
        say(f"channels: {', '.join(channels)}", "dim", wrap=True)
    say(json.dumps(document(found.state), ensure_ascii=False, indent=2))


def _standing_as_json(found: Standing, last: int) -> dict[str, Any]:
    made = found.made
    return {
        "address": found.address,
        "version": found.version,
        "log_version": found.log_version,
        "last_log_version": last,
        "by": made and made.by,
        "why": made and made.why,
        "happened_at": made and made.happened_at,
        "recorded_at": made and made.recorded_at,
        "state": found.state,
    }


def _heading(found: Standing, last: int) -> str:
    if not isinstance(found.state, Workflow):
        return f"{found.address}  version {found.version} of {last}"
    counted = f"event {found.log_version} of {last}"
    return f"{found.address}  state version {found.version}  ({counted})"


def show_versions(recorded: Iterable[Recorded], *, as_json: bool) -> None:
    """The state versions of a workflow, one a line."""
    versions = state_versions(recorded)
    if as_json:
        show_json_lines(map(_version_as_json, versions))
    else:
        listing.show(VERSIONS, map(_version_row, versions))


def _version_as_json(version: StateVersion) -> dict[str, Any]:
    fields = (
        "version", "parent", "log_version", "author", "reason", "happened_at", "recorded_at",
        "checksum", "merged_from",
    )  # fmt: skip
    shown_fields = {field: getattr(version, field) for field in fields}
    return {**shown_fields, "changes": list(map(difference_as_json, version.changes))}


def _version_row(version: StateVersion) -> tuple[str, ...]:
    reason = version.reason
    if version.merged_from:
        reason = f"{reason} (merged from {version.merged_from})".lstrip()
    changes = ", ".join(map(_change, version.changes)) or "no change"
    return (
        str(version.version), shown(version.happened_at), version.author, reason,
        version.checksum, changes,
    )  # fmt: skip


def _change(each: Difference) -> str:
    if each.new is MISSING:
        return f"{each.path} removed"
    if each.old is MISSING:
        return f"{each.path}={_value(each.new)}"
    return f"{each.path}={_value(each.old)}→{_value(each.new)}"


def difference_as_json(each: Difference) -> dict[str, Any]:
    """A difference with its operation: what is not there is null."""
    op = "add" if each.old is MISSING else "remove" if each.new is MISSING else "replace"
    old, new = (None if value is MISSING else value for value in (each.old, each.new))
    return {"op": op, "path": each.path, "old": old, "new": new}


def show_difference(found: Between, *, as_json: bool) -> None:
    """What differs between two versions, and the versions from one to the other."""
    if as_json:
        show_json(_between_as_json(found))
        return
    one, two = found.earlier, found.later
    say(f"{one.address}  from version {one.version} to {two.version}", "bold")
    for line, style in _lines(found.differences):
        say(line, style)
    if not found.differences:
        say("nothing differs")
    if found.steps:
        say()
        say("versions in between, with the last one", "bold")
        listing.show(STEPS, _steps(found))


def _between_as_json(found: Between) -> dict[str, Any]:
    first, second = found.earlier, found.later
    return {
        "address": first.address,
        "from": {"version": first.version, "log_version": first.log_version},
        "to": {"version": second.version, "log_version": second.log_version},
        "differences": list(map(difference_as_json, found.differences)),
        "versions": [
            {
                "version": number, "log_version": each.version, "author": each.by,
                "reason": each.why, "happened_at": each.happened_at,
                "recorded_at": each.recorded_at,
            }
            for number, each in _numbered(found)
        ],
    }  # fmt: skip


def _lines(differences: Iterable[Difference]) -> Iterator[tuple[str, str]]:
    """A difference as people read them: what went and what came, under the path."""
    for each in differences:
        yield each.path or "(all of it)", "bold"
        for value, sign, style in ((each.old, "-", "red"), (each.new, "+", "green")):
            for line in () if value is MISSING else _whole(value):
                yield f"  {sign} {line}", style


def _steps(found: Between) -> Iterator[tuple[str, ...]]:
    for number, each in _numbered(found):
        yield str(number), shown(each.happened_at), each.by, each.why


def _numbered(found: Between) -> Iterator[tuple[int, Recorded]]:
    return enumerate(found.steps, min(found.earlier.version, found.later.version) + 1)


def _whole(value: Any) -> list[str]:
    """A value on one line, or indented on several if it is long."""
    short = _value(value)
    if len(short) <= LONG:
        return [short]
    return json.dumps(plain(value), ensure_ascii=False, indent=2).splitlines()


def _value(value: Any) -> str:
    return msgspec.json.encode(plain(value)).decode()
