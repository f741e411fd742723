"""Ctrl-C at every single line of a catch-up on the caller's thread: each event still counts once.

A `KeyboardInterrupt` is raised at the n-th line that runs in the projections' floor, in the file of
a view, or in the projection itself, for every n there is; but not in what SQLite calls in the
middle of a statement: there it takes an exception for a no.
"""

from __future__ import annotations

from pathlib import Path
from types import FrameType

import pytest

from retold import Log
from retold.events import Append, side_file
from retold.projections import runner as some_file_of_the_floor
from retold.projections.projection import AnyProjection
from retold.projections.runner import Projections
from retold.projections.stored_view import _allowed

from ..interrupts import CtrlC
from . import tills
from .tills import Paid, in_memory, seen, stored

FLOOR = str(Path(some_file_of_the_floor.__file__).parent)
ALSO = (side_file.__file__, tills.__file__)


def strikes(frame: FrameType) -> bool:
    """Whether it is of the projections' floor, of a view's file, or of the projection itself."""
    file = frame.f_code.co_filename
    return (file.startswith(FLOOR) or file in ALSO) and frame.f_code is not _allowed.__code__


@pytest.mark.parametrize("projection", [in_memory(), stored()], ids=["memory", "stored"])
def test_an_interrupt_at_any_line_counts_each_event_once(
    tmp_path: Path, projection: AnyProjection
) -> None:
    """Caught up again afterwards, the view is what the events add up to, wherever it struck."""
    hit = set[str]()
    with Log.open("memory:") as log:
        write(log, 3)
        number = 0
        while True:
            number += 1
            folder = tmp_path / str(number)
            with Projections(log, projection, folder=folder, threads=False) as views:
                running = views[projection.name]
                ctrl_c = CtrlC(number, strikes)
                try:
                    with ctrl_c:
                        views.catch_up()
                except KeyboardInterrupt:
                    hit.add(ctrl_c.where.split(" in ")[-1])
                views.catch_up()
                assert (running.status, running.failure) == ("running", None), ctrl_c.where
                with running.view() as view:
                    assert seen(view) == {"till/a": (3, 6)}, ctrl_c.where
                assert (running.position, running.events) == (3, 3), ctrl_c.where
            if not ctrl_c.where:
                break
    assert {"catch_up", "_take", "_apply", "take", "apply"} <= hit


def write(log: Log, count: int) -> None:
    """So many payments, of 1, 2, 3 …"""
    log.append(Append("till/a", 0, tuple(Paid(amount) for amount in range(1, count + 1))))
