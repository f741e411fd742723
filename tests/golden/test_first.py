"""The log that is kept for ever opens, and comes to the states that it had when it was written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import msgspec

from retold import Log, retell
from retold.actors.channel import channel
from retold.actors.workflow import workflow
from retold.events.address import kind

from . import first

HERE = Path(__file__).parent


def test_the_first_log_retells_to_the_states_it_had(tmp_path: Path) -> None:
    """Every actor of the kept file has the version and the state that were live then."""
    shutil.copyfile(HERE / "first.db", tmp_path / "first.db")
    behaviours = {each.kind: each for each in (first.account, first.move, workflow, channel)}
    expected = json.loads((HERE / "first.json").read_text())
    with Log.open(f"sqlite:///{tmp_path / 'first.db'}", read_only=True) as log:
        found = {
            address: [
                version,
                msgspec.to_builtins(retell(log, address, behaviour=behaviours[kind(address)])),
            ]
            for address, version in log.addresses()
        }
    assert found == expected


def test_what_wrote_it_would_write_the_same(tmp_path: Path) -> None:
    """The program that stands beside the file still comes to those states."""
    states = first.write(tmp_path / "again.db")
    assert json.loads(json.dumps(states)) == json.loads((HERE / "first.json").read_text())
