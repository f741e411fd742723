"""A side in a process of its own: for what counts memory, or leaves thousands of threads behind.

`python -m benchmarks.fresh MODULE FUNCTION FOLDER COUNT` calls the function with the folder and the
count, and prints what it returns as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

HOUSE = Path(__file__).resolve().parents[1]


def call(module: str, function: str, folder: Path, count: int) -> dict[str, Any]:
    """Call a function in a new process and give what it returned."""
    command = [sys.executable, "-m", "benchmarks.fresh", module, function, str(folder), str(count)]
    done = subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def resident_bytes() -> int:
    """The memory of this process that is in RAM (RSS)."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Call, print, and leave at once: nobody waits for ten thousand threads to end."""
    module, function, folder, count = sys.argv[1:]
    work = getattr(importlib.import_module(module), function)
    print(json.dumps(work(Path(folder), int(count))), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
