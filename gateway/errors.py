"""What can go wrong at the door: every error says what to type instead.

All are `RetoldError`s, so the outermost frame of the command line prints them as one line.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..events.errors import RetoldError, UnknownKind


class NoLogThere(RetoldError):
    """There is no file where a log was to be read."""

    def __init__(self, path: str, near: Sequence[str]) -> None:
        self.path = path
        self.near = tuple(near)
        known = f" In its folder: {', '.join(near)}." if near else ""
        super().__init__(
            f"there is no log at {path}.{known} Make one with: retold import FILE --db {path}"
        )


class NotAFile(RetoldError, ValueError):
    """A command that works on the file of a log was given a log that is in no file."""

    def __init__(self, url: str, what: str) -> None:
        self.url = url
        self.what = what
        super().__init__(
            f"{url} is in no file of ours, and retold {what} works on files: give one with"
            " --db FILE, or use the tools of the store that keeps it."
        )


class NoSuchAddress(RetoldError, LookupError):
    """What was asked for has no events in the log, or is not an address."""

    def __init__(self, address: str, near: Sequence[str], reason: str = "") -> None:
        self.address = address
        self.near = tuple(near)
        self.reason = reason
        what = f"{address!r} is no address: {reason}" if reason else f"{address} has no events"
        hint = f"did you mean {' or '.join(near)}?" if near else "retold stats lists what is there."
        super().__init__(f"{what}; {hint}")


class NoStateVersion(RetoldError, LookupError):
    """A state version was asked for that a workflow has not reached."""

    def __init__(self, address: str, asked: int, last: int) -> None:
        self.address = address
        self.asked = asked
        self.last = last
        super().__init__(f"{address} has no state version {asked}: its last one is {last}")


class KindNotGiven(UnknownKind):
    """The log holds actors of a kind that no known module defines."""

    def __init__(self, address: str, kind: str, known: tuple[str, ...]) -> None:
        super().__init__(address, kind, known)
        text = (
            f"{address} is of kind {kind!r}, which is not among those known ({', '.join(known)});"
            " name the module that holds its Behaviour with --module"
        )
        self.args = (text,)


class NoSuchView(RetoldError, LookupError):
    """No view of this name is kept beside a log, or none at all."""

    def __init__(self, name: str, path: str, kept: list[str]) -> None:
        self.name = name
        self.path = path
        self.kept = kept
        wanted = f"no view {name!r} is kept" if name else "no view is kept"
        there = f"; there are {', '.join(kept)}" if kept else ""
        super().__init__(
            f"{path}: {wanted}{there}. Name the module that defines its projection with --module."
        )


class UnreadableView(RetoldError):
    """The file of a view is damaged, or may not be read."""

    def __init__(self, name: str, error: Exception) -> None:
        self.name = name
        super().__init__(f"{error} The view is made anew by: retold rebuild {name}")


class BadQuery(RetoldError, ValueError):
    """What was given with --sql selects nothing from the tables of a view."""

    def __init__(self, query: str, reason: str) -> None:
        self.query = query
        self.reason = reason
        super().__init__(f"--sql {query[:60]!r} cannot be shown: {reason}. Give one SELECT.")


class ProjectionNotGiven(RetoldError, LookupError):
    """A projection was named that no known module defines."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        self.name = name
        self.known = known
        there = f"there are {', '.join(known)}" if known else "none is known"
        super().__init__(
            f"No projection {name!r} is known here; {there}. Name the module that defines it with"
            " --module."
        )


class BadModule(RetoldError):
    """What was given with --module cannot be used."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"--module {name} cannot be used: {reason}")


class BadMoment(RetoldError, ValueError):
    """What was given as a time is not one."""

    def __init__(self, option: str, reason: str) -> None:
        self.option = option
        self.reason = reason
        super().__init__(f"{option}: {reason}")


class BadPointTyped(RetoldError, ValueError):
    """What was typed has none of the forms of a point of the past."""

    def __init__(self, option: str, text: str) -> None:
        self.option = option
        self.text = text
        super().__init__(
            f"{option}: {text[:60]!r} is no point of the past; type a time such as 2026-01-31T12:00"
            " (when it happened), recorded:TIME, position:1200 ('#1200') or version:7 (v7)"
        )


class Clashing(RetoldError, ValueError):
    """Options were given that exclude each other."""

    def __init__(self, *options: str) -> None:
        self.options = options
        super().__init__(f"give only one of {', '.join(options)}")


class NothingNamed(RetoldError, ValueError):
    """A command that acts on what is named was given no name."""


class ImportStopped(RetoldError):
    """An import stopped: strict, at a bad row, or where the rest of the file cannot be read.

    The rows that were added before are in the log.
    """

    def __init__(self, path: str, line: int | None, reason: str, imported: int) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        self.imported = imported
        where = path if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {reason}. Stopped there; {imported} rows were added, and stay")


class ImportInterrupted(RetoldError):
    """An import was broken off by Ctrl-C; what was answered is in the log."""

    def __init__(self, imported: int) -> None:
        self.imported = imported
        super().__init__(
            f"interrupted; at least {imported} rows were added, and stay:"
            " importing again adds the rest"
        )


class RetoldDiffers(RetoldError):
    """What was rebuilt from the file is not what was live."""

    def __init__(self, what: Sequence[str]) -> None:
        self.what = tuple(what)
        super().__init__(f"rebuilt from the file, this is not what was live: {', '.join(what)}")


class MissingExtra(RetoldError, ImportError):
    """A part of the library was imported whose packages are not installed."""

    def __init__(self, module: str, extra: str, missing: str | None) -> None:
        self.module = module
        self.extra = extra
        self.missing = missing
        super().__init__(
            f"{module} needs {missing}, which is not installed: pip install 'retold[{extra}]'"
        )
