"""What a log must hold and its states must be, worked out from the deeds alone, in plain dicts.

Nothing of the library is used here but the deeds' own class: rows are read by sqlite3 and json,
states are built by rules written a second time.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeAlias

import attrs

from .ledger import Deed

States: TypeAlias = dict[str, dict[str, Any]]


@attrs.frozen
class Row:
    """One row of the file."""

    position: int
    address: str
    version: int
    cause: str


@attrs.frozen
class Answer:
    """What an asker was told: the version and position, how many events, a balance if any."""

    version: int
    position: int
    events: int
    balance: int | None


def rows_of(path: Path) -> list[Row]:
    """The rows of a file by position, read by plain sqlite3."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT position, originator_id, originator_version, state FROM stored_events"
            " ORDER BY position"
        ).fetchall()
    return [
        Row(position, address, version, json.loads(text)["cause"])
        for position, address, version, text in found
    ]


def check_rows(rows: list[Row]) -> None:
    """Versions without a gap from 1 for each address, positions that increase."""
    versions: dict[str, int] = {}
    for row in rows:
        assert row.version == versions.get(row.address, 0) + 1, row
        versions[row.address] = row.version
    assert all(one.position < two.position for one, two in pairwise(rows))


def check_answers(
    rows: list[Row], asked: Mapping[str, Deed], answers: Mapping[str, Answer], in_flight: int
) -> None:
    """All that was answered is there once and as told; beyond it, at most what was in flight."""
    by_cause: dict[str, list[Row]] = {}
    for row in rows:
        by_cause.setdefault(row.cause, []).append(row)
    for cause, stored in by_cause.items():
        assert cause in asked, cause
        positions = [row.position for row in stored]
        assert positions == list(range(positions[0], positions[0] + len(stored))), stored
    for cause, answer in answers.items():
        stored = by_cause.get(cause, [])
        assert len(stored) == answer.events, (asked[cause], answer, stored)
        if stored:
            own = [row for row in stored if row.address == asked[cause].to]
            assert (stored[-1].position, own[-1].version) == (answer.position, answer.version)
    assert len(by_cause.keys() - answers.keys()) <= in_flight


def model_of(
    rows: Iterable[Row], asked: Mapping[str, Deed], answers: Mapping[str, Answer]
) -> States:
    """The states that the stored deeds add up to, in the order of the log.

    Of each deed as many rows must be there as it stores, so none is there in part.
    """
    states: States = {}
    order: dict[str, int] = {}
    for row in rows:
        order[row.cause] = order.get(row.cause, 0) + 1
    for cause, count in order.items():
        deed = asked[cause]
        assert _apply(states, deed) == count, (deed, count)
        told = answers.get(cause)
        if told is not None and told.balance is not None:
            assert told.balance == states[deed.to]["balance"], (deed, told)
    return states


def _apply(states: States, deed: Deed) -> int:
    """Carry out a deed; how many events it is."""
    family = "/".join(deed.to.split("/")[:2])
    match deed.what:
        case "deposit":
            _account(states, deed.to)["balance"] += deed.argument
            return 1
        case "transfer":
            other, amount = deed.argument
            _account(states, deed.to)["balance"] -= amount
            _account(states, f"{family}/{other}")["balance"] += amount
            bank = states.setdefault(family, {"transfers": 0, "moved": 0})
            bank["transfers"] += 1
            bank["moved"] += amount
            return 3
        case "patch":
            owner = _workflow(states, family)
            owner["document"] = patched(owner["document"], deed.argument)
            owner["version"] += 1
            return 1
    return _apply_to_channel(states, deed, _workflow(states, family))


def _apply_to_channel(states: States, deed: Deed, owner: dict[str, Any]) -> int:
    name = deed.to.split("/")[-1]
    if deed.what == "open":
        states[deed.to] = {"phase": "open", "document": deed.argument, "entries": 0, "bytes": 0}
        owner["channels"][name] = "open"
        return 2
    channel = states[deed.to]
    assert channel["phase"] == "open"
    match deed.what:
        case "entry":
            channel["entries"] += 1
            channel["bytes"] += len(deed.argument.encode())
            return 1
        case "patch channel":
            channel["document"] = patched(channel["document"], deed.argument)
            return 1
        case "close":
            channel["phase"] = owner["channels"][name] = "closed"
            return 2
    channel["phase"] = owner["channels"][name] = "merged"
    owner["document"] = laid_over(channel["document"], owner["document"])
    owner["version"] += 1
    return 2


def _account(states: States, address: str) -> dict[str, Any]:
    return states.setdefault(address, {"balance": 0})


def _workflow(states: States, address: str) -> dict[str, Any]:
    return states.setdefault(address, {"document": {}, "version": 0, "channels": {}})


def patched(document: Any, patch: Any) -> Any:
    """RFC 7396 as its section 2 has it."""
    if not isinstance(patch, dict):
        return patch
    target = dict(document) if isinstance(document, dict) else {}
    for key in patch:
        if patch[key] is None:
            target.pop(key, None)
        else:
            target[key] = patched(target.get(key), patch[key])
    return target


def laid_over(source: dict[str, Any], target: dict[str, Any]) -> dict[str, Any]:
    """Both documents in one; where both have a value that is no object, the source's."""
    result = target | source
    for key in source.keys() & target.keys():
        if isinstance(source[key], dict) and isinstance(target[key], dict):
            result[key] = laid_over(source[key], target[key])
    return result
