"""The demo: an approval lived through, closed, and told again from its file."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import attrs
import pytest

from retold.actors import ActorSystem
from retold.actors.channel import channel
from retold.actors.workflow import workflow
from retold.events import Log
from retold.gateway.approval import REVIEWS, Told, next_approval, tell
from retold.gateway.approval_retold import compare, rebuild, require_equal
from retold.gateway.demo import own_file, tell_again
from retold.gateway.errors import RetoldDiffers

from .calling import answered, plain_environment, refused, rows_of, start, write_csv

ROOT = "workflow/approval-1"


@pytest.fixture
def live(tmp_path: Path) -> tuple[str, Told]:
    """The URL of a log, and the approval that was lived through in it."""
    url = f"sqlite:///{tmp_path / 'approval.db'}"
    with ActorSystem.open(url, workflow, channel) as system:
        return url, tell(system, next_approval(system.log))


def test_what_is_rebuilt_is_what_was_live(live: tuple[str, Told]) -> None:
    """States, versions and the merged view come back from the file as they were answered."""
    url, told = live
    with Log.open(url, read_only=True) as log:
        again = rebuild(log, told.root)
    assert again == told
    assert (len(told.states), len(told.versions), len(told.entries)) == (5, 5, 14)
    require_equal(compare(told, again))


@pytest.mark.parametrize("part", ["states", "versions", "entries"])
def test_a_difference_is_named(live: tuple[str, Told], part: str) -> None:
    """Were anything rebuilt otherwise than it was live, the demo would fail and say what."""
    _, told = live
    other = attrs.evolve(told, **{part: getattr(told, part)[:-1]})
    compared = compare(told, other)
    assert [each.what for each in compared if not each.equal]
    with pytest.raises(RetoldDiffers):
        require_equal(compared)


@pytest.mark.parametrize("as_json", [True, False])
def test_a_difference_is_loud(
    live: tuple[str, Told], capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    """A demo that finds a difference shows it, and ends as an error; no next commands are given."""
    url, told = live
    entries = (*told.entries[:-1], attrs.evolve(told.entries[-1], text="something else"))
    with pytest.raises(RetoldDiffers, match="merged view"):
        tell_again(attrs.evolve(told, entries=entries), url, as_json=as_json)
    shown = capsys.readouterr().out
    assert ('"equal": false' if as_json else "NOT EQUAL") in shown
    assert "Try next" not in shown


def test_a_changed_file_is_noticed(live: tuple[str, Told], tmp_path: Path) -> None:
    """One event more in the file than was live is a difference."""
    url, told = live
    with ActorSystem.open(url, workflow, channel) as system:
        tell(system, told.root + "0")
        again = rebuild(system.log, told.root + "0")
    assert not all(each.equal for each in compare(told, again))


def test_one_fails_without_touching_the_others(live: tuple[str, Told]) -> None:
    """The failed review ends alone: the others are complete, merged, each under its own key."""
    _, told = live
    phases = {address: state.phase for address, _, state in told.states if address != told.root}
    assert sorted(phases.values()) == ["failed", "merged", "merged", "merged"]
    document = told.versions[-1].document
    merged = {"technical_review", "legal_review", "security_review"}
    assert merged | {"title", "budget", "stage", "decision"} == document.keys()
    for review in REVIEWS:
        if not review.error:
            kept = document[review.channel]
            assert kept["department"] == review.department
            assert all(kept[each.step] == each.facts for each in review.findings)
    assert document["decision"]["missing"] == ["business_review"]


def test_departments_review_side_by_side(live: tuple[str, Told]) -> None:
    """No department waits for another to end: their entries take turns in the log."""
    _, told = live
    channels = [each.channel for each in told.entries]
    assert channels[:4] == [each.channel for each in REVIEWS]
    assert channels[4:8] == channels[:4]
    positions = [each.position for each in told.entries]
    assert positions == sorted(positions)


def test_the_decision_has_author_and_reason(live: tuple[str, Told]) -> None:
    """The last version says who decided, and why."""
    last = live[1].versions[-1]
    assert (last.author, bool(last.reason), last.document["stage"]) == ("board", True, "decided")


def test_the_content_is_the_same_every_time(tmp_path: Path) -> None:
    """Two runs tell the same story in the same order; only times and ids differ."""
    for name in ("a.db", "b.db"):
        answered("demo", "--db", tmp_path / name)
    changing = ("happened_at", "recorded_at", "cause")
    one, two = (
        [
            {key: value for key, value in each.items() if key not in changing}
            for each in answered("log", "--json", "--db", tmp_path / name).json
        ]
        for name in ("a.db", "b.db")
    )
    assert one == two


def test_the_demo_runs_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --db it makes demo.db here, and run again it adds another approval to it."""
    monkeypatch.chdir(tmp_path)
    first, second = answered("demo", "--json").json, answered("demo", "--json").json
    assert (first["db"], second["db"]) == ("demo.db", "demo.db")
    assert (first["workflow"], second["workflow"]) == (ROOT, "workflow/approval-2")
    assert first["equal"]
    assert second["equal"]
    assert answered("replay", "--db", "demo.db", "--json").json["workflows"] == 2


@pytest.mark.parametrize("content", [b"my own notes", b""])
def test_somebody_elses_file_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """A demo.db that is not the demo's is neither written nor added to."""
    monkeypatch.chdir(tmp_path)
    mine = tmp_path / "demo.db"
    if content:
        mine.write_bytes(content)
    else:
        answered("import", write_csv(tmp_path / "log.csv", rows_of(2, 4)), "--db", mine)
    before = mine.read_bytes()
    assert own_file() == "demo-2.db"
    assert answered("demo", "--json").json["db"] == "demo-2.db"
    assert mine.read_bytes() == before


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """Where no file can be made, the demo says so in one line."""
    assert "cannot be written" in refused("demo", "--db", tmp_path / "no folder" / "demo.db")


def test_it_shows_what_it_promises(tmp_path: Path) -> None:
    """In a pipe it is plain text: the comparison, the whole timeline, the commands to try."""
    process = start("demo", "--db", tmp_path / "approval.db")
    out, err = process.communicate()
    assert (process.returncode, err) == (0, "")
    assert "\x1b" not in out
    assert out.count(" equal\n") == 4
    assert "failed: this quarter's costs are missing" in out
    timeline = out.split("what, and why\n")[1].split("\n\n")[0].splitlines()
    assert [int(line.split()[0]) for line in timeline] == list(range(1, 47))


def test_the_next_commands_run_as_printed(tmp_path: Path) -> None:
    """Every command that the demo prints can be typed as it stands, and ends well."""
    process = start("demo", "--db", "it's mine.db", cwd=tmp_path)
    out, _ = process.communicate()
    printed = out.split("Try next\n")[1].splitlines()
    assert len(printed) == 6
    for line in printed:
        done = subprocess.run(
            shlex.split(line), cwd=tmp_path, env=plain_environment(), capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, ""), line
        assert done.stdout
