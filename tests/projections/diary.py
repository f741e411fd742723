"""Commands to workflows and channels, and a diary of what was asked and answered.

The diary is kept by who asks, from commands and receipts alone: no log is read and nothing folded.
So it knows what a view must show, and an event that a view was told twice or not at all shows.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import attrs
import pytest

from retold import ActorSystem, Rejected
from retold.actors.channel import (
    AppendEntry,
    CloseChannel,
    FailChannel,
    MergeChannel,
    OpenChannel,
    PatchChannel,
)
from retold.actors.workflow import PatchState, PersistState
from retold.events import ManualClock
from retold.events.channel import EntryType

from .documents import patched, put_together, some_document, spelt

ROOTS = ("workflow/a", "workflow/a%20b", "workflow/ab")
CHANNELS = ("x", "y z", "/", "1", "2", "3", "4", "5")
PEOPLE = ("ann", "ben", "böse 'x'")
EAST = timezone(timedelta(hours=2))


@attrs.frozen
class Fact:
    """One event, as the diary knows it. `summary` is None where it is not worth foretelling."""

    position: int
    address: str
    version: int
    what: str
    summary: str | None
    who: str
    why: str
    command: str
    recorded: datetime
    happened: datetime


@attrs.frozen
class Version:
    """One state version: the fact that made it, the document, the channel that it came from."""

    fact: Fact
    number: int
    document: Any
    channel: str = ""


@attrs.frozen
class Entry:
    """One entry of a channel, and the fact of it."""

    fact: Fact
    root: str
    channel: str
    sequence: int
    payload: bytes
    type: str
    answers: int


class Room:
    """A channel as the diary knows it."""

    def __init__(self) -> None:
        self.phase = "absent"
        self.document: Any = {}
        self.entries = 0
        self.senders: dict[str, int] = {}


class Diary:
    """Asks a system, one command after the other, and notes what came of it."""

    def __init__(self, system: ActorSystem, clock: ManualClock, seed: int) -> None:
        self.facts: list[Fact] = []
        self.versions: dict[str, list[Version]] = {root: [] for root in ROOTS}
        self.entries: list[Entry] = []
        self.channels: list[str] = []
        self.merges: list[tuple[str, int]] = []
        self.log = system.log
        self._rooms: dict[str, Room] = {}
        self._system = system
        self._clock = clock
        self._rng = random.Random(seed)
        self._asked = 0
        self._envelope: dict[str, Any] = {}

    @property
    def last(self) -> int:
        """The position of the last fact."""
        return len(self.facts)

    def go_on(self, steps: int) -> None:
        """Ask this many commands."""
        rng = self._rng
        acts: list[Callable[[str], None]] = [
            self._persist, self._patch, self._open, self._patch_channel, self._append,
            self._close, self._fail, self._merge,
        ]  # fmt: skip
        for _ in range(steps):
            self._clock.advance(rng.choice([0, 0, 0.25, 59, 3_000]))
            (act,) = rng.choices(acts, [4, 4, 5, 3, 8, 1, 1, 2])
            self._asked += 1
            moment = self._clock.now().astimezone(EAST) - timedelta(days=rng.randrange(-3, 3))
            self._envelope = {
                "by": rng.choice(PEOPLE), "why": rng.choice(["", "so it is", "100%"]),
                "id": f"c{self._asked}", "happened_at": rng.choice([None, None, moment]),
            }  # fmt: skip
            act(rng.choice(ROOTS))

    # What is asked of a workflow.

    def _document(self, root: str) -> Any:
        return self.versions[root][-1].document if self.versions[root] else {}

    def _persist(self, root: str) -> None:
        self._persisted(root, PersistState, some_document(self._rng), {})

    def _patch(self, root: str) -> None:
        patch = some_document(self._rng, nulls=True)
        self._persisted(root, PatchState, patch, self._document(root))

    def _persisted(self, root: str, command: Any, given: Any, before: Any) -> None:
        made = patched(before, given) if command is PatchState else copy.deepcopy(given)
        fact = self._note(root, "workflow.state_persisted.v1")
        self.versions[root].append(Version(fact, len(self.versions[root]) + 1, made))
        self._ask(root, command(given))

    # What is asked of a channel.

    def _room(self, root: str) -> tuple[str, str, Room]:
        name = self._rng.choice(CHANNELS)
        address = f"{root}/channel/{name.replace(' ', '%20').replace('/', '%2F')}"
        return name, address, self._rooms.setdefault(address, Room())

    def _open(self, root: str) -> None:
        name, address, room = self._room(root)
        document = some_document(self._rng)
        if room.phase == "absent":
            room.phase, room.document = "open", copy.deepcopy(document)
            self._note(address, "channel.opened.v1")
            self._end(root, name, "opened", f'channel="{name}"')
        self._ask(address, OpenChannel(document), refused=room.phase != "open")

    def _patch_channel(self, root: str) -> None:
        _, address, room = self._room(root)
        patch, before = some_document(self._rng, nulls=True), room.document
        if room.phase == "open":
            room.document = patched(before, patch)
            if spelt(room.document) != spelt(before):
                self._note(address, "channel.patched.v1")
        self._ask(address, PatchChannel(patch), refused=room.phase != "open")

    def _append(self, root: str) -> None:
        name, address, room = self._room(root)
        rng, who = self._rng, self._envelope["by"]
        payload = rng.choice([b"", b"hello", b"\xff\x00"])
        kind: EntryType = rng.choice(["data", "data", "end"])
        number, answers = rng.randrange(4), rng.randint(0, room.entries)
        fresh = not number or number > room.senders.get(who, 0)
        if room.phase == "open" and fresh:
            room.entries += 1
            room.senders.update({who: number} if number else {})
            said = payload.decode(errors="replace")
            fact = self._note(
                address, "channel.entry_appended.v1", f"#{room.entries} {kind}: {said}"
            )
            self.entries.append(Entry(fact, root, name, room.entries, payload, kind, answers))
        command = AppendEntry(payload, kind, number, answers)
        self._ask(address, command, refused=room.phase != "open")

    def _close(self, root: str) -> None:
        name, address, room = self._room(root)
        if room.phase == "open":
            room.phase = "closed"
            self._note(address, "channel.closed.v1", "")
            self._end(root, name, "closed", f'channel="{name}", how="closed"')
        self._ask(address, CloseChannel(), refused=room.phase != "closed")

    def _fail(self, root: str) -> None:
        name, address, room = self._room(root)
        refused = room.phase != "open"
        if not refused:
            room.phase = "failed"
            self._note(address, "channel.failed.v1", 'error="no"')
            self._end(root, name, "failed", f'channel="{name}", how="failed"')
        self._ask(address, FailChannel("no"), refused=refused)

    def _merge(self, root: str) -> None:
        name, address, room = self._room(root)
        strategy: Any = self._rng.choice(["source_wins", "target_wins", "combine"])
        under = self._rng.choice(["", "a"])
        refused = room.phase != "open"
        if not refused:
            room.phase = "merged"
            source = {under: room.document} if under else room.document
            made = put_together(strategy, source, self._document(root))
            self._note(address, "channel.merged.v1", f'strategy="{strategy}"')
            fact = self._note(root, "workflow.channel_merged.v1")
            number = len(self.versions[root]) + 1
            self.versions[root].append(Version(fact, number, made.document, name))
            self.merges.append((strategy, made.conflicts))
        self._ask(address, MergeChannel(strategy, under), refused=refused)

    # Notes and questions.

    def _end(self, root: str, name: str, how: str, summary: str) -> None:
        what = "opened" if how == "opened" else "ended"
        self._note(root, f"workflow.channel_{what}.v1", summary)
        self.channels.append(how)

    def _note(self, address: str, what: str, summary: str | None = None) -> Fact:
        asked = self._envelope
        fact = Fact(
            self.last + 1, address, self.version(address) + 1, what, summary, asked["by"],
            asked["why"], asked["id"], self._clock.now(), asked["happened_at"] or self._clock.now(),
        )  # fmt: skip
        self.facts.append(fact)
        return fact

    def version(self, address: str) -> int:
        """How many facts there are of an address."""
        return sum(fact.address == address for fact in self.facts)

    def _ask(self, address: str, command: Any, *, refused: bool = False) -> None:
        ref = self._system.ref(address)
        if refused:
            with pytest.raises(Rejected):
                ref.ask(command, **self._envelope)
        else:
            receipt = ref.ask(command, **self._envelope)
            assert receipt.version == self.version(address)
            own = [fact for fact in self.facts if fact.command == self._envelope["id"]]
            assert len(receipt.events) == len(own)
            assert not own or receipt.position == own[-1].position
