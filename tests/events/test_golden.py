"""Golden files: written once, never changed, and what differs from one is told by its name."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from retold import event
from retold.events.errors import GoldenDiffers, Unstorable
from retold.events.golden import check_golden, golden, told
from retold.events.upcast import upcast

from .things import Bolt, Gathered, Part, SetUp, ToldApart

Change = Callable[[dict[str, Any]], Any]


@event("gilded.made.v1")
class Made:
    """An event that stays as it is."""

    size: Decimal
    parts: tuple[Part, ...] = ()


EXAMPLES = Made(Decimal("1.50")), Made(Decimal(0), (Part("a", (1, 2)), Part("b")))


def test_a_file_is_written_once(tmp_path: Path) -> None:
    """For each class that has none, in a folder that need not be there, and left alone then."""
    folder = tmp_path / "deep" / "golden"
    assert golden(folder, *EXAMPLES) == [folder / "gilded.made.v1.json"]
    before = (folder / "gilded.made.v1.json").read_bytes()
    assert golden(folder, *EXAMPLES, Made(Decimal(7))) == []
    assert [path.read_bytes() for path in folder.iterdir()] == [before]


def test_a_file_holds_rows_and_what_they_say(tmp_path: Path) -> None:
    """The rows as a log stores them, every second with a whole envelope."""
    (path,) = golden(tmp_path, *EXAMPLES)
    content = json.loads(path.read_text())
    bare, full = (json.loads(each["row"]) for each in content["examples"])
    assert bare == {
        "recorded_at": "2026-01-02T03:04:05.678900Z",
        "by": "somebody",
        "data": {"size": "1.50", "parts": []},
    }
    assert set(full) == {*bare, "why", "cause", "happened_at"}
    assert [each["reads"] for each in content["examples"]] == [
        {"size": {"Decimal": "1.50"}, "parts": {"tuple": []}},
        {
            "size": {"Decimal": "0"},
            "parts": {
                "tuple": [
                    {"label": "a", "sizes": {"tuple": [1, 2]}},
                    {"label": "b", "sizes": {"tuple": []}},
                ]
            },
        },
    ]


def rewrite(path: Path, change: Change) -> None:
    """Change a golden file, as nobody should."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def other_row(content: dict[str, Any]) -> None:
    """Its row is of a shape that the class does not have."""
    content["examples"][0]["row"] = content["examples"][0]["row"].replace('"size"', '"width"')


def more_row(content: dict[str, Any]) -> None:
    """Its row lacks a field that has a default: as before that was added."""
    content["examples"][0]["row"] = content["examples"][0]["row"].replace('"parts":[],', "")


def other_value(content: dict[str, Any]) -> None:
    """It says another value."""
    content["examples"][0]["reads"]["size"] = {"Decimal": "1.5"}


def other_type(content: dict[str, Any]) -> None:
    """It says another type: as before the field was a Decimal."""
    content["examples"][0]["reads"]["size"] = "1.50"


def other_name(content: dict[str, Any]) -> None:
    """It is the file of another event."""
    content["name"] = "gilded.sold.v1"


def other_key(content: dict[str, Any]) -> None:
    """It has a key that no golden file has."""
    content["more"] = 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_row, "required field `size`"),
        (more_row, "was written, and is now"),
        (other_value, "was read as .*1.5.*is now as .*1.50"),
        (other_type, "was read as"),
        (other_name, r"the file of gilded\.sold\.v1, under another name"),
        (other_key, "no golden file"),
        (lambda content: content["examples"].clear(), "no example"),
    ],
)
def test_what_differs_is_told(tmp_path: Path, change: Change, words: str) -> None:
    """With the file, what it says, and what the code does; and the file stays as it was."""
    (path,) = golden(tmp_path, *EXAMPLES)
    rewrite(path, change)
    before = path.read_bytes()
    for check in (check_golden, lambda folder: golden(folder, *EXAMPLES)):
        with pytest.raises(GoldenDiffers, match=words) as caught:
            check(tmp_path)
        assert caught.value.path == path
    assert path.read_bytes() == before


def test_a_class_without_a_file_is_told(tmp_path: Path) -> None:
    """By the name of the file that is missing."""
    with pytest.raises(GoldenDiffers, match=r"gilded\.made\.v1\.json: it is missing.* Made"):
        check_golden(tmp_path, Made)
    golden(tmp_path, *EXAMPLES)
    check_golden(tmp_path, Made)


