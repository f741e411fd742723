"""Snapshots: when a state is kept, and by whom. Policies are pure functions.

A state that a policy wants to keep is only noted at its commit, the latest of each actor; it is
written on the system's own time, in groups, at most one a second unless many wait. So no turn and
no commit waits for a snapshot, and one that fails harms nobody: what was noted and not written is
folded again. Closing the system writes what is noted; a crash loses it.

A snapshot that cannot be used (another fingerprint, damaged, not of this log) is dropped the same
way. A kind of actor whose states cannot be kept is named in the logging, once, and left alone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import msgspec

from ..events.journal import SnapshotRow
from ..events.snapshots import Snapshot, SnapshotCodec
from .logs import about

if TYPE_CHECKING:
    from .actor import Actor
    from .behaviour import Behaviour
    from .system import ActorSystem

_log = logging.getLogger("retold")

EVERY = timedelta(seconds=1)
"""The time between two writes, unless more waits than one can take."""

GROUP = 250
"""Snapshots that are written in one transaction."""

WAITING = 1_000
"""Snapshots that wait to be written; what comes beyond is noted at the actor's next event."""


class Progress(msgspec.Struct, frozen=True, gc=False):
    """How far an actor has come: its version, and its events since its last snapshot."""

    address: str
    version: int
    events: int


SnapshotPolicy: TypeAlias = Callable[[Progress], bool]
"""`policy(progress) -> whether to keep the state as it is now`: pure; asked after each commit."""


class Snapshots:
    """Notes states at their commits and writes them later; finds them again at recovery."""

    def __init__(self, system: ActorSystem) -> None:
        wanted = system.options.snapshot_every
        self._system = system
        self._every = wanted if isinstance(wanted, int) else 1 if wanted else 0
        self._policy = wanted if callable(wanted) else None
        self._waiting: dict[str, Snapshot | None] = {}
        """What is to be written, by address: a snapshot, or None to drop the one that is there."""
        self._codecs: dict[str, SnapshotCodec | None] = {}
        self._lock = threading.Lock()
        self._armed = False
        self._next = system.clock.now()
        self._failed = False

    def notice(self, actors: Iterable[Actor]) -> None:
        """States were committed or recovered: note those that the policy wants to keep."""
        if not self._every:
            return
        for actor in actors:
            events = actor.version - actor.kept_version
            if events >= self._every and self._wanted(actor, events):
                self._note(actor)

    def _wanted(self, actor: Actor, events: int) -> bool:
        if self._policy is None:
            return True
        try:
            return self._policy(Progress(actor.address, actor.version, events))
        except Exception:  # noqa: BLE001 - a policy is somebody else's code
            _log.exception(
                "The policy of snapshots failed: none are kept any more",
                extra=about(actor.address),
            )
            self._every = 0
            return False

    def _note(self, actor: Actor) -> None:
        address, kind = actor.address, actor.behaviour.kind
        with self._lock:
            full = len(self._waiting) >= WAITING and address not in self._waiting
            if full or self._codecs.get(kind, self) is None:
                return
            self._waiting[address] = Snapshot(address, actor.version, actor.position, actor.state)
            actor.kept_version = actor.version
        self._arm()

    def forget(self, address: str) -> None:
        """The snapshot of an address is of no use: let it be dropped, unless a newer one waits."""
        with self._lock:
            if len(self._waiting) < WAITING:
                self._waiting.setdefault(address, None)
        self._arm()

    def latest(self, address: str, behaviour: Behaviour) -> Snapshot | None:
        """The snapshot of an actor, None where there is none of use."""
        row = self._system.log.snapshot(address) if self._every else None
        if row is None:
            return None
        found = self._decoded(row, behaviour)
        if found is None:
            self.forget(address)
        return found

    def _decoded(self, row: SnapshotRow, behaviour: Behaviour) -> Snapshot | None:
        codec = self._codec(behaviour)
        try:
            return codec.decode(row) if codec is not None else None
        except Exception:  # noqa: BLE001 - whatever its class says to it, the log has the state
            return None

    # Writing.

    def _arm(self) -> None:
        """See that what waits is written: now, or once a second has passed."""
        system = self._system
        with self._lock:
            if self._armed or system.closed:
                return
            self._armed = True
        if system.clock.now() >= self._next:
            system.dispatcher.run(self._write)
        else:
            system.dispatcher.wake_at(self._next, system.clock, self._write)

    def _write(self) -> None:
        """Write one group, and see to the others."""
        try:
            self._write_group()
        finally:
            self._armed = False
        if self._waiting:
            self._arm()

    def write_waiting(self) -> None:
        """Write all that waits; what a system does when it closes, after its last turn."""
        while self._waiting:
            self._write_group()

    def _write_group(self) -> None:
        with self._lock:
            group = dict(islice(self._waiting.items(), GROUP))
            for address in group:
                del self._waiting[address]
        rows = [row for each in group.values() if each and (row := self._row(each))]
        self._store(rows, [address for address, each in group.items() if each is None])
        if len(group) < GROUP:
            self._next = self._system.clock.now() + EVERY

    def _store(self, rows: list[SnapshotRow], gone: list[str]) -> None:
        log = self._system.log
        try:
            if gone:
                log.drop_snapshots(gone)
            if rows and not log.save_snapshots(rows):
                self._every = 0
        except Exception as error:  # noqa: BLE001 - a cache may fail in any way and harm nobody
            if not (self._failed or self._system.ended):
                _log.warning("%s keeps no snapshots: %s", log.path, error)
            self._failed = True
        else:
            self._failed = False

    def _row(self, snapshot: Snapshot) -> SnapshotRow | None:
        behaviour = self._system.index.behaviour(snapshot.address)
        codec = self._codec(behaviour)
        try:
            return codec.encode(snapshot) if codec is not None else None
        except Exception as error:  # noqa: BLE001 - a state is somebody else's code
            self._refuse(behaviour.kind, error)
            return None

    def _codec(self, behaviour: Behaviour) -> SnapshotCodec | None:
        """How states of a kind are kept, None if they cannot be."""
        kind = behaviour.kind
        if kind not in self._codecs:
            try:
                made = SnapshotCodec(kind, behaviour.initial, self._system.log.codec)
            except Exception as error:  # noqa: BLE001 - a state is somebody else's code
                self._refuse(kind, error)
            else:
                self._codecs.setdefault(kind, made)
        return self._codecs[kind]

    def _refuse(self, kind: str, error: Exception) -> None:
        """Never try this kind again, and say so once."""
        with self._lock:
            first = self._codecs.get(kind, self) is not None
            self._codecs[kind] = None
        if first:
            _log.warning("The states of %s are not kept as snapshots: %s", kind, error)
