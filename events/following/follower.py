"""Following a log while it grows: as an iterator, by a callback, or with `async for`.

A follower reads in short pieces and holds nothing between two of them: no read transaction, no part
of the WAL, nothing that a writer would wait for. A slow one falls behind, and that is all. In the
process that writes it is woken by the commit; in any other it looks every few milliseconds whether
there was one, and raises `LogReplaced` where the file is another by then. Every event comes exactly
once and in the order of the log, from any position.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import attrs

from ..address import kind
from ..bells import LoopBell, ThreadBell
from ..clock import Countdown
from ..closing import Closing
from ..errors import RetoldError
from ..journal import Bell
from ..log_errors import LogClosed
from ..recorded import Recorded
from .calling import Calling
from .latest import PIECE, one_piece

if TYPE_CHECKING:
    from ..reading import Reading

DENSE = 50
BREATH = 0.003
"""A follower whose last piece had this many events or more lets commits gather for so many seconds:
each hand-over costs the writer more than a follower does with one commit."""


def check_place(call: str, after: object, kinds: tuple[object, ...]) -> None:
    """Raise TypeError for what is not a position, and for a kind that is not a name: a follower
    would wait for it in vain."""
    if not isinstance(after, int):
        raise TypeError(f"{call} begins after a position, not {after!r}")
    for each in kinds:
        if not isinstance(each, str):
            raise TypeError(f"{call} takes kinds one by one, each a name, not {each!r}")


@attrs.frozen
class Batch:
    """Events in the order of the log, and the position up to which they are complete.

    `upto` may lie beyond the last event: what stands between is of other kinds.
    """

    events: list[Recorded]
    upto: int


class Follower(Closing):
    """Reads on for ever after a position. For one thread or task at a time."""

    def __init__(self, log: Reading, after: int = 0, kinds: tuple[str, ...] = ()) -> None:
        self._log = log
        self._kinds = frozenset(kinds)
        self._changes = log.journal.changes()
        self._bell = ThreadBell()
        self._ringing: Bell = self._bell
        self._over = ThreadBell()
        self._ended = self._dense = False
        if not kinds:
            log.latest.join(self)
        self.position = after
        """Everything up to here was handed out."""

    @property
    def ended(self) -> bool:
        """Whether it or its log was closed."""
        return self._ended

    def read(self) -> Batch | None:
        """The next piece of what is there already, None at the end of the log; never waits.

        Raises as `Log.scan` does where the very next event cannot be read, and does so again.
        """
        return self._taken(self._next())

    def _taken(self, batch: Batch | None) -> Batch | None:
        if batch is not None:
            if batch.events:
                self._hand_out(batch.events[-1])
            self.position = batch.upto
        return batch

    def _hand_out(self, each: Recorded) -> Recorded:
        self.position = each.position
        return each

    def _next(self) -> Batch | None:
        shared = None if self._kinds else self._log.latest.events(self.position)
        if shared is None:
            batch = self._read_on(self.position)
        else:
            batch = Batch(shared, shared[-1].position) if shared else None
        self._dense = batch is not None and DENSE <= len(batch.events) < PIECE
        return batch

    def _read_on(self, before: int) -> Batch | None:
        kinds, recorded = self._kinds, self._log.codec.recorded
        events: list[Recorded] = []
        upto = before
        try:
            for row in one_piece(self._log.latest.rows(before)):
                if not kinds or kind(row[1]) in kinds:
                    events.append(recorded(*row))
                upto = row[0]
        except RetoldError:
            if upto == before:
                raise
        return Batch(events, upto) if upto > before else None

    def batch(self, timeout: float | None = None) -> Batch | None:
        """The next piece, waited for up to `timeout` seconds; None then, and after the end."""
        return self._taken(self._wait_for_next(timeout))

    def _wait_for_next(self, timeout: float | None = None) -> Batch | None:
        left = Countdown(timeout)
        if self._dense:
            self._over.wait(BREATH)
        self._listen(self._bell)
        try:
            while True:
                self._bell.clear()
                self._changes.look()
                if self._ended:
                    return None
                if (batch := self._next()) is not None or not self._wait(left):
                    return batch
        except LogClosed:
            self._ended = True
        finally:
            self._changes.unlisten(self._bell)
        return None

    def _listen(self, bell: Bell) -> None:
        self._ringing = bell
        self._changes.listen(bell)

    def _wait(self, left: Countdown) -> bool:
        """Wait for news; False when the time is up."""
        while not self._bell.is_set():
            seconds, pause = left.seconds(), self._changes.pause()
            if seconds == 0:
                return False
            limits = [each for each in (seconds, pause) if each is not None]
            self._bell.wait(min(limits, default=None))
            if self._changes.look():
                return True
        return True

    def __iter__(self) -> Iterator[Recorded]:
        """Every event from the position on, for ever; ends when it or its log is closed."""
        while (batch := self._wait_for_next()) is not None:
            for each in batch.events:
                if self._ended:
                    return
                yield self._hand_out(each)
            self.position = batch.upto

    async def __aiter__(self) -> AsyncIterator[Recorded]:
        """The same without blocking the event loop: reading is done on a thread."""
        while (batch := await self._await_next()) is not None:
            for each in batch.events:
                if self._ended:
                    return
                yield self._hand_out(each)
            self.position = batch.upto

    async def next_batch(self) -> Batch | None:
        """The next piece, awaited; None after the end."""
        return self._taken(await self._await_next())

    async def _await_next(self) -> Batch | None:
        news = asyncio.Event()
        bell = LoopBell(news)
        if self._dense:
            await asyncio.sleep(BREATH)
        self._listen(bell)
        try:
            while True:
                news.clear()
                self._changes.look()
                if self._ended:
                    return None
                if (batch := await asyncio.to_thread(self._next)) is not None:
                    return batch
                await self._wait_async(news)
        except LogClosed:
            self._ended = True
        finally:
            self._changes.unlisten(bell)
        return None

    async def _wait_async(self, news: asyncio.Event) -> None:
        while not (news.is_set() or self._ended):
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), self._changes.pause())
            if self._changes.look():
                return

    def call(self, callback: Callable[[Recorded], None], *, name: str = "") -> Calling:
        """Call back for every event, on a thread of its own; close what this returns to end it."""
        return Calling(self, callback, name)

    def instead(self, position: int, kinds: tuple[str, ...]) -> Follower:
        """Another follower of the same log; this one is closed, and whoever waits in it goes on."""
        another = Follower(self._log, position, kinds)
        self.close()
        return another

    def close(self) -> None:
        """End it, from any thread: whoever waits for the next event is told that there is none."""
        self._ended = True
        self._over.set()
        self._log.latest.leave(self)
        self._ringing.set()
