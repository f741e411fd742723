"""Golden files: what each version of an event looks like when it is stored, kept for ever.

One JSON file for each wire name, named after it, written once while its class is the newest:

| key | what it holds |
|---|---|
| `name` | the wire name |
| `examples` | `row`, a state as the log stores it, and `reads`, its event field by field |
| `upcast` | the `row`s of the older versions (`from`), and the data each `gives` as this one |

In `reads` a value that JSON has no word for stands under the name of its type:
`{"Decimal": "1.50"}`. The file of a version that has an upcaster now is checked as far as it still
holds: its rows decode, and its data becomes what the files of later versions say, step by step.

A test of yours writes what is missing and fails until that is committed:

    def test_events_are_read_and_written_as_ever():
        assert golden("tests/golden", Deposited(Decimal("1.50")), Named("Ada")) == []
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import msgspec

from .codec import Codec
from .errors import GoldenDiffers
from .log_errors import CorruptedRow, Undecodable
from .names import CURRENT_CLASSES, EVENT_CLASSES, wire_name
from .recorded import Envelope
from .shape import shape_of
from .upcast import UPCASTERS, chain
from .upcasting import upcasted

WHERE = "golden/example"
"""The address that stands in for an actor's."""

_MOMENT = datetime(2026, 1, 2, 3, 4, 5, 678_900, tzinfo=UTC)
_write = msgspec.json.Encoder(order="sorted").encode


