"""Which kinds of actor are known: those of the house, and those of a user's own module.

A behaviour of the user's takes the place of one of the house of the same kind, and a projection
that of one of the same name.
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
from ..events.names import wire_name
from ..events.upcast import UPCASTERS
from ..projections.projection import AnyProjection, Projection, StoredProjection
from ..projections.standard import STANDARD
from .errors import BadModule, KindNotGiven, ProjectionNotGiven

OURS = (workflow, channel, letters, reactions)


class Kinds:
    """The behaviours by the kind of address that they stand for, and the projections by name."""

    def __init__(self, *behaviours: Behaviour, projections: Sequence[AnyProjection] = ()) -> None:
        self._by_kind = {each.kind: each for each in (*OURS, *behaviours)}
        self.projections = {each.name: each for each in (*STANDARD, *projections)}

    @classmethod
    def of(cls, modules: Sequence[str] | None) -> Kinds:
        """Those of the house and of modules given by dotted name or by file.

        Raises `BadModule`; what the module itself raises passes through.
        """
        behaviours: dict[str, Behaviour] = {}
        projections: dict[str, AnyProjection] = {}
        for name in modules or ():
            found = list(vars(_module(name)).values())
            kinds = [each for each in found if isinstance(each, Behaviour)]
            views = [each for each in found if isinstance(each, Projection | StoredProjection)]
            if not kinds and not views and not any(map(_is_registered, found)):
                raise BadModule(name, "there is no Behaviour, event, upcaster or projection in it")
            for kind_of in kinds:
                if behaviours.setdefault(kind_of.kind, kind_of) is not kind_of:
                    raise BadModule(name, f"there is a second behaviour for {kind_of.kind!r}")
            for view in views:
                if projections.setdefault(view.name, view) is not view:
                    raise BadModule(name, f"there is a second projection {view.name!r}")
        return cls(*behaviours.values(), projections=tuple(projections.values()))

    @property
    def behaviours(self) -> tuple[Behaviour, ...]:
        """All of them."""
        return tuple(self._by_kind.values())

    def initial(self, address: str) -> Any:
        """The state that an address began from; `KindNotGiven` for an unknown kind."""
        wanted = kind(address)
        try:
            return self._by_kind[wanted].initial
        except KeyError:
            raise KindNotGiven(address, wanted, tuple(self._by_kind)) from None

    def projection(self, name: str) -> AnyProjection:
        """The projection of a name; `ProjectionNotGiven` where nobody knows it."""
        try:
            return self.projections[name]
        except KeyError:
            raise ProjectionNotGiven(name, tuple(self.projections)) from None


def _is_registered(value: Any) -> bool:
    """Whether it is an event class or an upcaster: by its import alone more can be read."""
    if isinstance(value, type):
        return wire_name(value) is not None
    return any(value is each.function for each in UPCASTERS.values())


def _module(name: str) -> ModuleType:
    try:
        return _from_file(Path(name)) if _names_a_file(name) else _from_path(name)
    except KeyboardInterrupt:
        raise  # a signal, which is a SystemExit too
    except SystemExit as error:
        reason = "it ends the program as it is imported; let that be only if __name__ is '__main__'"
        raise BadModule(name, reason) from error


def _names_a_file(name: str) -> bool:
    return name.endswith(".py") or os.sep in name


def _from_path(name: str) -> ModuleType:
    """Import by dotted name, from the present folder too."""
    if name.startswith("."):
        raise BadModule(name, "a dotted name begins with that of a module or package")
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
