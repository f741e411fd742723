"""What can go wrong, and whose fault it is.

One root, `RetoldError`. Every error carries what it knows as attributes, and its text says what
happened, to which actor and event, and what to do. The groups below say whose fault it is: the
asker's, the author's of a behaviour, or nobody's. Those of logs and storage are in `log_errors`.
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
    """A text that is not an address: parts come in pairs, none empty, each percent-encoded."""

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
        why = reason or (
            "it is a class; send an instance of it"
            if isinstance(message, type)
            else f"{type(message).__qualname__} is not decorated with @command"
        )
        super().__init__(f"{address} did not take {message!r}: {why}.")


class UnknownKind(RetoldError, LookupError):
    """No behaviour was given for the kind of an address."""

    def __init__(self, address: str, kind: str, known: tuple[str, ...]) -> None:
        self.address = address
        self.kind = kind
        self.known = known
        super().__init__(
            f"{address} is of kind {kind!r}, for which no behaviour was given"
            f" (given: {', '.join(known) or 'none'}). Open the system with its Behaviour, or retell"
            " with it."
        )


class RepeatedTooLate(RetoldError):
    """A command id was used before, too long ago for its receipt to be kept.

    Its effect stands in the log from `position` on; nothing was done a second time.
    """

    def __init__(self, address: str, command_id: str, position: int) -> None:
        self.address = address
        self.command_id = command_id
        self.position = position
        super().__init__(
            f"{address} carried out a command {command_id} before: its events stand in the log from"
            f" position {position} on. Its receipt is not kept so long; nothing was done now."
        )


class NoSuchLetter(RetoldError, LookupError):
    """No dead letter with this command id waits."""

    def __init__(self, letter_id: str) -> None:
        self.letter_id = letter_id
        super().__init__(f"No dead letter {letter_id} waits; `retold dead-letters` lists them.")


class UnknownCommand(RetoldError, LookupError):
    """A command was kept by a name that no class has, or could not be kept at all."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"The command {name} cannot be made again: {reason}.")


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


class BadPoint(RetoldError, ValueError):
    """What was asked for is not a point of the past."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(
            f"This is no point of the past: {reason}. Give one such as Point(position=1200) or"
            " Point(recorded=datetime(2026, 1, 31, tzinfo=UTC))."
        )


# The fault of whoever wrote the behaviour or its events.


class NameTaken(RetoldError, ValueError):
    """A wire name was given to two classes, or is not of the form noun.verb_past.vN."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"The wire name {name!r} cannot be used: {reason}.")


class BrokenChain(RetoldError):
    """The upcasters of a wire name do not lead to a class that its events can be read as."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name} cannot be upcast: {reason}.")


class Unstorable(RetoldError, ValueError):
    """An event holds a value that its log could not give back as it is; nothing was stored."""

    def __init__(self, event: str, field: str, reason: str) -> None:
        self.event = event
        self.field = field
        self.reason = reason
        where = f"field {field!r} of {event}" if field else event
        super().__init__(f"{where} cannot be stored: {reason}.")


class GoldenDiffers(RetoldError, AssertionError):
    """What a golden file says of an event is not what the code does with it."""

    def __init__(self, path: object, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(
            f"{path}: {reason}. Events that may stand in a log are read as ever: give the changed"
            " one a new version, with an upcaster."
        )


class BadDecision(RetoldError, TypeError):
    """A decision returned something other than a tuple of events; nothing was stored."""

    def __init__(self, address: str, command: object, reason: str) -> None:
        self.address = address
        self.command = command
        self.reason = reason
        super().__init__(f"{address}, deciding {command!r}: {reason}.")


class BadReaction(RetoldError, TypeError):
    """A reaction gave something that cannot be sent."""

    def __init__(self, address: str, position: int, reason: str) -> None:
        self.address = address
        self.position = position
        self.reason = reason
        super().__init__(f"The reaction to the event of {address} at {position} is none: {reason}.")


class BadFold(RetoldError, TypeError):
    """A state's `evolve` gave None: it does not say what an event means."""

    def __init__(self, state: str, event: object) -> None:
        self.state = state
        self.event = event
        super().__init__(
            f"{state}.evolve gave None for {event!r}. It must give a state for every event:"
            " return self for those that change nothing."
        )


class Quarantined(RetoldError):
    """An actor failed so often that it takes no commands until it is released."""

    def __init__(self, address: str, failures: int, last: str) -> None:
        self.address = address
        self.failures = failures
        self.last = last
        super().__init__(
            f"{address} is in quarantine after {failures} failures in a row, the last: {last}."
            " Mend its behaviour, then call system.release(address)."
        )


class AskInsideDecide(RetoldError, RuntimeError):
    """A decision asked an actor and would have waited for it inside its own turn."""

    def __init__(self, address: str, asker: str = "") -> None:
        self.address = address
        self.asker = asker
        path = f"{asker} -> {address}: the second" if asker else address
        super().__init__(
            f"{path} was waited for inside a decision. Nothing waits inside a turn: read a"
            " member of the family with context.member(name), or send from a committed event."
        )


# Nobody's fault: too much at once, or in the wrong process.


class Overloaded(RetoldError):
    """A family's inbox is full; the message was not accepted."""

    def __init__(self, address: str, limit: int) -> None:
        self.address = address
        self.limit = limit
        super().__init__(
            f"{address} has {limit} messages waiting and takes no more. Send again later, or open"
            " the system with overload='block'."
        )


class NoSuchSubscription(RetoldError, LookupError):
    """There is no subscription of this name, or there is none any more."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"There is no subscription {name!r} of this log: it was never made, or was removed."
        )


class SubscriptionTaken(RetoldError):
    """Somebody else consumes this subscription now; nothing of it is acknowledged here."""

    def __init__(self, name: str, holder: str) -> None:
        self.name = name
        self.holder = holder
        super().__init__(
            f"The subscription {name!r} was taken over by {holder}: end this consumer, or that one."
            " What is not acknowledged comes again there."
        )


class SubscriptionAhead(RetoldError):
    """A subscription has a place beyond the end of the log: it belongs to another log."""

    def __init__(self, name: str, position: int, last: int) -> None:
        self.name = name
        self.position = position
        self.last = last
        super().__init__(
            f"The subscription {name!r} stands at position {position}, and the log ends at {last}:"
            " it was restored, or is another. Remove the subscription and begin it again."
        )


class UsedAfterFork(RetoldError, RuntimeError):
    """A log or system was used in a process that was forked from the one that opened it."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} belongs to the process that opened it; this one was forked from it. Open a log"
            " of its own here, or start it with the spawn method."
        )
