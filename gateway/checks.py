"""What `retold verify --deep` checks of a log, each check on its own.

`CHECKS` is the list. A check is a function from what is examined to the problems that it finds; one
that cannot go on is itself a problem, and the next has its turn. A log may be written meanwhile: a
check that compares two things makes sure that both are of one moment.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import unquote

import attrs

from ..actors.behaviour import Behaviour
from ..events.address import kind
from ..events.errors import RetoldError
from ..events.fold import fold
from ..events.log import Log
from ..events.log_errors import StorageUnreadable
from ..events.point import Point
from ..events.snapshots import SnapshotCodec, intact, same
from ..events.upkeep.structure import faults
from ..events.upkeep.tables import odd_rows
from ..projections.comparing import differences
from ..projections.errors import NotAView
from ..projections.past_view import view_at
from ..projections.projection import StoredProjection
from ..projections.runner import views_folder
from ..projections.standing import Standing, open_view, standing_of
from ..projections.verification import Problem, verify
from .errors import UnreadableView
from .kinds import Kinds

_COVERED = datetime(1970, 1, 1, tzinfo=UTC)
"""The moment under which the table of due times lists a kind of actor as a whole."""

FAULTS = (
    RetoldError, sqlite3.Error, ArithmeticError, AttributeError, LookupError, ValueError, TypeError,
)  # fmt: skip
"""What damage may raise: in a row, an index or a moment, or in a state made of one."""


@attrs.frozen
class Examined:
    """A log, the kinds of actor that are known, its file if it has one, a progress bar."""

    log: Log
    kinds: Kinds
    file: str | None
    tick: Callable[[int], None]


Check: TypeAlias = Callable[[Examined], Iterator[Problem]]


def problems(examined: Examined) -> Iterator[Problem]:
    """What every check finds, in the order of CHECKS."""
    for check in CHECKS:
        try:
            yield from check(examined)
        except FAULTS as error:
            name = check.__name__.replace("_", " ")
            yield _of_log(f"the check of {name} could not go on: {error}")


def structure(examined: Examined) -> Iterator[Problem]:
    """SQLite's own check: pages, free pages, and each index beside its table."""
    for fault in faults(examined.file) if examined.file else ():
        yield _of_log(fault)


def tables(examined: Examined) -> Iterator[Problem]:
    """The lease, the count of positions, tracking, due times and snapshots beside the events."""
    for address, reason in odd_rows(examined.file) if examined.file else ():
        yield Problem(0, address, 0, reason)


def rows(examined: Examined) -> Iterator[Problem]:
    """Every row and its checksum, every version, every actor folded."""
    yield from verify(examined.log, examined.kinds.initial, examined.tick)


def due_times(examined: Examined) -> Iterator[Problem]:
    """The table of due times beside what `due` says of the state of each actor."""
    stored = dict(examined.log.journal.dues() or ())
    covered = {each for each in stored if "/" not in each}
    for name in sorted(covered):
        if stored[name] != _COVERED:
            yield _of_log(f"its due times of kind {name!r} are listed under {stored[name]}")
    there = set()
    for address, _ in examined.log.addresses():
        there.add(address)
        behaviour = _known(examined, address)
        if behaviour and behaviour.due and kind(address) in covered:
            yield from _late(examined, address, behaviour, stored.get(address))
    for address in sorted(stored.keys() - there - covered):
        yield Problem(0, address, 0, "it has a due time and no events")
    for address in sorted(stored.keys() & there):
        if kind(address) not in covered:
            yield Problem(0, address, 0, f"it has a due time, its kind {kind(address)!r} has none")


def _late(
    examined: Examined, address: str, behaviour: Behaviour, stored: datetime | None
) -> Iterator[Problem]:
    log = examined.log
    assert behaviour.due is not None
    version = -1
    while True:
        expected = behaviour.due(fold(behaviour.initial, log.events(address)))
        if expected == stored or version == log.version(address):
            break
        version = log.version(address)  # what stands there now; it may have been written meanwhile
        stored = dict(log.journal.dues() or ()).get(address)
    if expected != stored:
        reason = f"its due time is {stored or 'never'}, its state says {expected or 'never'}"
        yield Problem(0, address, log.version(address), reason)


