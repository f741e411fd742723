"""Every event of the house is written as ever, and what was ever written is read as ever."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import typing
from pathlib import Path
from typing import Any, Literal

import attrs
import pytest

import retold
from retold.events.golden import check_golden
from retold.events.names import registered, wire_name

from .house import EXAMPLES, FOLDER

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("events", "actors", "projections", "sims", "gateway")


def ours() -> dict[str, type]:
    """The event classes that the floors define, by wire name, once all modules are imported."""
    for module in pkgutil.walk_packages(retold.__path__, "retold."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return {name: cls for name, cls in registered().items() if cls.__module__.startswith("retold.")}


def test_every_event_of_the_house_is_written_and_read_as_ever() -> None:
    """Each has its golden file, which holds to the letter."""
    check_golden(FOLDER, *ours().values())


def test_every_wire_name_in_the_source_has_its_file() -> None:
    """No decorator of the floors is missed, and no file goes."""
    found = {
        name
        for floor in FLOORS
        for path in sorted((ROOT / floor).rglob("*.py"))
        for name in re.findall(r'^@event\("([^"]+)"', path.read_text(), flags=re.MULTILINE)
    }
    assert found <= {path.stem for path in FOLDER.glob("*.json")}
    assert {"channel.opened.v1", "saga.begun.v1", "reaction.settled.v1"} <= found == set(ours())


@pytest.mark.parametrize("name", sorted({str(wire_name(type(each))) for each in EXAMPLES}))
def test_the_examples_cover_every_field(name: str) -> None:
    """Each field has two values at least, its default and another, and every one of a literal."""
    examples = [each for each in EXAMPLES if wire_name(type(each)) == name]
    hints = typing.get_type_hints(type(examples[0]))
    for field in attrs.fields(type(examples[0])):
        values = [getattr(each, field.name) for each in examples]
        assert len({repr(value) for value in values}) > 1, field.name
        if field.default is not attrs.NOTHING:
            assert field.default in values, field.name
        if typing.get_origin(hints[field.name]) is Literal:
            assert set(values) == set(typing.get_args(hints[field.name])), field.name


def test_the_files_say_what_the_examples_are() -> None:
    """The rows are those of the examples, in their order: the data as plain JSON reads it."""
    for name, cls in ours().items():
        content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        mine = [each for each in EXAMPLES if type(each) is cls]
        assert len(content["examples"]) == len(mine)
        for example, each in zip(content["examples"], mine, strict=True):
            data: dict[str, Any] = json.loads(example["row"])["data"]
            fields = [field.name for field in attrs.fields(cls)]
            assert sorted(data) == sorted(fields)
            assert list(example["reads"]) == fields
            for field in fields:
                value = getattr(each, field)
                if type(value) in (str, int, bool, type(None)):
                    assert data[field] == example["reads"][field] == value
