"""A view that was made from another log than the one it stands beside is made anew, and says so."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pytest

from retold import Log
from retold.events import Append
from retold.projections.errors import ForeignView
from retold.projections.runner import Projections

from .tills import PATIENCE, Paid, expected, fill, in_file, seen, stored


@pytest.mark.parametrize("grown", [0, 300, 5_000])
def test_a_view_of_another_log_is_made_anew(
    url: str, log: Log, tmp_path: Path, grown: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Another log under the same name, shorter or longer: what was made of the first is no place
    in it, and whoever waits gets what he waits for."""
    with Projections(log, stored()) as projections:
        projections.wait("stored", 2_600, PATIENCE)
    log.close()
    (tmp_path / "log.db").unlink()
    with Log.open(url) as other:
        fill(other, grown)
        with caplog.at_level(logging.WARNING, "retold"), Projections(other, stored()) as again:
            again.wait("stored", grown, PATIENCE)
            again.catch_up()
            with again.view("stored") as view:
                assert seen(view) == expected(grown)
            assert again["stored"].status == "running"
        assert "another log" in caplog.text
    assert in_file(tmp_path / "log.db-views" / "stored.db") == (expected(grown), grown, "")


@pytest.mark.parametrize("grown", [1_001, 2_500, 2_600, 4_000])
def test_a_log_that_was_put_back_and_went_on_is_another(
    url: str, tmp_path: Path, grown: int
) -> None:
    """Shorter or longer than the view by then: no event of the lost future stays in it."""
    path = tmp_path / "log.db"
    with Log.open(url) as log:
        fill(log, 1_000)
    shutil.copyfile(path, tmp_path / "backup.db")
    with Log.open(url) as log, Projections(log, stored(), threads=False) as projections:
        fill(log, 2_600, 1_000)
        projections.catch_up()
    shutil.copyfile(tmp_path / "backup.db", path)
    with Log.open(url) as log:
        log.append(Append("till/x", 0, (Paid(1),) * (grown - 1_000)))
        with Projections(log, stored()) as projections:
            projections.wait("stored", grown, PATIENCE)
            with projections.view("stored") as view:
                tills = seen(view)
    assert tills.pop("till/x", (0, 0)) == (grown - 1_000, grown - 1_000)
    assert tills == expected(1_000)


def test_without_threads_a_foreign_view_waits_for_whoever_catches_up(url: str, log: Log) -> None:
    """It says what is wrong with it until then."""
    with Projections(log, stored(), threads=False) as projections:
        projections.catch_up()
    log.close()
    Path(url.removeprefix("sqlite:///")).unlink()
    with Log.open(url) as other, Projections(other, stored(), threads=False) as projections:
        running = projections["stored"]
        assert running.status == "outdated"
        assert isinstance(running.failure, ForeignView)
        projections.catch_up()
        assert (running.status, running.failure, running.position) == ("running", None, 0)
