"""One projection at work: it catches up, then follows; alone, on a thread of its own.

| status | what it does | how it goes on |
|---|---|---|
| running | takes every event as it is stored | |
| paused | nothing | `resume` |
| failed | nothing: its code raised at an event, its view stands before it | `resume`, `rebuild` |
| outdated | nothing: its view is of another version or another log | `resume`, `rebuild` |
| closed | nothing any more | |

A rebuild makes the view anew beside the one that is read, which goes on meanwhile, and takes its
place in one step, at the same position.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import attrs

from ..events.clock import Countdown
from ..events.errors import UsedAfterFork
from ..events.fork import FileId, keep_for_ever, register
from ..events.log import Log
from .catching_up import approach, catch_up
from .errors import ProjectionStopped
from .feeding import Feeding, Progress
from .projection import AnyProjection
from .view import View
from .waiting import Waiters


@attrs.frozen
class Lag:
    """How far a view is behind its log: positions, and seconds since what it has was recorded."""

    positions: int
    seconds: float


class Running(Feeding):
    """A projection and its view, kept up to date. Safe to use from many threads."""

    def __init__(
        self,
        log: Log,
        projection: AnyProjection,
        view: View,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(log, projection, view, progress)
        self._rebuilding = threading.Lock()
        self._forked = False
        register(self)

    @property
    def lag(self) -> Lag:
        """How far it is behind the end of the log; zero seconds where it has caught up."""
        behind = max(0, self._log.last_position() - self.position)
        if not behind or self._recorded_at is None:
            return Lag(behind, 0.0)
        since = (self._log.clock.now() - self._recorded_at).total_seconds()
        return Lag(behind, max(0.0, since))

    def view(self) -> AbstractContextManager[Any]:
        """The view, which does not change within the block: `with running.view() as db` gives a
        connection that only reads, or for a projection in memory its object. Nothing is taken,
        paused or rebuilt within such a block: do not ask for that there.
        """
        self._check_own()
        return self._view.reading()

    # Stopping and going on.

    def pause(self) -> None:
        """Take nothing more until `resume`, also after the runner was opened again.

        One that failed or is made anew stays as it is meanwhile, and goes on no further.
        """
        with self._taking:
            self._paused = True
            self._become("paused" if self.status == "running" else self.status)

    def resume(self, projection: AnyProjection | None = None) -> None:
        """Go on where it stands, after a pause or a failure; with mended code, if given.

        What the view was told before stays as it is: where that was wrong, `rebuild`, which this
        does by itself where the view is outdated. Raises ValueError for code of another projection.
        """
        code = projection or self.projection
        self._check_fits(code)
        with self._taking:
            if self.status == "closed":
                return
            self._paused = False
            if not self._outdated:
                self._go_on(code)
                return
        with self._rebuilding:
            if projection is not None or self._outdated:
                self._rebuild(code)

    def _check_fits(self, code: object) -> None:
        """Raise ValueError unless it is code of this projection, mended perhaps."""
        wanted = (type(self.projection), self.name)
        if (type(code), getattr(code, "name", "")) != wanted:
            raise ValueError(f"{code!r} cannot go on with the view of {self.projection!r}")

    def _go_on(self, code: AnyProjection) -> None:
        if code is not self.projection:
            self._view.use(code)
            if code.kinds != self.projection.kinds:
                self._follower = self._follower.instead(self.position, code.kinds)
            self.projection = code
        if self.status != "running":
            self.failure = None
            self._become("running")

    def rebuild(self, projection: AnyProjection | None = None) -> None:
        """Make the view anew from the beginning of the log, and let it take the old one's place.

        Returns when it has; until then the old one goes on and is read. If it fails, the old one
        stays, and `ProjectionFailed` says where; `ProjectionStopped` where it is closed meanwhile.
        One that is paused is paused again afterwards. Raises ValueError for code of another one.
        """
        code = projection or self.projection
        self._check_fits(code)
        with self._rebuilding:
            self._rebuild(code)

    def _rebuild(self, code: AnyProjection) -> None:
        self._check_own()
        self._check_open()
        fresh = self._view.fresh(code)
        try:
            approach(fresh, self._log, code.kinds, self._tell_rebuild)
            with self._taking:
                catch_up(fresh, self._log, code.kinds, self.position)
                self._swap(fresh, code)
        except BaseException:
            fresh.discard()
            raise

    def _swap(self, fresh: View, projection: AnyProjection) -> None:
        self._check_open()
        self._view.replace_by(fresh)
        self._follower = self._follower.instead(self.position, projection.kinds)
        self.projection, self.failure = projection, None
        self._outdated = self._foreign = False
        self._become("paused" if self._paused else "running")

    def _tell_rebuild(self, position: int, last: int) -> None:
        self._check_open()
        if self._progress is not None:
            self._progress(f"{self.name} (rebuilt)", position, last)

    def renew(self) -> None:
        """Make an outdated view anew, unless somebody did; stop visibly where that fails."""
        try:
            with self._rebuilding:
                if self._outdated:
                    self._rebuild(self.projection)
        except Exception as error:  # noqa: BLE001 - in a thread that nobody looks at
            if self.status != "closed":
                self.stop_at(error)

    def catch_up(self) -> None:
        """Take what is there, on this thread, up to the end of the log or to a failure; an outdated
        view is made anew."""
        if self.status == "outdated":
            self.renew()
        super().catch_up()

    def end(self) -> None:
        """Let it end after the piece at work, and do not wait for that."""
        self._become("closed")
        self._follower.close()

    def close(self, timeout: float | None = 10.0) -> bool:
        """End it after the piece at work, waiting for that up to `timeout` seconds; the view stays
        where it is. Whether it is at its end: called from a projection, its piece is still at work.
        """
        if self._forked:
            return True
        self.end()
        if self._is_taking():
            return self._ended
        left = Countdown(timeout)
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(left.seconds())
        seconds = left.seconds()
        if self._taking.acquire(timeout=-1 if seconds is None else seconds):
            try:
                self._close_view()
            finally:
                self._taking.release()
        self._waiters.tell()
        return self._ended

    def _is_taking(self) -> bool:
        """Whether this very thread is at a piece: by the lock, as `threading.Condition` asks it."""
        owned: bool = self._taking._is_owned()  # type: ignore[attr-defined]  # noqa: SLF001 - ditto
        return owned

    def abandon(self) -> Iterator[FileId]:
        """In a forked child: it is the parent's; its threads are not here, their locks may be."""
        keep_for_ever((self._view, self._follower))
        self._forked, self.status, self._thread = True, "closed", None
        self.failure = UsedAfterFork(self._log.path)
        self._taking, self._becoming = threading.RLock(), threading.Lock()
        self._rebuilding, self._waiters = threading.Lock(), Waiters()
        return iter(())

    # Waiting for one's own writes.

    def wait(self, position: int, timeout: float | None = None) -> None:
        """Wait until every event up to `position` is in the view, at most `timeout` seconds.

        Raises `TimeoutError`; `ProjectionStopped` where it failed or was closed before that.
        """
        self._check_own()
        if self._thread is None:
            self.catch_up()
        if not self._waiters.wait(lambda: self._settled(position), timeout):
            raise TimeoutError(
                f"The projection {self.name!r} ({self.status}) stood at position"
                f" {self.position} after {timeout} seconds, {position} was waited for."
            )
        self._check(position)

    async def reached(self, position: int) -> None:
        """The same awaited, without blocking the event loop; bound it by `asyncio.timeout`."""
        self._check_own()
        if self._thread is None:
            await asyncio.to_thread(self.catch_up)
        await self._waiters.reached(lambda: self._settled(position))
        self._check(position)

    def _check(self, position: int) -> None:
        if not self._has(position):
            reason = str(self.failure or "its runner was closed.")
            raise ProjectionStopped(self.name, self.position, position, reason)

    def _check_open(self) -> None:
        if self.status == "closed":
            last = self._log.last_position()
            raise ProjectionStopped(self.name, self.position, last, "its runner was closed.")

    def _check_own(self) -> None:
        if self._forked:
            raise UsedAfterFork(self._log.path)
