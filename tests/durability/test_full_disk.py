"""A full disk: askers are told, nothing is lost, and the same system goes on when there is room."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from retold import ActorSystem
from retold.events.log_errors import StorageFull

from ..actors.totals import add, totals

MUCH = "x" * 500


def limit_pages(system: ActorSystem, pages: int) -> None:
    """Let the file have so many pages and no more, as a disk that is full would."""
    journal: Any = system.log.journal
    journal.store.connections.write(
        lambda connection, _: connection.execute(f"PRAGMA max_page_count = {pages}")
    )


def test_a_full_disk_is_told_and_the_system_goes_on(tmp_path: Path) -> None:
    """What was answered is in the log, what was not is not; state and log agree all the while."""
    url, answered = f"sqlite:///{tmp_path}/log.db", 0
    with ActorSystem.open(url, totals) as system:
        ref = system.ref("total/a")
        limit_pages(system, 40)
        with contextlib.suppress(StorageFull):
            while True:
                answered = ref.ask(add(1), why=MUCH).state.total
        with pytest.raises(StorageFull):
            ref.ask(add(1), why=MUCH)
        assert system.log.version("total/a") == answered > 0
        limit_pages(system, 100_000)
        assert ref.ask(add(1), why=MUCH).state.total == answered + 1
    with ActorSystem.open(url, totals) as system:
        assert system.ref("total/a").ask(add(1)).version == answered + 2
