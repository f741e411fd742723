"""Which kinds of actor are known: those of the house, and those of a user's own module.

A behaviour of the user's takes the place of one of the house of the same kind.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from ..actors.behaviour import Behaviour
from ..actors.channel import channel
from ..actors.letters import behaviour as letters
from ..actors.reactions import behaviour as reactions
from ..actors.workflow import workflow
from ..events.address import kind
from .errors import BadModule, KindNotGiven

OURS = (workflow, channel, letters, reactions)


class Kinds:
    """The behaviours by the kind of address that they stand for."""

    def __init__(self, *behaviours: Behaviour) -> None:
        self._by_kind = {each.kind: each for each in (*OURS, *behaviours)}

    @classmethod
    def of(cls, modules: Sequence[str] | None) -> Kinds:
        """Those of the house and of modules given by dotted name or by file.

        Raises `BadModule`; what the module itself raises passes through.
        """
        found: dict[str, Behaviour] = {}
        for name in modules or ():
            for each in _behaviours(name):
                if found.setdefault(each.kind, each) is not each:
                    raise BadModule(name, f"there is a second behaviour for {each.kind!r}")
        return cls(*found.values())

    @property
    def behaviours(self) -> tuple[Behaviour, ...]:
        """All of them."""
        return tuple(self._by_kind.values())

    def initial(self, address: str) -> Any:
        """The state that an address began from; `KindNotGiven` where nobody knows."""
        wanted = kind(address)
        try:
            return self._by_kind[wanted].initial
        except KeyError:
            raise KindNotGiven(address, wanted, tuple(self._by_kind)) from None


def _behaviours(name: str) -> list[Behaviour]:
    module = _from_file(Path(name)) if _names_a_file(name) else _from_path(name)
    found = [each for each in vars(module).values() if isinstance(each, Behaviour)]
    if not found:
        raise BadModule(name, "there is no Behaviour in it")
    return list({id(each): each for each in found}.values())


def _names_a_file(name: str) -> bool:
    return name.endswith(".py") or os.sep in name


def _from_path(name: str) -> ModuleType:
    """Import by dotted name, from the present folder too."""
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError, ValueError) as error:
        raise BadModule(name, str(error)) from error


def _from_file(path: Path) -> ModuleType:
    """Import a file under its own name; what stands beside it can be imported by it."""
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) == str(path.resolve()):
        return known
    name = f"{path.stem}_given" if known is not None else path.stem
    specification = importlib.util.spec_from_file_location(name, path.resolve())
    if specification is None or specification.loader is None:
        raise BadModule(str(path), "it is no Python file")
    module = importlib.util.module_from_spec(specification)
    if str(path.resolve().parent) not in sys.path:
        sys.path.insert(0, str(path.resolve().parent))
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except (ImportError, OSError, SyntaxError) as error:
        del sys.modules[name]
        raise BadModule(str(path), str(error)) from error
    return module
