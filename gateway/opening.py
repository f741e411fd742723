"""From what was typed after `--db` to a log that is open for reading."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import quote, unquote

from ..events.errors import BadUrl
from ..events.log import Log
from ..events.log_errors import NoSuchLog
from .errors import NoLogThere

SCHEMES = ("inherited:", "memory:", "module:", "sqlite:")

MOST_NEAR = 3
"""How many other logs are named to someone whose file is not there."""


def log_url(text: str) -> str:
    """The URL of a log: a file's name becomes one, a URL stays as it is.

    >>> log_url("bank.db"), log_url("memory:")
    ('sqlite:///bank.db', 'memory:')
    """
    if text.startswith(SCHEMES):
        return text
    if not text.strip():
        raise BadUrl(text, "it is empty; give a file with --db FILE")
    return f"sqlite:///{quote(text)}"


def log_file(text: str) -> str | None:
    """The file that a log is in, None where it is in none.

    >>> log_file("bank.db"), log_file("sqlite:////var/bank.db"), log_file("memory:")
    ('bank.db', '/var/bank.db', None)
    """
    url = log_url(text)
    path = unquote(url.removeprefix("sqlite:///"))
    return path if url.startswith("sqlite:///") and path else None


def open_to_read(text: str) -> Log:
    """Open a log read-only, which works while another process writes it.

    The module of an `inherited:` URL is looked for in the present folder too.
    Raises `NoLogThere`, and as `Log.open` does.
    """
    if text.startswith("inherited:") and os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return Log.open(log_url(text), read_only=True, create=False)
    except NoSuchLog as error:
        raise no_log_there(error) from error


def no_log_there(error: NoSuchLog) -> NoLogThere:
    """The error for whoever typed the name of a log that is not there."""
    return NoLogThere(error.path, _near(error.path))


def _near(path: str) -> list[str]:
    """Other logs in the folder of one that is not there."""
    folder = Path(path).parent
    if not folder.is_dir():
        return []
    found = sorted(each for each in folder.glob("*.db") if each.is_file())
    return [os.fspath(each) for each in found[:MOST_NEAR]]
