"""The page of the house tells what stands: rooms, files, and the picture of a command's way."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from .tidy.source import FLOORS_BELOW

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text()
PICTURE = ROOT / "docs" / "way-of-a-command.svg"
CENTRED = ("name", "what", "file")
SIZES = {"name": 15, "file": 12, "thread": 12}
NARROWEST_BOX = 144
SVG = "{http://www.w3.org/2000/svg}"


def rooms_named() -> list[str]:
    """Every room of the tables under "Rooms", as a path; `folder/` says where the next ones are."""
    section = PAGE.partition("\n## Rooms\n")[2].partition("\n## ")[0]
    found, heading = [], ""
    for line in section.splitlines():
        cell = line.removeprefix("| ").partition(" |")[0]
        floor = folder = heading if line else ""
        for name in re.findall(r"`([\w/]+)`", cell):
            if not name.endswith("/"):
                found.append(f"{folder}/{name}.py")
            elif name[:-1] in FLOORS_BELOW:
                floor = folder = name[:-1]
            else:
                folder = f"{floor}/{name[:-1]}"
        heading = floor if not heading and line else heading if line else ""
    return found


def rooms_standing() -> set[str]:
    """Every module of the floors but the doors of folders."""
    return {
        path.relative_to(ROOT).as_posix()
        for floor in FLOORS_BELOW
        for path in (ROOT / floor).rglob("*.py")
        if not path.stem.startswith("__")
    }


def test_every_room_that_stands_is_named_and_no_other() -> None:
    """Who adds or removes a room says so on the page, once."""
    named = rooms_named()
    assert sorted(rooms_standing() - {*named}) == [], "rooms that the page does not name"
    assert sorted({*named} - rooms_standing()) == [], "rooms that are gone"
    assert len(named) == len({*named})


def test_every_file_that_is_named_is_there() -> None:
    """A path on the page leads to a file or folder."""
    paths = re.findall(r"`([\w.-]+/[\w./-]*|[\w.-]+\.(?:toml|md))`", PAGE)
    assert len(paths) > 20
    places = [ROOT, *(ROOT / floor for floor in FLOORS_BELOW)]
    assert [each for each in paths if not any((place / each).exists() for place in places)] == []


def test_the_table_of_floors_says_what_the_rule_says() -> None:
    """Which floor may import which stands on the page as it is held."""
    rows = dict(re.findall(r"^\| `(\w+)/` \| [^|]+\? \| ([^|]+) \|$", PAGE, re.MULTILINE))
    assert list(rows) == ["gateway", "sims", "actors", "projections", "events"]
    for floor, words in rows.items():
        below = set(list(rows)[list(rows).index(floor) + 1 :])
        said = below if words == "all below" else set(re.findall(r"`(\w+)`", words))
        assert said == FLOORS_BELOW[floor], floor


def test_the_picture_can_be_read_by_everybody() -> None:
    """It is well-formed, says in words what it shows, and loads nothing from anywhere."""
    root = ElementTree.parse(PICTURE).getroot()
    title, described = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text
    assert described is not None
    assert len(described.text or "") > 100
    text = PICTURE.read_text()
    assert "prefers-color-scheme: dark" in text
    assert re.findall(r"href|@import|<image|<script|url\((?!#)", text) == []
    assert f"]({PICTURE.name})" in PAGE


def test_the_picture_names_what_there_is() -> None:
    """Each file in it stands, and the steps are those of the page in their order."""
    texts = [(each.get("class"), each.text or "") for each in _texts()]
    files = [text for kind, text in texts if kind == "file"]
    assert len(files) >= 12
    assert [each for each in files if not (ROOT / each).exists()] == []
    steps = [text for kind, text in texts if kind == "name"]
    way = ["ask · tell", "inbox", "turn", "decide", "evolve a copy", "committer"]
    way += ["one transaction", "believe", "answer"]
    assert steps[: len(way)] == way


def test_every_text_of_the_picture_has_its_room() -> None:
    """Nothing is cut off at the edge or runs over a box, in letters half as wide as high."""
    root = ElementTree.parse(PICTURE).getroot()
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    for each in _texts():
        kind, x, y = each.get("class", ""), float(each.attrib["x"]), float(each.attrib["y"])
        long = len(each.text or "") * SIZES.get(kind, 13) * (0.6 if kind == "name" else 0.5)
        assert long <= NARROWEST_BOX or kind not in CENTRED, each.text
        left = x - long / 2 if kind in CENTRED else x
        assert left >= 0, each.text
        assert left + long <= width, each.text
        assert 10 <= y <= height, each.text


def _texts() -> list[ElementTree.Element]:
    return list(ElementTree.parse(PICTURE).getroot().iter(f"{SVG}text"))
