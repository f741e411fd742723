"""A smoke run of every benchmark: the shape of what it writes, and that it counts what is on disk.

Nothing is asserted about speed: that is for a quiet machine and `make bench`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HOUSE = Path(__file__).resolve().parents[2]
NAMES = [
    "durable_many",
    "durable_many_followed",
    "durable_hot",
    "durable_single",
    "follow_latency",
    "project",
    "project_stored",
    "replay",
    "recover",
    "open_large",
    "live_actors",
    "actor_memory",
    "log_size",
    "history",
    "time_travel",
    "saga",
    "sim_messages",
    "sim_messages_latency",
]
STORED_BY_BOTH = [
    "durable_many",
    "durable_many_followed",
    "durable_hot",
    "durable_single",
    "project",
    "project_stored",
    "replay",
    "recover",
    "open_large",
    "log_size",
    "history",
    "time_travel",
    "saga",
]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What a smoke run of everything writes, by name."""
    out = tmp_path_factory.mktemp("bench") / "results.json"
    done = _benchmarks("--quick", "--out", str(out))
    assert done.returncode == 0, done.stderr
    written = json.loads(out.read_text())
    assert [row["name"] for row in written] == NAMES
    return {row["name"]: row for row in written}


def test_every_row_has_a_peer_of_the_same_run(results: dict[str, dict[str, Any]]) -> None:
    """Each result names its peer and gives both values and their ratio."""
    for row in results.values():
        assert row["value"] > 0
        assert row["peer_value"] > 0
        assert row["ratio"] == pytest.approx(row["value"] / row["peer_value"])
        assert row["spread"][0] <= row["ratio"] <= row["spread"][1]
        assert row["unit"]
        assert row["peer"]


def test_what_was_asked_for_is_on_disk(results: dict[str, dict[str, Any]]) -> None:
    """Plain sqlite3 counts in every file exactly the rows that were asked for."""
    for name, row in results.items():
        counted = row["rows"]
        assert counted["ours_found"] == counted["ours_asked"] > 0
        assert (name in STORED_BY_BOTH) == (counted["peer_asked"] is not None)
        assert counted["peer_found"] == counted["peer_asked"]


@pytest.mark.parametrize("name", ["durable_many", "durable_hot", "durable_single", "saga"])
def test_both_sides_are_equally_durable(name: str, results: dict[str, dict[str, Any]]) -> None:
    """Where durable writes are compared, both writers say FULL and WAL of themselves."""
    full = {"journal_mode": "wal", "synchronous": "FULL"}
    assert results[name]["pragmas"] == {"ours": full, "peer": full}


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    """An unknown benchmark is an error that lists the known ones, and nothing is written."""
    done = _benchmarks("durable_few", "--out", str(tmp_path / "results.json"))
    assert done.returncode != 0
    assert "durable_many" in done.stderr
    assert list(tmp_path.iterdir()) == []


def _benchmarks(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=HOUSE, capture_output=True, text=True, check=False)
