"""What becomes of a commit whose outcome is open: who follows sees what is in the log, once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retold import Log
from retold.events import Append, ManualClock
from retold.events.codec import Codec
from retold.events.journal import Due, Row
from retold.events.recorders import MemoryRecorder
from retold.projections import Projection, Projections

from .test_follow import Counted

PLANS = st.lists(st.sampled_from(["stored", "lost answer", "lost"]), min_size=1, max_size=12)


class Doubtful(MemoryRecorder):
    """Stores as it is told beforehand: and answers, stores and does not answer, or neither."""

    plan = "stored"

    def write(self, rows: Sequence[Row], due: Sequence[Due] = ()) -> range:
        """As the plan says."""
        if self.plan == "lost":
            raise OSError("nothing was stored")
        positions = super().write(rows, due)
        if self.plan == "lost answer":
            raise OSError("it was stored, and nobody is told")
        return positions


@given(plans=PLANS)
def test_followers_and_views_see_what_is_in_the_log(plans: list[str]) -> None:
    """Whatever the writer was told of each commit: every row that is there comes once, in order."""
    journal = Doubtful()
    tally = Projection(name="tally", start=list, apply=lambda view, each: [*view, each.position])
    with (
        Log(journal, Codec(), ManualClock()) as log,
        Projections(log, tally, threads=False) as views,
    ):
        followers = log.follow(), log.follow(0, "thing"), log.subscribe("s")
        found: list[list[int]] = [[], [], []]
        there = 0
        for number, plan in enumerate(plans):
            journal.plan = plan
            events = tuple(Counted(each) for each in range(1 + number % 3))
            appended = Append(f"thing/{number}", 0, events)
            if plan == "stored":
                log.append(appended)
            else:
                with pytest.raises(OSError, match="stored"):
                    log.append(appended)
            there += 0 if plan == "lost" else len(events)
            for seen, follower in zip(found, followers, strict=True):
                while (batch := follower.read()) is not None:
                    seen += [each.position for each in batch.events]
            views.catch_up()
        assert found == [list(range(1, there + 1))] * 3
        with views.view("tally") as view:
            assert view == list(range(1, there + 1))
