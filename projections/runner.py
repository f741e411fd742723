"""The runner: keeps the views of several projections up to date, each alone.

Each projection reads the log by itself, at its own pace and from its own place, on a thread of its
own; one that fails or is slow stops nobody else. Stored views live in files beside the log, one
each, in the folder `FILE-views`; they go on where they stood when the runner is opened again.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import attrs
from filelock import FileLock, Timeout

from ..events.clock import Countdown, this_process
from ..events.closing import Closing
from ..events.fork import FileId, keep_for_ever, register
from ..events.log import Log
from ..events.log_errors import CorruptedRow, LogReadOnly, StorageUnreadable
from ..events.side_file import MEMORY, remove
from .errors import ForeignView, NoSuchProjection, ViewInUse
from .feeding import Progress, Status
from .projection import AnyProjection, Projection, StoredProjection
from .running import Lag, Running
from .standing import Standing
from .stored_view import StoredView, rebuilt_path
from .view import MemoryView, View

_log = logging.getLogger("retold")


@attrs.frozen
class ProjectionStatus:
    """How one projection stands. `failure` is empty unless it failed."""

    name: str
    status: Status
    position: int
    events: int
    lag: Lag
    failure: str


class Projections(Closing):
    """Keeps views up to date from a log. Use it as a context manager, or `close` it.

    `projections["balances"]` is one of them. With `threads=False` nothing happens by itself:
    `catch_up`, and every `wait`, takes what is there on the caller's thread, which is what tests
    and simulations want.
    """

    def __init__(
        self,
        log: Log,
        *projections: AnyProjection,
        folder: str | os.PathLike[str] | None = None,
        threads: bool = True,
        progress: Progress | None = None,
    ) -> None:
        """Stored views go into `folder`; if that is not given into `FILE-views` beside the log, or
        for a log that is in no file into memory. `progress(name, position, last)` is called after
        each piece taken.

        A view whose file is damaged is set aside and made anew. Raises `ViewInUse` where another
        runner has one of them, `StorageFailed` where a view's file cannot be opened, `NotAView`
        where something else is in it, `BadTables`; ValueError for two projections of one name.
        """
        for each in projections:
            if not isinstance(each, AnyProjection):
                raise TypeError(f"Projections(log, projection, …) runs no {each!r}")
        names = [each.name for each in projections]
        if len(set(names)) < len(names):
            raise ValueError(f"two projections have one name: {', '.join(sorted(names))}")
        self._log = log
        self._threads = threads
        self._folder = views_folder(log, folder)
        self._running: dict[str, Running] = {}
        self._leases: list[FileLock] = []
        self._rebuilding: list[threading.Thread] = []
        register(self)
        try:
            for each in projections:
                self._running[each.name] = self._opened(each, progress)
            if threads:
                self._start()
        except BaseException:
            self.close()
            raise

    def _opened(self, projection: AnyProjection, progress: Progress | None) -> Running:
        view = self._view(projection)
        running = Running(self._log, projection, view, progress)
        if isinstance(view, StoredView) and isinstance(projection, StoredProjection):
            self._take_up(running, view, projection)
        return running

    def _view(self, projection: AnyProjection) -> View:
        if isinstance(projection, Projection):
            return MemoryView(projection)
        path = MEMORY if self._folder is None else view_path(self._folder, projection.name)
        if path != MEMORY:
            self._leases.append(self._lease(projection.name, path))
            remove(rebuilt_path(path))  # of a runner that was killed while it rebuilt
        try:
            return StoredView(projection, path, self._log.origin())
        except StorageUnreadable as error:
            if not error.damaged:
                raise
            _set_aside(projection.name, path, error)
        return StoredView(projection, path, self._log.origin())

    def _lease(self, name: str, path: str) -> FileLock:
        """The right to change a view, which ends with this process in any way."""
        lock = FileLock(f"{path}-lease", thread_local=False)
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(blocking=False)
        except Timeout:
            raise ViewInUse(name, path, _signed(path)) from None
        except OSError as error:
            raise LogReadOnly(path, f"its view cannot be kept there ({error.strerror})") from error
        with suppress(OSError):
            Path(f"{path}-holder").write_text(this_process(self._log.clock), encoding="utf-8")
        return lock

    def _take_up(self, running: Running, view: StoredView, projection: StoredProjection) -> None:
        """Begin as the view's file says that it stands."""
        found, foreign = view.standing(), None
        if not self._is_of_this_log(found):
            reason = f"it was made from another log, up to position {found.position}"
            foreign = ForeignView(projection.name, reason)
            _log.warning("%s", foreign)
        elif not found.origin:
            view.sign(self._log.origin())
        outdated = foreign is not None or found.version != projection.version
        running.take_up(found, outdated=outdated, foreign=foreign)

    def _is_of_this_log(self, found: Standing) -> bool:
        """Compare the first row, the last position, and the last event that the view was told: that
        is another in a log that was put back to an older state and then went on."""
        if found.origin and found.origin != self._log.origin():
            return False
        if found.position > self._log.last_position():
            return False
        try:
            row = next(self._log.rows(found.told - 1, found.told), None) if found.told else None
            moment = self._log.codec.stamp(*row).recorded_at if row else None
        except CorruptedRow:
            return True  # it is in the way of whoever reads it, and not of this view
        return moment == found.told_at

    def _start(self) -> None:
        for each in self._running.values():
            each.start()
            if each.status == "outdated":
                thread = threading.Thread(target=each.renew, daemon=True)
                self._rebuilding.append(thread)
                thread.start()

    def __getitem__(self, name: str) -> Running:
        """One of them; raises `NoSuchProjection`."""
        try:
            return self._running[name]
        except KeyError:
            raise NoSuchProjection(name, tuple(self._running)) from None

    def __iter__(self) -> Iterator[Running]:
        """All of them, in the order in which they were given."""
        return iter(self._running.values())

    def status(self) -> list[ProjectionStatus]:
        """How each of them stands."""
        return [
            ProjectionStatus(
                each.name, each.status, each.position, each.events, each.lag,
                str(each.failure or ""),
            )
            for each in self
        ]  # fmt: skip

    def view(self, name: str) -> AbstractContextManager[Any]:
        """A view that does not change meanwhile: `with projections.view("balances") as db`."""
        return self[name].view()

    def wait(self, name: str, position: int, timeout: float | None = None) -> None:
        """Wait until a view has everything up to a position; as `Running.wait`."""
        self[name].wait(position, timeout)

    def catch_up(self) -> None:
        """Take what is there on this thread; outdated views are made anew."""
        for each in self:
            each.catch_up()

    def close(self, timeout: float | None = 10.0) -> None:
        """End all of them after the piece at work, waiting for that up to `timeout` seconds.

        One that takes longer ends when its piece does, and nobody else may run these views until
        this process ends or this is called again. A call after all have ended does nothing.
        """
        for each in self:
            each.end()
        left = Countdown(timeout)
        late = [each.name for each in self if not each.close(left.seconds())]
        for thread in self._rebuilding:
            thread.join(left.seconds())
        if late:
            _log.warning("Still at an event after %s seconds: %s", timeout, ", ".join(late))
            return
        for lease in self._leases:
            lease.release(force=True)
        self._leases = []

    def abandon(self) -> Iterator[FileId]:
        """In a forked child: views, and the right to change them, are the parent's."""
        keep_for_ever(self._leases)
        self._leases = []
        return iter(())


def views_folder(log: Log, folder: str | os.PathLike[str] | None = None) -> str | None:
    """Where the stored views of a log are; None for memory."""
    if folder is not None:
        return os.path.abspath(folder)
    return f"{log.journal.file}-views" if log.journal.file else None


def view_path(folder: str, name: str) -> str:
    """The file of a view."""
    return os.path.join(folder, f"{quote(name, safe='')}.db")


def _set_aside(name: str, path: str, error: StorageUnreadable) -> None:
    """Nothing is lost with a view, but whoever wants to know what happened may look at it."""
    os.replace(path, f"{path}-damaged")
    remove(path)
    _log.warning("The view %r is made anew, its file is kept as %s-damaged: %s", name, path, error)


def _signed(path: str) -> str:
    try:
        return Path(f"{path}-holder").read_text(encoding="utf-8")
    except OSError:
        return "another runner"
