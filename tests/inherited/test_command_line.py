"""The command line reads an inherited database by the name of its value."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from string import Template
from uuid import UUID

from . import bank

MODULE = """
from retold import Behaviour, event, state
from retold.events.inherited import Inherited, OldAggregate

@event("teller.opened.v1")
class Opened:
    owner: str
    since: str

@state
class Account:
    owner: str = ""
    def evolve(self, event):
        return Account(event.owner) if isinstance(event, Opened) else self

account = Behaviour("account", Account(), lambda *_: ())
HOME = $home
database = Inherited(
    [OldAggregate(f"{HOME}:Account", kind="account", events={
        "Opened": Opened,
        "Deposited": lambda old: Opened("somebody", str(old["amount"])),
        "Withdrawn": lambda old: Opened("nobody", str(old["amount"])),
    })],
    left_out=[f"{HOME}:Crate"],
    settings=$settings,
)
"""


def _retold(folder: Path, *arguments: str) -> tuple[int, str]:
    """The exit status and output of `retold`, as the installed command finds its modules."""
    command = [sys.executable, "-P", "-m", "retold.gateway", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_module_of_the_present_folder_is_found(
    tmp_path: Path, settings: dict[str, str], alice: UUID
) -> None:
    """The value is found beside the user, with or without naming its module a second time."""
    text = Template(MODULE).substitute(home=repr(bank.__name__), settings=repr(settings))
    (tmp_path / "mine.py").write_text(text)
    db = ("--db", "inherited:mine:database")
    status, shown = _retold(tmp_path, "stats", *db)
    assert (status, "3   teller.opened.v1" in shown) == (0, True)
    status, shown = _retold(tmp_path, "show", f"account/{alice}", *db, "--module", "mine")
    assert status == 0
    assert "nobody" in shown
    assert _retold(tmp_path, "stats", "--db", "inherited:yours:database") == (
        1,
        "retold: 'inherited:yours:database' names no log: No module named 'yours'.\n",
    )