def snapshots(examined: Examined) -> Iterator[Problem]:
    """Each snapshot: its checksum, and its state beside that of the events up to it."""
    codecs: dict[str, SnapshotCodec | None] = {}
    for address, _ in examined.log.addresses():
        row = examined.log.snapshot(address)
        if row is None:
            continue
        if not intact(row):
            yield Problem(row[2], address, row[1], "its snapshot is not what was kept")
        behaviour = _known(examined, address)
        if behaviour is not None and behaviour.kind not in codecs:
            codecs[behaviour.kind] = _codec(examined, behaviour)
        codec = codecs.get(kind(address))
        found = codec.decode(row) if codec is not None else None
        if found is not None and behaviour is not None:
            events = examined.log.events(address, upto=found.version)
            if not same(found.state, fold(behaviour.initial, events)):
                reason = "its snapshot is not the state that its events add up to"
                yield Problem(found.position, address, found.version, reason)


def _codec(examined: Examined, behaviour: Behaviour) -> SnapshotCodec | None:
    """How the states of a kind are kept; None where they cannot be, so that none are there."""
    try:
        return SnapshotCodec(behaviour.kind, behaviour.initial, examined.log.codec)
    except RetoldError:
        return None


def _known(examined: Examined, address: str) -> Behaviour | None:
    """The behaviour of an address; None for a kind that nobody knows, which `rows` has named."""
    wanted: Any = kind(address)
    return next((each for each in examined.kinds.behaviours if each.kind == wanted), None)


def _of_log(reason: str) -> Problem:
    return Problem(0, "", 0, reason)


def views(examined: Examined) -> Iterator[Problem]:
    """Each stored view: its file, and all of it beside one that is made anew from the log."""
    folder = views_folder(examined.log)
    for path in sorted(Path(folder).glob("*.db")) if folder is not None else ():
        name = unquote(path.stem)
        try:
            for damage in faults(os.fspath(path)):
                raise StorageUnreadable(os.fspath(path), damage, damaged=True)
            yield from _view(examined, os.fspath(path))
        except NotAView as error:
            if name in examined.kinds.projections:
                yield _of_log(f"the view {name!r} cannot be compared: {error}")
        except FAULTS as error:
            yield _of_log(f"the view {name!r} cannot be compared: {UnreadableView(name, error)}")


def _view(examined: Examined, path: str) -> Iterator[Problem]:
    with open_view(path) as kept:
        found, last = standing_of(kept), examined.log.last_position()
        projection = examined.kinds.projections.get(found.name)
        if not isinstance(projection, StoredProjection):
            reason = f"the view {found.name!r} was not compared: nobody knows its projection"
            yield _of_log(f"{reason}; name the module that defines it with --module")
        elif found.position > last:
            reason = f"the view {found.name!r} stands after the end of the log, {last}"
            yield Problem(found.position, "", 0, f"{reason}. Rebuild it.")
        elif found.version != projection.version:
            reason = f"the view {found.name!r} is of version {found.version} of its projection"
            yield Problem(found.position, "", 0, f"{reason}, not {projection.version}. Rebuild it.")
        else:
            for each in _unlike(examined, projection, kept, found):
                reason = f"the view {found.name!r} is not what the log makes: {each}"
                yield Problem(found.position, "", 0, f"{reason}. Rebuild it.")


def _unlike(
    examined: Examined, projection: StoredProjection, kept: sqlite3.Connection, found: Standing
) -> Iterator[str]:
    """Where a view differs from the one that is made anew, and what it was told."""
    made = view_at(examined.log, projection, Point(position=found.position))
    with closing(made), made.reading() as again:
        yield from differences(kept, again)
        anew = standing_of(again)
    if (found.events, found.told, found.told_at) != (anew.events, anew.told, anew.told_at):
        yield (
            f"it was told {found.events} events, the last at {found.told},"
            f" and up to there are {anew.events}, the last at {anew.told}"
        )


def subscriptions(examined: Examined) -> Iterator[Problem]:
    """The places of consumers: none is after the end of the log."""
    found = list(examined.log.subscriptions)
    last = examined.log.last_position()  # after them, because consumers may be at work
    for each in found:
        if each.position > last:
            reason = f"the subscription {each.name!r} stands after the end of the log, {last}"
            yield Problem(each.position, "", 0, f"{reason}: remove it, and begin it again")


CHECKS: tuple[Check, ...] = (
    structure, tables, rows, due_times, snapshots, views, subscriptions,
)  # fmt: skip
"""Every check, the cheap ones first."""
