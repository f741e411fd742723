"""From a URL to a journal and its codec: the one place that knows which stores there are."""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from urllib.parse import unquote

from eventsourcing.persistence import InfrastructureFactory, InfrastructureFactoryError
from eventsourcing.utils import Environment

from .clock import Clock, this_process
from .codec import Codec
from .errors import BadUrl
from .inherited import Inherited
from .journal import Journal
from .recorders import AdoptedJournal, MemoryRecorder, SqliteRecorder


def open_journal(
    url: str | Inherited, read_only: bool, create: bool, clock: Clock, settings: Mapping[str, str]
) -> tuple[Journal, Codec]:
    """Open the store that a URL names, with the codec that its settings ask for."""
    if isinstance(url, Inherited):
        return url.open_journal(read_only, settings)
    if not isinstance(url, str):
        raise BadUrl(
            type(url).__name__, "a log is named first, by a text such as sqlite:///bank.db"
        )
    scheme, _, rest = url.partition(":")
    if scheme == "memory" and not rest:
        return MemoryRecorder(), _codec(settings)
    if scheme == "sqlite":
        codec = _codec(settings)
        return _sqlite(url, rest, read_only, create, clock), codec
    if scheme == "module" and rest:
        codec = _codec(settings)
        return _adopted(rest, settings), codec
    if scheme == "inherited":
        return _declared(url, rest).open_journal(read_only, settings)
    raise BadUrl(
        url,
        "the schemes are memory:, sqlite:///file, module:a.python.module and"
        " inherited:a.python.module:name",
    )


def _sqlite(url: str, rest: str, read_only: bool, create: bool, clock: Clock) -> Journal:
    path = unquote(rest.removeprefix("///"))
    if not rest.startswith("///") or not path:
        raise BadUrl(url, "a file is written sqlite:///relative.db or sqlite:////absolute.db")
    return SqliteRecorder.open(path, read_only=read_only, create=create, holder=this_process(clock))


def _adopted(module: str, settings: Mapping[str, str]) -> Journal:
    asked = {"ORIGINATOR_ID_TYPE": "text", **os.environ, **settings, "PERSISTENCE_MODULE": module}
    try:
        factory = InfrastructureFactory.construct(Environment(env=asked))
    except InfrastructureFactoryError as error:
        raise BadUrl(f"module:{module}", str(error)) from error
    return AdoptedJournal(factory.application_recorder(), f"module:{module}", factory.close)


def _declared(url: str, rest: str) -> Inherited:
    """The value that a module of the user's holds under a name."""
    module, _, name = rest.partition(":")
    try:
        found = getattr(importlib.import_module(module), name, None)
    except (ImportError, ValueError) as error:
        raise BadUrl(url, str(error)) from error
    if not isinstance(found, Inherited):
        raise BadUrl(url, f"{module} has no Inherited of the name {name!r}")
    return found


def _codec(settings: Mapping[str, str]) -> Codec:
    asked = {**os.environ, **settings, "PERSISTENCE_MODULE": "eventsourcing.popo"}
    return Codec.of(InfrastructureFactory.construct(Environment(env=asked)))
