"""A list of messages that grows one by one: in our workflow's document, and as the library has it.

Ours is told the whole list each time (`PatchState`) and stores what changed. The library has it
both ways: `Thread` stores the whole list as each event, `Conversation` one message an event.
"""

from __future__ import annotations

from pathlib import Path
from string import ascii_lowercase
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from retold import ActorSystem
from retold.actors.workflow import PatchState, workflow

from . import bank, library

ADDRESS = "workflow/conversation"
BYTES = 198


def text(number: int) -> str:
    """A message of 198 bytes, no two alike."""
    return f"{number:06d} ".ljust(BYTES, ascii_lowercase[number % 26])


class Thread(Aggregate):
    """The whole list in every event."""

    @event("Opened")
    def __init__(self) -> None:
        self.messages: list[str] = []

    @event("Replaced")
    def replace(self, messages: list[str], by: str, why: str) -> None:
        """Let this be the list."""
        self.messages = messages


class Conversation(Aggregate):
    """One message an event."""

    @event("Opened")
    def __init__(self) -> None:
        self.messages: list[str] = []

    @event("Appended")
    def append(self, message: str, by: str, why: str) -> None:
        """Add one message."""
        self.messages.append(message)


def write_ours(folder: Path, count: int) -> None:
    """Our file, one ask a message."""
    with ActorSystem.open(bank.url(folder), workflow) as system:
        ref, messages = system.ref(ADDRESS), list[str]()
        for number in range(count):
            messages = [*messages, text(number)]
            ref.ask(PatchState({"messages": messages}), by=bank.BY, why=bank.WHY)


def write_whole(folder: Path, count: int) -> None:
    """The library's file, the whole list a save."""
    with library.application(folder) as app:
        thread, messages = Thread(), list[str]()
        app.save(thread)
        for number in range(count):
            messages = [*messages, text(number)]
            thread.replace(messages, bank.BY, bank.WHY)
            app.save(thread)


def write_each(folder: Path, count: int) -> UUID:
    """The library's file, one message a save; the id of the conversation."""
    with library.application(folder) as app:
        conversation = Conversation()
        app.save(conversation)
        for number in range(count):
            conversation.append(text(number), bank.BY, bank.WHY)
            app.save(conversation)
    return conversation.id