class Example(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state as it is stored, and its event field by field."""

    row: str
    reads: dict[str, Any]


class Upcasted(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """A row of an older version, and what its data is as this one."""

    source: str
    row: str
    gives: Any


class Golden(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The content of one file."""

    name: str
    examples: tuple[Example, ...]
    upcast: tuple[Upcasted, ...] = ()


def golden(folder: str | Path, *examples: Any) -> list[Path]:
    """Write the golden files that are missing, one for each class among the examples; check all.

    Give several examples of a class, so that every field that may be left out once is and once is
    not. A file that is there is never changed. Returns the files that were written, in order.
    Raises `GoldenDiffers` as `check_golden` does, `Unstorable` for an example that is none.

    >>> from tempfile import TemporaryDirectory
    >>> from retold import event
    >>> @event("door.opened.v1")
    ... class DoorOpened:
    ...     by: str
    ...     keys: tuple[str, ...] = ()
    >>> examples = DoorOpened("ada"), DoorOpened("grace", ("front",))
    >>> with TemporaryDirectory() as folder:
    ...     first, again = golden(folder, *examples), golden(folder, *examples)
    >>> [path.name for path in first], again
    (['door.opened.v1.json'], [])
    """
    by_class: dict[type, list[Any]] = {}
    for each in examples:
        by_class.setdefault(type(each), []).append(each)
    known = _files(folder)
    missing = [(cls, some) for cls, some in by_class.items() if str(wire_name(cls)) not in known]
    contents = [_golden(cls, some, known.values()) for cls, some in missing]
    written = [_create(Path(folder), each) for each in contents]
    check_golden(folder, *by_class)
    return written


def check_golden(folder: str | Path, *classes: type) -> None:
    """Check every golden file of a folder, and that each of these event classes has one.

    So must every version of an event that has a file of another version. Raises `GoldenDiffers` for
    a folder that is not there, and for the first file that is missing, is read as something else
    than it says, or by whose class the same event would now be written otherwise.
    """
    if not Path(folder).is_dir():
        raise GoldenDiffers(Path(folder), "there is no such folder")
    files = _files(folder)
    _check_all_there(folder, files, classes)
    for name, each in files.items():
        try:
            flaw = next(filter(None, _flaws(each, files)), "")
        except (CorruptedRow, Undecodable) as error:
            flaw = str(error)
        if flaw:
            raise GoldenDiffers(_path(folder, name), flaw)
    events = {_event(name) for name in files}
    versions = [cls for name, cls in sorted(CURRENT_CLASSES.items()) if _event(name) in events]
    _check_all_there(folder, files, versions)


def _check_all_there(folder: str | Path, files: dict[str, Golden], classes: Iterable[type]) -> None:
    for cls in classes:
        if str(wire_name(cls)) not in files:
            path = _path(folder, str(wire_name(cls)))
            raise GoldenDiffers(path, f"it is missing: give golden() examples of {cls.__name__}")


def _event(name: str) -> str:
    """A wire name without its version."""
    return name.rpartition(".")[0]


def _path(folder: str | Path, name: str) -> Path:
    return Path(folder, f"{name}.json")


def _files(folder: str | Path) -> dict[str, Golden]:
    """What there is, by wire name."""
    found: dict[str, Golden] = {}
    for path in sorted(Path(folder).glob("*.json")):
        try:
            content = msgspec.json.decode(path.read_bytes(), type=Golden)
        except (ValueError, OSError) as error:
            raise GoldenDiffers(path, f"it is no golden file: {error}") from error
        if content.name != path.stem:
            raise GoldenDiffers(path, f"it is the file of {content.name}, under another name")
        found[content.name] = content
    return found


# Writing.


def _golden(cls: type, examples: list[Any], known: Iterable[Golden]) -> Golden:
    """The file of a class, with what the examples of older versions are as this one."""
    rows = [_row(example, full=bool(place % 2)) for place, example in enumerate(examples)]
    name = str(wire_name(cls))
    older = (each for each in known if name in _way(each.name))
    return Golden(
        name,
        tuple(Example(row, told(_decoded(name, row).data)) for row in rows),
        tuple(
            Upcasted(each.name, example.row, _given(each.name, name, example.row))
            for each in older
            for example in each.examples
        ),
    )


def _row(example: Any, *, full: bool) -> str:
    """The state of a row; every second has an envelope in which nothing is left out."""
    rest = ("a reason", "a.command.1", _MOMENT) if full else ("", "", None)
    codec = Codec()
    _, tail, _ = codec.encode(example, "somebody", *rest)
    return codec.seal([tail], _MOMENT)[0].decode()


def _create(folder: Path, content: Golden) -> Path:
    path = _path(folder, content.name)
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        json.dump(msgspec.to_builtins(content), file, ensure_ascii=False, indent=1)
        file.write("\n")
    return path


# Checking.


def _flaws(content: Golden, files: dict[str, Golden]) -> Iterator[str]:
    """What differs from what the file of a wire name says; empty texts where nothing does."""
    name, end = content.name, _way(content.name)[-1]
    if end not in EVENT_CLASSES:
        yield "neither a class nor an upcaster is registered for it: it can be read no more"
        return
    if not content.examples:
        yield "it has no example"
    for each in content.examples:
        yield _flaw_of_example(name, each)
    for older in content.upcast:
        yield _flaw_of_upcast(name, older)
        if older.source not in files:
            yield f"the file of {older.source} is gone: golden files are kept for ever"
    if end != name:
        yield _flaw_of_end(content, end, files.get(end))


def _flaw_of_example(name: str, example: Example) -> str:
    envelope = _decoded(name, example.row)
    if name in UPCASTERS:
        return ""
    reads, row = told(envelope.data), shape_of(EVENT_CLASSES[name], name).write(envelope).decode()
    if _write(reads) != _write(example.reads):
        return f"{example.row} was read as {_shown(example.reads)}, and is now as {_shown(reads)}"
    if row != example.row:
        return f"{example.row} was written, and is now {row}; that is another version of the event"
    return ""


def _flaw_of_upcast(name: str, older: Upcasted) -> str:
    if name not in _way(older.source):
        return f"{older.source} is upcast to it no more"
    gives = _given(older.source, name, older.row)
    if _write(gives) != _write(older.gives):
        was, now = _shown(older.gives), _shown(gives)
        return f"{older.row} of {older.source} was upcast to {was}, and is now to {now}"
    return ""


def _flaw_of_end(content: Golden, end: str, newest: Golden | None) -> str:
    """Whether the file of the newest version says what becomes of this one."""
    if newest is None:
        return f"it is read as {end} now, which has no golden file: give golden() examples of it"
    said = [each.row for each in newest.upcast if each.source == content.name]
    if said != [each.row for each in content.examples]:
        return f"the file of {end} does not say what becomes of it: let golden() write that anew"
    return ""


# What is compared.


def told(value: Any) -> Any:
    """A value field by field in the terms of JSON, with its type where JSON has no word for it."""
    if value is None or type(value) in (bool, int, float, str):
        return value
    if attrs.has(type(value)):
        names = [field.name for field in attrs.fields(type(value))]
        return {name: told(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        if all(type(key) is str for key in value):
            return {key: told(part) for key, part in value.items()}
        return {"dict": [[told(key), told(part)] for key, part in value.items()]}
    if isinstance(value, list):
        return [told(part) for part in value]
    if isinstance(value, tuple):
        return {"tuple": [told(part) for part in value]}
    if isinstance(value, set | frozenset):
        return {type(value).__name__: sorted((told(part) for part in value), key=_write)}
    return {type(value).__name__: msgspec.to_builtins(value)}


def _way(name: str) -> list[str]:
    """The wire names from this one to the one that it is read as."""
    return [name, *(step.target for step in chain(name))]


def _given(source: str, target: str, row: str) -> Any:
    """The data of a row, upcast no further than to the target."""
    steps = chain(source)
    until = [step.target for step in steps].index(target) + 1
    state = upcasted(steps[:until], 1, WHERE, 1, row.encode())
    return msgspec.json.decode(state)["data"]


def _decoded(name: str, row: str) -> Envelope[Any]:
    return Codec().decode(1, WHERE, 1, name, row.encode())


def _shown(value: Any) -> str:
    return msgspec.json.encode(value).decode()
