"""The parent's end of a writer: what it was told, and the end of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from .ledger import Deed
from .model import Answer

HOUSE = Path(__file__).resolve().parents[2]
PATIENCE = 40.0
"""Seconds after which a writer that should have said something is held to hang."""


class Listener(Protocol):
    """Somebody who takes what writers say."""

    def take(self, line: list[Any]) -> None:
        """One line of a writer."""
        ...


class History:
    """What was asked and what was answered, over all writers of one file."""

    def __init__(self) -> None:
        self.asked: dict[str, Deed] = {}
        self.answers: dict[str, Answer] = {}
        self.refused: set[str] = set()

    def take(self, line: list[Any]) -> None:
        """One line of a writer."""
        match line:
            case ["asked", key, to, what, argument]:
                self.asked[key] = Deed(key, to, what, argument)
            case ["answered", key, version, position, events, balance]:
                assert key not in self.answers
                self.answers[key] = Answer(version, position, events, balance)
            case ["refused", key]:
                self.refused.add(key)


WHERE = signal.SIGUSR1
"""At this signal a writer says on its standard error where its threads are."""


class Writer:
    """A writer process. What it says goes into a history as it comes."""

    def __init__(
        self,
        path: Path,
        history: Listener,
        run: str,
        mode: str,
        families: int = 3,
        threads: int = 2,
        outstanding: int = 20,
        program: str = "tests.durability.writer",
    ) -> None:
        settings = (path, run, mode, families, threads, outstanding)
        self._history = history
        self._said: Counter[str] = Counter()
        self._news = threading.Condition()
        self._process = subprocess.Popen(
            [sys.executable, "-m", program, *map(str, settings)],
            cwd=HOUSE,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        self._errors: list[str] = []
        self._readers = [
            threading.Thread(target=self._listen), threading.Thread(target=self._read_errors)
        ]  # fmt: skip
        for reader in self._readers:
            reader.start()

    @property
    def pid(self) -> int:
        """The number of the process."""
        return self._process.pid

    def said(self, word: str) -> int:
        """How many lines began with a word."""
        return self._said[word]

    def await_lines(self, word: str, count: int, patience: float = PATIENCE) -> None:
        """Wait until so many lines began with a word, or the writer ended."""
        with self._news:
            done = self._news.wait_for(
                lambda: self._said[word] >= count or self._said["(end)"], patience
            )
        if not done:
            raise AssertionError(f"no {word} within {patience} s; {self._last_words()}")

    def _last_words(self) -> str:
        """Kill it, and say what it said, and where its threads are."""
        self.signal(WHERE)
        self.kill_after(1.0)
        return f"it said {dict(self._said)}\n{''.join(self._errors)}"

    def write_line(self) -> None:
        """A line into its standard input, if it still runs."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write("\n")
            self._process.stdin.flush()

    def interrupt(self) -> None:
        """Ctrl-C, if it still runs."""
        self.signal(signal.SIGINT)

    def signal(self, number: int) -> None:
        """Any signal, if it still runs."""
        self._process.send_signal(number)

    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill_after(self, seconds: float) -> None:
        """Kill it when so much time went by, wherever it is."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, and wait until all it said was heard."""
        self._process.kill()
        self.end()

    def end(self) -> tuple[int, str]:
        """Wait for its end; its status and what it wrote to standard error."""
        try:
            status = self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it hangs; {self._last_words()}") from None
        finally:
            for reader in self._readers:
                reader.join()
            for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
                assert pipe is not None
                with suppress(BrokenPipeError):
                    pipe.close()
        return status, "".join(self._errors)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self.end()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for text in self._process.stdout:
            line = json.loads(text)
            with self._news:
                self._history.take(line)
                self._said[line[0]] += 1
                self._news.notify_all()
        with self._news:
            self._said["(end)"] += 1
            self._news.notify_all()

    def _read_errors(self) -> None:
        assert self._process.stderr is not None
        self._errors.extend(self._process.stderr)
