"""Ctrl-C at a line of one's choice, and once more while that is answered.

Lines of `with` and `try` are left out: there the interpreter raises no interrupt itself, so that a
lock and its block stay together.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, Self


class CtrlC:
    """Interrupts this thread at the n-th line that it runs in some files; `where` that was."""

    def __init__(self, number: int, strikes: Callable[[FrameType], bool]) -> None:
        self.number = number
        self.where = ""
        self._strikes = strikes

    def __enter__(self) -> Self:
        sys.settrace(self._trace)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)
        sys.setprofile(None)

    def _trace(self, frame: FrameType, what: str, _: Any) -> Any:
        if not self._strikes(frame):
            return None
        file = frame.f_code.co_filename
        begun = linecache.getline(file, frame.f_lineno).strip()
        if what == "line" and begun != "try:" and not begun.startswith("with "):
            self.number -= 1
            if not self.number:
                self.where = f"{Path(file).name}:{frame.f_lineno} in {frame.f_code.co_name}"
                sys.settrace(None)
                raise KeyboardInterrupt
        return self._trace


class CtrlCTwice(CtrlC):
    """Interrupts it again at the n-th call after that: as Python does, where one begins, and where
    one into C has returned."""

    def __init__(self, number: int, strikes: Callable[[FrameType], bool], *, after: int) -> None:
        super().__init__(number, strikes)
        self.after = after

    def _trace(self, frame: FrameType, what: str, _: Any) -> Any:
        try:
            return super()._trace(frame, what, _)
        except KeyboardInterrupt:
            sys.setprofile(self._profile)
            raise

    def _profile(self, frame: FrameType, what: str, _: Any) -> None:
        if what in ("call", "c_return") and self._strikes(frame):
            self.after -= 1
            if not self.after:
                self.where += f", again in {frame.f_code.co_name}"
                sys.setprofile(None)
                raise KeyboardInterrupt
