"""What can go wrong with a projection: its own code, its file, or who else runs it."""

from __future__ import annotations

from ..events.errors import RetoldError
from ..events.recorded import Recorded


class ProjectionFailed(RetoldError):
    """The code of a projection raised at an event. Its view stands right before that event."""

    def __init__(self, name: str, event: Recorded, error: BaseException) -> None:
        self.name = name
        self.position = event.position
        self.address = event.address
        self.version = event.version
        self.error = error
        super().__init__(
            f"The projection {name!r} failed at {event.address} version {event.version}"
            f" ({event.name}, position {event.position}): {type(error).__name__}: {error}."
            " Its view stands before that event, and other projections go on."
            " Mend it, then resume it, or rebuild it."
        )


class BadTables(RetoldError, ValueError):
    """The statements that make the tables of a projection cannot be run."""

    def __init__(self, name: str, statement: str, error: Exception) -> None:
        self.name = name
        self.statement = statement
        super().__init__(
            f"The tables of the projection {name!r} cannot be made: {error}, in {statement!r}."
        )


class ProjectionStopped(RetoldError):
    """What is waited for will not come: the projection failed, or its runner was closed."""

    def __init__(self, name: str, position: int, wanted: int, reason: str) -> None:
        self.name = name
        self.position = position
        self.wanted = wanted
        super().__init__(
            f"The projection {name!r} stands at position {position} and does not go on to"
            f" {wanted}: {reason}"
        )


class ViewInUse(RetoldError):
    """Another runner keeps this view up to date."""

    def __init__(self, name: str, path: str, holder: str) -> None:
        self.name = name
        self.path = path
        self.holder = holder
        super().__init__(
            f"The view {name!r} in {path} is kept up to date by {holder}. One runner at a time does"
            " that: read it with open_view, or end the other."
        )


class NotAView(RetoldError):
    """The file of a view is a database of something else; it was left untouched."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(
            f"{path} is a database, and no view. It was left untouched: keep views in another"
            " folder, or call the projection otherwise."
        )


class ForeignView(RetoldError):
    """A view that was made from another log, or from one that went on further than this."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"The view {name!r} does not belong to this log: {reason}. Rebuild it.")


class NoSuchProjection(RetoldError, LookupError):
    """No projection of this name is run here."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        self.known = known
        super().__init__(f"There is no projection {name!r} here; there are {', '.join(known)}.")
