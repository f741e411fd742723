"""Which code a fingerprint follows, and what stands for the code that it does not."""

from __future__ import annotations

import importlib.metadata
import sys
from collections.abc import Iterable

PYTHON = str(sys.implementation.cache_tag)
"""The Python that runs; each has a bytecode of its own."""

_BUILT_ON = frozenset({"attr", "attrs", "cattrs", "eventsourcing", "msgspec", "pykka"})
"""Packages that are known by their version wherever they are installed."""

_INSTALLED = ("site-packages", "dist-packages")


class Packages:
    """Says which packages are followed: those of some modules, and whatever is not installed."""

    def __init__(self, near: Iterable[str]) -> None:
        self._near = frozenset(_top(module) for module in near)
        self._known: dict[str, tuple[bool, str]] = {}

    def followed(self, module: str) -> bool:
        """Whether the code of a module counts, rather than the version of its package."""
        return self._about(_top(module))[0]

    def version(self, module: str) -> str:
        """The version of a module's package; empty for one that is followed or has none."""
        return self._about(_top(module))[1]

    def _about(self, package: str) -> tuple[bool, str]:
        known = self._known.get(package)
        if known is None:
            followed = package in self._near or not _foreign(package)
            known = self._known[package] = followed, "" if followed else _version(package)
        return known


def _top(module: str) -> str:
    return module.partition(".")[0]


def _foreign(package: str) -> bool:
    if package in sys.stdlib_module_names or package in _BUILT_ON:
        return True
    module = sys.modules.get(package)
    places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
    return any(folder in str(place) for place in places for folder in _INSTALLED)


def _version(package: str) -> str:
    if package in sys.stdlib_module_names:
        return PYTHON
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return str(getattr(sys.modules.get(package), "__version__", ""))
