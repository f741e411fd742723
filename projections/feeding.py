"""A view that is fed: batch after batch from the log, on a thread of its own, until one fails.

Whoever feeds or moves a view holds `_taking`; a batch is dropped if the view has moved since it was
read. What a projection raises stops it alone, and visibly.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Literal, TypeAlias

from ..events.errors import RetoldError
from ..events.following.follower import Batch, Follower
from ..events.log import Log
from .catching_up import catch_up
from .errors import ProjectionFailed
from .projection import AnyProjection
from .standing import Standing
from .view import MemoryView, View
from .waiting import Waiters

Status: TypeAlias = Literal["running", "paused", "failed", "outdated", "closed"]
Progress: TypeAlias = Callable[[str, int, int], None]
"""`progress(name, position, last)`: called after each piece that a projection took."""

MILESTONE = 100_000
"""Positions after which a long catch-up says in the log of the process how far it is."""

_log = logging.getLogger("retold")


class Feeding:
    """A projection, its view, and where it stands."""

    def __init__(
        self,
        log: Log,
        projection: AnyProjection,
        view: View,
        progress: Progress | None = None,
    ) -> None:
        self.projection = projection
        self.status: Status = "running"
        self.failure: BaseException | None = None
        self._log = log
        self._view = view
        self._progress = progress
        self._follower = Follower(log, view.position, projection.kinds)
        self._recorded_at: datetime | None = None
        self._paused = self._outdated = self._foreign = False
        self._waiters = Waiters()
        self._taking, self._becoming = threading.RLock(), threading.Lock()
        self._ended = False
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The projection's."""
        return self.projection.name

    @property
    def position(self) -> int:
        """Every event up to here is in the view."""
        return self._view.position

    @property
    def events(self) -> int:
        """How many events the view was told."""
        return self._view.events

    def take_up(self, found: Standing, *, outdated: bool, foreign: Exception | None) -> None:
        """Take over how a stored view was left; call it before `start`."""
        self._paused, self._outdated, self._foreign = found.paused, outdated, foreign is not None
        self._recorded_at, self.failure = found.told_at, foreign
        self._become("outdated" if outdated else "paused" if found.paused else "running")

    def start(self) -> None:
        """Work on a thread of its own from now on."""
        self._thread = threading.Thread(
            target=self._work, name=f"retold-projection-{self.name}", daemon=True
        )
        self._thread.start()

    def _work(self) -> None:
        while self._may_work():
            follower = self._follower
            before = follower.position
            try:
                self._take(follower.batch(), before, follower)
            except BaseException as error:  # noqa: BLE001 - whatever it is stops this one alone
                with self._taking:
                    if follower is self._follower:
                        self.stop_at(error)

    def _may_work(self) -> bool:
        self._waiters.wait(lambda: self.status in ("running", "closed"))
        return self.status == "running"

    def _take(self, batch: Batch | None, before: int, follower: Follower) -> None:
        """Take a batch, unless the view was moved or stopped while it was read."""
        with self._taking:
            if follower is not self._follower:
                return
            if batch is None and follower.ended:
                self._become("closed")
            if batch is not None and self.status == "running" and before == self.position:
                self._apply(batch)
            follower.position = self.position
            if self.status == "closed":
                self._close_view()

    def _apply(self, batch: Batch) -> None:
        before = self.position
        with self._view.whole():
            try:
                self._view.take(batch)
            except Exception as error:  # noqa: BLE001 - a full disk too stops this one alone
                self.stop_at(error)
                return
        if batch.events:
            self._recorded_at = batch.events[-1].recorded_at
        self._waiters.tell()
        self._tell_progress(before)

    def _close_view(self) -> None:
        self._view.close()
        self._ended = True

    def _tell_progress(self, before: int) -> None:
        milestone = self.position // MILESTONE > before // MILESTONE
        if self._progress is None and not milestone:
            return
        last = self._log.last_position()
        if milestone:
            text = "The projection %r stands at position %d of %d"
            _log.info(text, self.name, self.position, last, extra={"actor": "", "command": ""})
        if self._progress is not None:
            self._call_progress(self._progress, last)

    def _call_progress(self, progress: Progress, last: int) -> None:
        """On a thread of its own what it raises stops nothing, and it is called no more."""
        try:
            progress(self.name, self.position, last)
        except Exception:
            if self._thread is not threading.current_thread():
                raise
            self._progress = None
            text = "The progress of the projection %r cannot be told, and is told no more"
            _log.exception(text, self.name, extra={"actor": "", "command": ""})

    def catch_up(self) -> None:
        """Take what is there, on this thread, up to the end of the log or to a failure."""
        with self._taking:
            while self.status == "running":
                before = self._follower.position = self.position
                try:
                    batch = self._follower.read()
                except Exception as error:  # noqa: BLE001 - as `_work`
                    self.stop_at(error)
                    return
                if batch is None:
                    return
                self._take(batch, before, self._follower)

    def stop_at(self, error: BaseException) -> None:
        """Stop alone and visibly: in the status, in the view's file, in the log of the process."""
        where = getattr(error, "address", "")
        _log.error("%s", error, extra={"actor": where, "command": ""})
        with self._taking:
            if isinstance(self._view, MemoryView) and isinstance(error, ProjectionFailed):
                self._make_again(self._view)
            self.failure = error
            self._become("failed")

    def _make_again(self, view: MemoryView) -> None:
        """Make a view again up to the failure, which may have left its object half changed."""
        try:
            again = view.fresh()
            catch_up(again, self._log, self.projection.kinds, view.position)
        except BaseException as error:  # noqa: BLE001 - code that fails at other events now
            _log.error("The view %r cannot be made again: %s", self.name, error)
        else:
            view.replace_by(again)

    def _become(self, status: Status) -> None:
        with self._becoming:
            if self.status == "closed":
                return
            self.status = status
        if status != "closed":
            failure = str(self.failure or "") if status == "failed" else ""
            with suppress(RetoldError, sqlite3.Error):  # where the view's disk is full, say
                self._view.note(paused=self._paused, failure=failure)
        self._waiters.tell()

    def _has(self, position: int) -> bool:
        """Whether the view has everything up to a position, of this log and no other."""
        return self.position >= position and not self._foreign

    def _settled(self, position: int) -> bool:
        return self._has(position) or self.status in ("failed", "closed")
