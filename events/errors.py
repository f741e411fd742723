"""What can go wrong, and whose fault it is.

One root, `RetoldError`. Every error carries what it knows as attributes, and its text says what
happened, to which actor and event, and what to do. The groups below say whose fault it is: the
asker's, the author's of a behaviour, the operator's, or nobody's (storage and time).
"""

from __future__ import annotations

from typing import Any


class RetoldError(Exception):
    """The root of every error that this library raises on purpose."""


# The asker's fault.


class Rejected(RetoldError):
    """A decision refused a command: the actor lives, state and log are unchanged.

    `reason` is the refusal in words, `facts` what it was based on.
    """

    def __init__(self, reason: str, **facts: Any) -> None:
        self.reason = reason
        self.facts = facts
        known = ", ".join(f"{name}={value!r}" for name, value in facts.items())
        super().__init__(f"{reason} ({known})" if known else reason)


class BadAddress(RetoldError, ValueError):
    """A text that is no address: parts come in pairs, none empty, each percent-encoded."""

    def __init__(self, address: object, reason: str) -> None:
        self.address = address
        self.reason = reason
        super().__init__(
            f"{address!r} is no address: {reason}. Build one with address('account', 'alice')."
        )


class BadUrl(RetoldError, ValueError):
    """A URL that names no log."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        super().__init__(f"{url!r} names no log: {reason}.")


class NotACommand(RetoldError, TypeError):
    """A message that is no `@command` was sent to an actor; nothing was put in its inbox."""

    def __init__(self, message: object, address: str, reason: str = "") -> None:
        self.message = message
        self.address = address
        why = reason or f"{type(message).__qualname__} is not decorated with @command"
        super().__init__(f"{address} did not take {message!r}: {why}.")


class UnknownKind(RetoldError, LookupError):
    """No behaviour was given for the kind of an address."""

    def __init__(self, address: str, kind: str, known: tuple[str, ...]) -> None:
        self.address = address
        self.kind = kind
        self.known = known
        super().__init__(
            f"{address} is of kind {kind!r}, for which no behaviour was given"
            f" (given: {', '.join(known) or 'none'}). Pass its Behaviour to ActorSystem.open."
        )


class NoSuchVersion(RetoldError, LookupError):
    """A version or time was asked for that an actor's log does not reach."""

    def __init__(self, address: str, asked: object, last: int) -> None:
        self.address = address
        self.asked = asked
        self.last = last
        super().__init__(
            f"{address} has no version {asked}: its log "
            + (f"ends at version {last}." if last else "is empty.")
        )


# The fault of whoever wrote the behaviour or its events.


class NameTaken(RetoldError, ValueError):
    """A wire name was given to two classes, or is not of the form noun.verb_past.vN."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"The wire name {name!r} cannot be used: {reason}.")


class Unstorable(RetoldError, ValueError):
    """An event holds a value that its log could not give back as it is; nothing was stored."""

    def __init__(self, event: str, field: str, reason: str) -> None:
        self.event = event
        self.field = field
        self.reason = reason
        where = f"field {field!r} of {event}" if field else event
        super().__init__(f"{where} cannot be stored: {reason}.")


class BadDecision(RetoldError, TypeError):
    """A decision returned something else than a tuple of events; nothing was stored."""

    def __init__(self, address: str, command: object, reason: str) -> None:
        self.address = address
        self.command = command
        self.reason = reason
        super().__init__(f"{address}, deciding {command!r}: {reason}.")


class BadFold(RetoldError, TypeError):
    """A state's `evolve` gave None: it does not say what an event means."""

    def __init__(self, state: str, event: object) -> None:
        self.state = state
        self.event = event
        super().__init__(
            f"{state}.evolve gave None for {event!r}. It must give a state for every event:"
            " return self for those that change nothing."
        )


