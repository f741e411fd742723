"""A process that does as it is told, line by line; and what a forked child of it is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from retold.events.errors import UsedAfterFork

from .process import HOUSE


class Puppet:
    """A module of this folder, run over the log at `path`; it does not outlive its block."""

    def __init__(self, module: str, path: Path) -> None:
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"tests.durability.{module}", str(path)],
            cwd=HOUSE, stdin=pipe, stdout=pipe, stderr=pipe, text=True,
        )  # fmt: skip

    def do(self, *words: str) -> str:
        """Say a line and hear the answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(*words, file=self.process.stdin, flush=True)
        return self.process.stdout.readline().strip()

    def end(self) -> tuple[int, str]:
        """Wait for its end; its status and what it wrote to standard error."""
        _, errors = self.process.communicate()
        return self.process.returncode, errors

    def kill_after(self, seconds: float) -> None:
        """SIGKILL once so much time went by."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.communicate()


def refused(use: Callable[[], Any]) -> None:
    """What the parent opened cannot be used in the child, and says so at once."""
    try:
        found = use()
    except UsedAfterFork:
        return
    raise AssertionError(f"{use} gave {found!r}")