def test_a_file_that_nobody_reads_any_more_is_told(tmp_path: Path) -> None:
    """Its class went, and no upcaster came."""
    (path,) = golden(tmp_path, *EXAMPLES)
    gone = tmp_path / "gilded.gone.v1.json"
    gone.write_text(path.read_text().replace("gilded.made", "gilded.gone"))
    with pytest.raises(GoldenDiffers, match="neither a class nor an upcaster"):
        check_golden(tmp_path)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A name that is spelt wrongly is not a folder in which all is well."""
    with pytest.raises(GoldenDiffers, match="no such folder"):
        check_golden(tmp_path / "goldn")


def test_a_new_version_without_a_file_is_told(tmp_path: Path) -> None:
    """Also one that nobody gives examples of, beside an older one that is still stored."""

    @event("gilded.numbered.v1")
    class Numbered:
        number: int

    golden(tmp_path, Numbered(1))

    @event("gilded.numbered.v2")
    class Counted:
        count: int

    with pytest.raises(GoldenDiffers, match=r"numbered\.v2\.json: it is missing.* Counted"):
        golden(tmp_path, Numbered(1))
    assert [path.stem for path in golden(tmp_path, Counted(1))] == ["gilded.numbered.v2"]
    (tmp_path / "gilded.numbered.v1.json").unlink()
    with pytest.raises(GoldenDiffers, match=r"numbered\.v1\.json: it is missing.* Numbered"):
        check_golden(tmp_path)


def test_what_is_no_event_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    """Also where the examples before it are good."""
    for wrong in ("text", Made(Decimal("nan")), Part("a")):
        with pytest.raises(Unstorable):
            golden(tmp_path, *EXAMPLES, wrong)
    assert list(tmp_path.iterdir()) == []


def second_version() -> type:
    """A version that follows `gilded.stretched.v1`, and what leads to it."""

    @event("gilded.stretched.v2")
    class Widened:
        by: str

    @upcast("gilded.stretched.v1")
    def second(data: dict[str, Any]) -> dict[str, Any]:
        return {"by": str(data["by"])}

    return Widened


def third_version(joined: str) -> type:
    """One more."""

    @event("gilded.stretched.v3")
    class Doubled:
        by: list[str]

    @upcast("gilded.stretched.v2")
    def third(data: dict[str, Any]) -> dict[str, Any]:
        return {"by": [data["by"], joined]}

    return Doubled


def test_files_hold_when_newer_versions_come(tmp_path: Path) -> None:
    """The file of a version says what all older ones become; there must be one of the newest."""

    @event("gilded.stretched.v1")
    class Stretched:
        by: int

    golden(tmp_path, Stretched(1), Stretched(2))
    widened = second_version()
    with pytest.raises(GoldenDiffers, match=r"stretched\.v2 now, which has no golden file"):
        check_golden(tmp_path)
    assert [path.stem for path in golden(tmp_path, widened("x"))] == ["gilded.stretched.v2"]
    doubled = third_version("+")
    (path,) = golden(tmp_path, doubled(["x"]))
    upcasted = json.loads(path.read_text())["upcast"]
    assert [(each["from"][-2:], each["gives"]) for each in upcasted] == [
        ("v1", {"by": ["1", "+"]}),
        ("v1", {"by": ["2", "+"]}),
        ("v2", {"by": ["x", "+"]}),
    ]
    check_golden(tmp_path, doubled)
    third_version("-")
    with pytest.raises(GoldenDiffers, match=r"v3\.json: .*retched\.v1 was upcast to .*\+.* is now"):
        check_golden(tmp_path)
    third_version("+")
    first = tmp_path / "gilded.stretched.v1.json"
    kept = first.read_bytes()
    first.unlink()
    with pytest.raises(GoldenDiffers, match=r"v2\.json: the file of gilded\.stretched\.v1 is gone"):
        check_golden(tmp_path)
    first.write_bytes(kept)
    rewrite(path, lambda content: content["upcast"].pop(0))
    with pytest.raises(GoldenDiffers, match=r"v1\.json: the file of gilded\.stretched\.v3 does"):
        check_golden(tmp_path)


def test_every_type_is_told_apart() -> None:
    """Values that JSON spells alike are not alike."""
    identity, moment = UUID(int=7), dt.datetime(2026, 1, 2, tzinfo=dt.UTC)
    day, hour, span = dt.date(2026, 1, 2), dt.time(1, 2), dt.timedelta(seconds=5)
    assert told(ToldApart(b"\x00", Decimal("1.0"), identity, moment, day, hour, span)) == {
        "raw": {"bytes": "AA=="},
        "number": {"Decimal": "1.0"},
        "identity": {"UUID": str(identity)},
        "moment": {"datetime": "2026-01-02T00:00:00Z"},
        "day": {"date": "2026-01-02"},
        "hour": {"time": "01:02:00"},
        "span": {"timedelta": "PT5S"},
    }
    gathered = Gathered((1, "a", b""), (Decimal(1),), [[]], {1: b""}, {"a": (1,)}, {})
    assert told(gathered) == {
        "fixed": {"tuple": [1, "a", {"bytes": ""}]},
        "many": {"tuple": [{"Decimal": "1"}]},
        "rows": [[]],
        "by_number": {"dict": [[1, {"bytes": ""}]]},
        "by_text": {"a": {"tuple": [1]}},
        "by_identity": {},
    }
    assert told(SetUp(frozenset("ba"), frozenset(), {}))["names"] == {"frozenset": ["a", "b"]}
    assert told(Bolt(1)) == {"width": 1, "type": "hex"}
