"""The command line `retold`: its commands, and the outermost frame around them.

| how it ends | exit status | on stderr |
|---|---|---|
| as it should | 0 | |
| an error, or a problem that was found | 1 | one line |
| it was called wrongly | 2 | one line |
| Ctrl-C, or another signal that ends it | 128 and the signal's number: 130 | one line |
| nobody reads its output any more | 141 | |
"""

from __future__ import annotations

import io
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from ..actors.signals import orderly_exit
from ..events.errors import RetoldError
from ..events.log_errors import UnknownEvent
from . import (
    checking,
    dead_letters,
    demo,
    importing,
    looking,
    merging,
    operations,
    schema,
    subscribing,
    tailing,
    viewing,
)
from .errors import ImportInterrupted
from .screen import ReaderGone, complain, flush, say

INTERRUPTED = 130
UNREAD = 141

app = typer.Typer(name="retold", pretty_exceptions_enable=False, rich_markup_mode="markdown")
app.command("demo")(demo.demo)
app.command("import")(importing.import_)
app.command("log")(looking.log)
app.command("show")(looking.show)
app.command("history")(looking.history)
app.command("diff")(looking.diff)
app.command("merged")(merging.merged)
app.command("replay")(checking.replay)
app.command("verify")(checking.verify)
app.command("check")(schema.check)
app.command("stats")(checking.stats)
app.command("tail")(tailing.tail)
viewing.add_to(app)
operations.add_to(app)
app.add_typer(dead_letters.app)
app.add_typer(subscribing.app)


@app.callback(invoke_without_command=True)
def retold(
    context: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Say which version.")] = False,
    debug: Annotated[  # noqa: ARG001 - `run` reads it before anything can go wrong
        bool, typer.Option("--debug", help="Show a traceback with an error; may stand anywhere.")
    ] = False,
) -> None:
    """Event-sourced actors, retold from their log: who changed what, when and why.

    Begin with `retold demo`. RETOLD_DB in the environment stands for --db.
    """
    if show_version:
        say(f"retold {_version()}")
    elif context.invoked_subcommand is None:
        say(context.get_help().strip())  # rich has written it already: then this is an empty line


def main() -> None:
    """Run the command line of this process, and leave with its exit status."""
    with orderly_exit() as watch:
        status = run(sys.argv[1:])
        if status == INTERRUPTED and watch.number is not None:
            status = 128 + watch.number
    sys.exit(status)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; its exit status. An error is one line on stderr."""
    debug = "--debug" in arguments
    _prepare(debug)
    try:
        status = app(
            args=[each for each in arguments if each != "--debug"],
            prog_name="retold",
            standalone_mode=False,
        )
        flush()
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the outermost frame
        return _failed(error, debug=debug)
    if status == INTERRUPTED:
        complain("retold: interrupted")
    return status if isinstance(status, int) else 0


def _prepare(debug: bool) -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    log = logging.getLogger("retold")
    log.addHandler(logging.StreamHandler() if debug else logging.NullHandler())


def _failed(error: BaseException, *, debug: bool) -> int:
    """Say in one line what went wrong; returns the exit status."""
    if isinstance(error, ReaderGone):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    if debug:
        traceback.print_exception(error)
    complain(f"retold: {_in_words(error)}")
    if isinstance(error, KeyboardInterrupt | ImportInterrupted | typer.Abort):
        return INTERRUPTED
    return error.exit_code if isinstance(error, typer.TyperException) else 1


def _in_words(error: BaseException) -> str:
    match error:
        case KeyboardInterrupt() | typer.Abort():
            return "interrupted"
        case typer.TyperException():
            return f"{error.format_message().rstrip('.')}{_advice(error)}"
        case UnknownEvent(name=name, address=address, version=number):
            return (
                f"{address} version {number} is a {name!r}, which no known module defines;"
                " name the one that does with --module"
            )
        case RetoldError():
            return str(error)
        case OSError(strerror=str(reason), filename=str(path)):
            return f"{path}: {reason}"
        case OSError():
            return str(error)
    return f"{type(error).__name__}: {error} (a fault of ours or of --module; --debug shows where)"


def _advice(error: typer.TyperException) -> str:
    context = getattr(error, "ctx", None)
    return f". Try: {context.command_path} --help" if context is not None else ""


def _version() -> str:
    try:
        return version("retold")
    except PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    main()
