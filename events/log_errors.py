"""What can go wrong with a log: files, leases, versions, storage, and what stands in it.

The groups say whose fault it is: the operator's, or nobody's.
"""

from __future__ import annotations

from .errors import RetoldError

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


class BadSettings(RetoldError, ValueError):
    """The settings name a compressor or cipher that cannot be had; nothing was opened."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"COMPRESSOR_TOPIC, CIPHER_TOPIC and CIPHER_KEY do not give a compressor or cipher as"
            f" they are set: {reason}."
        )


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
    """There is no log where one was to be read."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(f"There is no log at {path}.")


class LogReadOnly(RetoldError):
    """The log cannot be written: opened read-only, or the file or its folder is."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} cannot be written: {reason}.")


class WouldReplace(RetoldError, FileExistsError):
    """Something already stands where a backup or a restored log was to be written."""

    def __init__(self, path: str, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(
            f"{path} is there already ({what}); it was left untouched."
            " Give another name, or replace it on purpose with --force (replace=True)."
        )


class LogBeingRead(RetoldError):
    """A log cannot be replaced or closed up while other connections read it."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is open elsewhere: whoever reads it would go on reading what was replaced."
            " It was left untouched: close its readers first."
        )


class LogReplaced(RetoldError):
    """The file of a log that is followed was moved, removed, or replaced by another."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is another file by now, or none: it was replaced or moved while it was"
            " followed, and what is written there is not seen here. Open it again."
        )


class LogDamaged(RetoldError):
    """A log that was to be copied or compacted is damaged; it was left untouched."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path} is damaged: {reason}. It was left untouched: verify it, or restore a backup."
        )


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


class StorageUnreadable(StorageFailed):
    """What is kept beside a log, a view say, cannot be read. `damaged`: it is not what was kept."""

    def __init__(self, path: str, reason: str, *, damaged: bool = False) -> None:
        super().__init__(path, reason)
        self.damaged = damaged
        self.args = (f"{path} could not be read: {reason}.",)


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


class UnknownTopic(RetoldError, LookupError):
    """A row of an inherited database has a topic that nobody gave a meaning."""

    def __init__(self, topic: str, originator: str, version: int) -> None:
        self.topic = topic
        self.originator = originator
        self.version = version
        super().__init__(
            f"Version {version} of originator {originator} is a {topic!r}, which has no meaning"
            " here. Add it to the events of its OldAggregate, or leave all such aggregates out"
            " with left_out."
        )


class NotInherited(RetoldError, ValueError):
    """An address of an inherited database would stand for two originators; nothing was stored."""

    def __init__(self, path: str, address: str, reason: str) -> None:
        self.path = path
        self.address = address
        self.reason = reason
        super().__init__(f"{path} cannot have an actor {address}: {reason}. Call one otherwise.")


class NotConverted(RetoldError):
    """A log cannot be copied into another; nothing was written."""

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"{path} cannot take what another log holds: {reason}.")


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
