"""A disk that fails when it is told to: a layer between SQLite and the operating system.

SQLite reaches every file through a table of functions, its VFS. This one is a copy of the default
with a few functions exchanged, so all that SQLite does in front of a failing disk is what it really
does. One point is one write, sync or truncation of a file.
"""

from __future__ import annotations

import _sqlite3
import ctypes
from ctypes import CFUNCTYPE, POINTER, Structure, addressof, c_char_p, c_int, c_int64, c_void_p
from typing import Any

from ..actors.faults import Plan

IOERR_READ, IOERR_WRITE, IOERR_SYNC, FULL, CANTOPEN = 266, 778, 1034, 13, 14
MAIN, READWRITE = 0x100, 0x2

OPEN = CFUNCTYPE(c_int, c_void_p, c_void_p, c_void_p, c_int, c_void_p)
MOVE = CFUNCTYPE(c_int, c_void_p, c_void_p, c_int, c_int64)
SYNC = CFUNCTYPE(c_int, c_void_p, c_int)
TRUNCATE = CFUNCTYPE(c_int, c_void_p, c_int64)


class Vfs(Structure):
    """`sqlite3_vfs`, of version 3."""

    _fields_ = [
        ("version", c_int), ("file_size", c_int), ("longest_path", c_int), ("next", c_void_p),
        ("name", c_char_p), ("data", c_void_p), ("open", c_void_p), ("others", c_void_p * 15),
    ]  # fmt: skip


class Methods(Structure):
    """`sqlite3_io_methods`, of version 3."""

    _fields_ = [
        ("version", c_int), ("close", c_void_p), ("read", c_void_p), ("write", c_void_p),
        ("truncate", c_void_p), ("sync", c_void_p), ("others", c_void_p * 13),
    ]  # fmt: skip


def sqlite() -> ctypes.CDLL | None:
    """The SQLite that Python uses; None where it is built in and out of reach."""
    library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))
    if not hasattr(library, "sqlite3_vfs_find"):
        return None
    library.sqlite3_vfs_find.restype = POINTER(Vfs)
    library.sqlite3_vfs_register.argtypes = (POINTER(Vfs), c_int)
    return library


class Disk:
    """The default VFS of this process from `insert` to `remove`, failing by its plan."""

    def __init__(self) -> None:
        self.plan = Plan()
        self._library = sqlite()
        assert self._library is not None
        self._real: Any = self._library.sqlite3_vfs_find(None)
        self._mine = Vfs.from_buffer_copy(self._real.contents)
        self._mine.name = b"failing"
        self._methods: dict[int, Methods] = {}
        self._kept: list[Any] = []
        real = OPEN(self._real.contents.open)
        self._mine.open = self._keep(OPEN(lambda *given: self._open(real, *given)))

    def insert(self) -> None:
        """Put it under every connection that is made from now on."""
        assert self._library is not None
        self._library.sqlite3_vfs_register(ctypes.byref(self._mine), 1)

    def remove(self) -> None:
        """New connections use the real one again. It has to be kept while any are open."""
        assert self._library is not None
        self._library.sqlite3_vfs_unregister(ctypes.byref(self._mine))
        self._library.sqlite3_vfs_register(self._real, 1)

    def _keep(self, function: Any) -> int | None:
        self._kept.append(function)
        return ctypes.cast(function, c_void_p).value

    def _open(self, real: Any, vfs: int, name: int, file: int, flags: int, out: int) -> int:
        if flags & MAIN and flags & READWRITE and self.plan.fails("reopen"):
            c_void_p.from_address(file).value = None
            return CANTOPEN
        code: int = real(vfs, name, file, flags, out)
        methods = c_void_p.from_address(file)
        if not code and methods.value:
            methods.value = addressof(self._failing(methods.value))
        return code

    def _failing(self, address: int) -> Methods:
        """A table of functions like the one at this address, that fail by the plan."""
        if address not in self._methods:
            real = Methods.from_address(address)
            made = self._methods[address] = Methods.from_buffer_copy(real)
            made.read = self._keep(MOVE(self._reading(MOVE(real.read))))
            made.write = self._keep(MOVE(self._writing(MOVE(real.write), IOERR_WRITE)))
            made.sync = self._keep(SYNC(self._writing(SYNC(real.sync), IOERR_SYNC)))
            made.truncate = self._keep(TRUNCATE(self._writing(TRUNCATE(real.truncate), IOERR_SYNC)))
        return self._methods[address]

    def _reading(self, real: Any) -> Any:
        return lambda *given: IOERR_READ if self.plan.fails("rows") else real(*given)

    def _writing(self, real: Any, error: int) -> Any:
        def write(*given: Any) -> int:
            match self.plan.use():
                case "":
                    return int(real(*given))
                case "after":
                    real(*given)
                case "full" if error == IOERR_WRITE:
                    return FULL  # a sync never says so, even where that is what it suffers from
            return error

        return write