class AskInsideDecide(RetoldError, RuntimeError):
    """A decision asked an actor and would have waited for it inside its own turn."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__(
            f"{address} was waited for inside a decision. Nothing waits inside a turn: read a"
            " member of the family with context.member(name), or send from a committed event."
        )


# The fault of whoever runs it: files, leases, versions.


class LogInUse(RetoldError):
    """Another system writes this log. Open it read-only, or close the holder."""

    def __init__(self, path: str, holder: str) -> None:
        self.path = path
        self.holder = holder
        super().__init__(
            f"{path} is being written by {holder}. One system writes a file at a time:"
            " close that one, or open this read-only."
        )


class LeaseLost(RetoldError):
    """This system's right to write was taken over by another; nothing of the batch was stored."""

    def __init__(self, path: str, fence: int, found: int) -> None:
        self.path = path
        self.fence = fence
        self.found = found
        super().__init__(
            f"{path} was taken over by a later writer (fence {found}, ours {fence});"
            " this system writes no more. Close it and open the log again."
        )


class NotALog(RetoldError):
    """The file is there but is no log of ours; it was left untouched."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} is no Retold log: {reason}. It was left untouched.")


class NewerLog(RetoldError):
    """The log was written by a newer version of the library; it was left untouched."""

    def __init__(self, path: str, found: int, known: int) -> None:
        self.path = path
        self.found = found
        self.known = known
        super().__init__(
            f"{path} has format {found}, this version knows up to {known}."
            " It was left untouched: open it with a newer Retold."
        )


class NoSuchLog(RetoldError, FileNotFoundError):
    """A log was to be read that is not there."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"There is no log at {path}.")


class LogReadOnly(RetoldError):
    """The log cannot be written: opened read-only, or the file or its folder is."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} cannot be written: {reason}.")


class LogClosed(RetoldError):
    """The log was closed before this call."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"{path} is closed. Open it again to go on.")


# Nobody's fault: storage and time.


class StorageFailed(RetoldError):
    """The storage refused a write; nothing of the batch was stored."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} could not be written: {reason}. Nothing of it was stored.")


class StorageFull(StorageFailed):
    """The disk is full; nothing of the batch was stored, the log is as it was before."""


class CorruptedRow(RetoldError):
    """A row of the log is not what was written."""

    def __init__(self, position: int, address: str, version: int, reason: str) -> None:
        self.position = position
        self.address = address
        self.version = version
        self.reason = reason
        super().__init__(
            f"The row at position {position} ({address} version {version}) is damaged: {reason}."
            " Restore the log from a backup."
        )


class UnknownEvent(RetoldError, LookupError):
    """A row carries a wire name for which no event class is registered."""

    def __init__(self, name: str, address: str, version: int) -> None:
        self.name = name
        self.address = address
        self.version = version
        super().__init__(
            f"{address} version {version} is a {name!r}, for which no @event is registered."
            " Import the module that defines it before opening the log."
        )


class Undecodable(RetoldError, ValueError):
    """A row does not fit the class that is registered for its wire name."""

    def __init__(self, name: str, field: str, reason: str, address: str, version: int) -> None:
        self.name = name
        self.field = field
        self.reason = reason
        self.address = address
        self.version = version
        where = f"field {field!r} of {name}" if field else name
        super().__init__(f"{address} version {version}: {where} does not decode: {reason}.")


class ConcurrencyError(RetoldError):
    """A stream did not stand at the version that a write expected, a bounded number of times."""

    def __init__(self, address: str, expected: int, found: int | None = None) -> None:
        self.address = address
        self.expected = expected
        self.found = found
        seen = "" if found is None else f", found {found}"
        super().__init__(
            f"{address} was expected at version {expected}{seen}: somebody wrote it meanwhile."
            " Nothing was stored; read it again and decide anew."
        )


class OutcomeUncertain(RetoldError):
    """A commit failed in a way that may have written, and the log could not be read back."""

    def __init__(self, command_id: str, reason: str) -> None:
        self.command_id = command_id
        self.reason = reason
        super().__init__(
            f"Whether command {command_id} was stored is not known: {reason}."
            " The system refuses writes until it is opened again; ask then with the same id."
        )
