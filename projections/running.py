"""One projection at work: it catches up, then follows; alone, on a thread of its own.

| status | what it does | how it goes on |
|---|---|---|
| running | takes every event as it is stored | |
| paused | nothing | `resume` |
| failed | nothing: its code raised at an event, its view stands before it | `resume`, `rebuild` |
| outdated | nothing: its view is of another version or another log | `rebuild` |

A rebuild makes the view anew beside the one that is read, which goes on meanwhile, and takes its
place in one step, at the same position.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from datetime import datetime
from typing import Any, Literal, TypeAlias

import attrs

from ..events.errors import RetoldError
from ..events.follow import Batch, Follower
from ..events.log import Log
from .catching_up import catch_up
from .errors import ProjectionFailed, ProjectionStopped
from .projection import Projection, StoredProjection
from .view import MemoryView, View

Status: TypeAlias = Literal["running", "paused", "failed", "outdated", "closed"]
Progress: TypeAlias = Callable[[str, int, int], None]
"""`progress(name, position, last)`: called after each piece that a projection took."""

_log = logging.getLogger("retold")


@attrs.frozen
class Lag:
    """How far a view is behind its log: positions, and seconds since what it has was recorded."""

    positions: int
    seconds: float


class Running:
    """A projection and its view, kept up to date. Safe to use from many threads."""

    def __init__(
        self,
        log: Log,
        projection: Projection | StoredProjection,
        view: View,
        progress: Progress | None = None,
    ) -> None:
        self.projection = projection
        self.status: Status = "running"
        self.failure: Exception | None = None
        self._log = log
        self._view = view
        self._progress = progress
        self._follower = Follower(log, view.position, projection.kinds)
        self._recorded_at: datetime | None = None
        self._news = threading.Condition()
        self._taking = threading.RLock()
        self._thread: threading.Thread | None = None
        self._awaited: list[tuple[int, Callable[[], None]]] = []

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

    @property
    def lag(self) -> Lag:
        """How far it is behind the end of the log; zero seconds where it is not."""
        behind = max(0, self._log.last_position() - self.position)
        if not behind or self._recorded_at is None:
            return Lag(behind, 0.0)
        return Lag(behind, (self._log.clock.now() - self._recorded_at).total_seconds())

    def view(self) -> AbstractContextManager[Any]:
        """The view, standing still: `with running.view() as db`, a connection that only reads; of a
        projection in memory its object."""
        return self._view.reading()

    # Taking events.

    def start(self) -> None:
        """Work on a thread of its own from now on."""
        self._thread = threading.Thread(
            target=self._work, name=f"retold-projection-{self.name}", daemon=True
        )
        self._thread.start()

    def _work(self) -> None:
        while self._may_work():
            before = self._follower.position
            try:
                batch = self._follower.batch()
            except Exception as error:  # noqa: BLE001 - what cannot be read stops this one alone
                self.stop_at(error)
            else:
                if batch is None and self._follower.ended:
                    self._become("closed")
                self._take(batch, before)

    def _may_work(self) -> bool:
        with self._news:
            self._news.wait_for(lambda: self.status in ("running", "closed"))
        return self.status == "running"

    def _take(self, batch: Batch | None, before: int) -> None:
        """Take a batch, unless the view was moved or stopped while it was read."""
        with self._taking:
            if batch is not None and self.status == "running" and before == self.position:
                try:
                    self._view.take(batch)
                except Exception as error:  # noqa: BLE001 - a full disk too stops this one alone
                    self.stop_at(error)
                else:
                    self._note_progress(batch)
            self._follower.position = self.position

    def _note_progress(self, batch: Batch) -> None:
        if batch.events:
            self._recorded_at = batch.events[-1].recorded_at
        if self._progress is not None:
            self._progress(self.name, self.position, self._log.last_position())
        self._tell()

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
                self._take(batch, before)

    def stop_at(self, error: Exception) -> None:
        """Stop alone and visibly: in the status, in the view's file, in the log of the process."""
        where = getattr(error, "address", "")
        _log.error("%s", error, extra={"actor": where, "command": ""})
        with self._taking:
            self.failure = error
            self._become("failed")
            if isinstance(self._view, MemoryView) and isinstance(error, ProjectionFailed):
                self._make_again(self._view)

    def _make_again(self, view: MemoryView) -> None:
        """After a failure an object may be changed half-way: it is made again up to there."""
        again = view.fresh()
        with suppress(ProjectionFailed):
            catch_up(again, self._log, self.projection.kinds, view.position)
        view.replace_by(again)

    # Stopping and going on.

    def pause(self) -> None:
        """Take nothing more until `resume`, also after the runner was opened again."""
        with self._taking:
            if self.status == "running":
                self._become("paused")

    def resume(self, projection: Projection | StoredProjection | None = None) -> None:
        """Go on where it stands, after a pause or a failure; with mended code, if given.

        What was told before stays as it was: where that was wrong, `rebuild`.
        """
        with self._taking:
            if self.status not in ("paused", "failed"):
                return
            self._use(projection)
            self.failure = None
            self._become("running")

    def _use(self, projection: Projection | StoredProjection | None) -> None:
        if projection is None:
            return
        if type(projection) is not type(self.projection) or projection.name != self.name:
            raise ValueError(f"{projection!r} cannot go on with the view of {self.projection!r}")
        self._view.use(projection)
        self.projection = projection

    def rebuild(self, projection: Projection | StoredProjection | None = None) -> None:
        """Make the view anew from the beginning of the log, and let it take the old one's place.

        Returns when it has; the old one is read and goes on until then. If it fails, the old one
        stays, and `ProjectionFailed` says where.
        """
        wanted = projection or self.projection
        fresh = self._view.fresh(wanted)
        try:
            catch_up(fresh, self._log, wanted.kinds, tell=self._tell_rebuild)
            with self._taking:
                catch_up(fresh, self._log, wanted.kinds)
                self._view.replace_by(fresh)
                self._follower = self._follower.instead(self.position, wanted.kinds)
                self.projection, self.failure = wanted, None
                if self.status != "closed":
                    self._become("running")
        except BaseException:
            fresh.discard()
            raise
        self._tell()

    def _tell_rebuild(self, position: int, last: int) -> None:
        if self._progress is not None:
            self._progress(f"{self.name} (rebuilt)", position, last)

    def _become(self, status: Status) -> None:
        with self._news:
            self.status = status
            self._news.notify_all()
        if status != "closed":
            failure = str(self.failure or "") if status == "failed" else ""
            with suppress(RetoldError):  # where the view's disk is full, say
                self._view.note(paused=status == "paused", failure=failure)
        self._tell()

    def close(self, timeout: float | None = 10.0) -> None:
        """End it after the piece at work; the view stays where it is."""
        with self._news:
            self.status = "closed"
            self._news.notify_all()
        self._follower.close()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        with self._taking:
            self._view.close()
        self._tell()

    # Waiting for one's own writes.

    def wait(self, position: int, timeout: float | None = None) -> None:
        """Wait until every event up to `position` is in the view, at most `timeout` seconds.

        Raises `TimeoutError`; `ProjectionStopped` where it failed or was closed before that.
        """
        if self._thread is None:
            self.catch_up()
        with self._news:
            if not self._news.wait_for(lambda: self._settled(position), timeout):
                raise TimeoutError(
                    f"The projection {self.name!r} ({self.status}) stood at position"
                    f" {self.position} after {timeout} seconds, {position} was waited for."
                )
        self._check(position)

    async def reached(self, position: int) -> None:
        """The same awaited, without blocking the event loop; bound it by `asyncio.timeout`."""
        loop, arrived = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                loop.call_soon_threadsafe(arrived.set)

        with self._news:
            self._awaited.append((position, tell))
        self._tell()
        await arrived.wait()
        self._check(position)

    def _settled(self, position: int) -> bool:
        return self.position >= position or self.status in ("failed", "closed")

    def _check(self, position: int) -> None:
        if self.position < position:
            reason = str(self.failure or "its runner was closed.")
            raise ProjectionStopped(self.name, self.position, position, reason)

    def _tell(self) -> None:
        """Tell whoever waits for what is reached, or will not be."""
        with self._news:
            self._news.notify_all()
            told = [each for each in self._awaited if self._settled(each[0])]
            self._awaited = [each for each in self._awaited if each not in told]
        for _, tell in told:
            tell()
