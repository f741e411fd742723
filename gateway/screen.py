"""What is written where: answers on stdout, progress and errors on stderr.

On a terminal lines are coloured and cut to its width; in a pipe they are plain and whole. Text from
a log is never trusted with the terminal: control characters are shown, markup is not read.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

_VISIBLE = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"
}
_ONE_LINE = {**_VISIBLE, ord("\n"): "\\n", ord("\t"): "\\t"}


class ReaderGone(Exception):
    """Whoever read our output has closed it, as `head` does."""


class Terminal(Console):
    """A console that says so when nobody reads any more, instead of leaving the program."""

    def on_broken_pipe(self) -> None:
        """Pass it on."""
        raise ReaderGone


def on_terminal() -> bool:
    """Whether the answer goes to a terminal (or FORCE_COLOR says that it may be taken for one)."""
    return terminal().is_terminal


def terminal() -> Terminal:
    """The console of the answer, wherever stdout leads now."""
    return Terminal(file=sys.stdout, highlight=False, soft_wrap=True)


def one_line(text: str) -> str:
    """Text of a log as one line in which every control character can be seen.

    >>> one_line("red \\x1b[31m\\n")
    'red \\\\x1b[31m\\\\n'
    """
    return text.translate(_ONE_LINE)


def say(text: str = "", style: str = "", *, wrap: bool = False) -> None:
    """Write a line; style, and wrapping between words, are for a terminal only."""
    if on_terminal():
        terminal().print(Text(text.translate(_VISIBLE), style=style), soft_wrap=not wrap)
    else:
        _write(text.translate(_VISIBLE) + "\n")


def complain(text: str) -> None:
    """Write a line to stderr, in red on a terminal."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(Text(one_line(text), style="red"))


def plain(value: Any) -> Any:
    """A value in the terms of JSON: attrs classes are objects, times ISO text, bytes base64."""
    return msgspec.to_builtins(value)


def show_json(value: Any) -> None:
    """Write one JSON document, indented, keys in their order."""
    _write(_json(plain(value), indent=2) + "\n")


def show_json_lines(values: Iterable[Any]) -> None:
    """Write one JSON document, an array, as it comes: one element a line."""
    before = "["
    for value in values:
        _write(f"{before}\n{_json(plain(value))}")
        before = ","
    _write("[]\n" if before == "[" else "\n]\n")


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _write(text: str) -> None:
    try:
        sys.stdout.write(text)
    except BrokenPipeError as error:
        raise ReaderGone from error


def flush() -> None:
    """Send everything out; raises `ReaderGone` where nobody takes it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderGone from error


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """A bar on stderr while something long runs; gives the function that moves it on by steps.

    Without a total it only shows that something goes on.
    Only on a terminal, and gone when the work is done.
    """
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty(),
    )  # fmt: skip
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda steps: bar.advance(task, steps)


def width(text: str) -> int:
    """How many cells of a terminal a text takes."""
    return cell_len(text)
