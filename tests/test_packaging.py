"""What users install: the pins, the wheel, the sdist and the one place of the version."""

from __future__ import annotations

import re
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .tidy.source import FLOORS_BELOW, FRONT, ROOT, sources

PIN = re.compile(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.+!]+)")


def test_every_pin_is_a_name_and_a_version() -> None:
    """constraints.txt says names and versions: no host, no hash, no path."""
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#") and not PIN.fullmatch(line)] == []


def test_everything_that_runs_is_pinned() -> None:
    """Each runtime dependency, and each of theirs, has its line in constraints.txt."""
    pins = _pins()
    needed = set(_needed_by(Requirement("retold[crypto,dev]"), set()))
    assert {"pykka", "eventsourcing", "pytest", "pycryptodome"} <= needed
    assert needed - pins.keys() == set()


def test_the_pins_are_what_runs_here() -> None:
    """The tests run on the pinned versions, so what passed here is what `make` sets up."""
    needed = set(_needed_by(Requirement("retold[crypto,dev]"), set()))
    pins = _pins()
    assert {name: pins[name] for name in needed} == {n: metadata.version(n) for n in needed}


def test_the_version_stands_in_one_place() -> None:
    """pyproject.toml holds the version; what is installed says the same, no module repeats it."""
    version = _project()["version"]
    assert metadata.version("retold") == version
    literal = re.compile(rf"""["']{re.escape(version)}["']""")
    assert [s.path for s in sources() if s.is_installed and literal.search(s.text)] == []


def test_the_command_line_is_there() -> None:
    """The script `retold` leads to a function."""
    (script,) = metadata.entry_points(group="console_scripts", name="retold")
    assert callable(script.load())


def test_the_front_door_leads_to_every_floor() -> None:
    """.src/retold holds a relative link to each floor and nothing that a floor does not have."""
    links = {path.name: path.readlink() for path in (ROOT / FRONT).iterdir() if path.is_symlink()}
    assert links == {floor: Path("../..") / floor for floor in FLOORS_BELOW}


def test_nothing_was_imported_twice() -> None:
    """All that the tests and doctests imported is `retold...`: no class has a second copy."""
    rooms = {path.parent.name for floor in FLOORS_BELOW for path in (ROOT / floor).rglob("*.py")}
    assert [name for name in sys.modules if name.split(".")[0] in rooms] == []


def test_the_wheel_holds_every_module(wheel: Path) -> None:
    """The wheel holds py.typed, the licence, each module of each floor, as files, and beside them
    what pytest imports at its start."""
    with zipfile.ZipFile(wheel) as built:
        names = set(built.namelist())
    modules = {source.path for source in sources() if source.is_python and source.floor}
    assert modules
    assert {f"retold/{path}" for path in modules} | {"retold/py.typed"} <= names
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in names)
    assert {name.split("/")[0] for name in names} == {
        "retold", "pytest_retold.py", wheel_info(wheel),
    }  # fmt: skip


def test_the_wheel_imports_by_itself(wheel: Path, tmp_path: Path) -> None:
    """What the wheel holds imports away from the repository, as retold and never as events."""
    with zipfile.ZipFile(wheel) as built:
        built.extractall(tmp_path)
    script = (
        "import sys, importlib.util; sys.path.insert(0, sys.argv[1]);"
        "import retold.events; print(retold.events.__file__);"
        "assert importlib.util.find_spec('events') is None"
    )
    said = _run(sys.executable, "-I", "-c", script, str(tmp_path), cwd=tmp_path)
    assert Path(said.strip()) == tmp_path / "retold" / "events" / "__init__.py"


def test_a_wheel_from_the_sdist_is_the_same(wheel: Path, tmp_path: Path) -> None:
    """The sdist holds the floors as files and the tests, and builds the same wheel."""
    _build("sdist", ROOT, tmp_path)
    (sdist,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(sdist) as packed:
        names = {member.name.split("/", 1)[1]: member for member in packed.getmembers()}
        packed.extractall(tmp_path, filter="data")
    assert names["tests/test_packaging.py"].isfile()
    assert not any(member.issym() for member in names.values())
    unpacked = tmp_path / sdist.name.removesuffix(".tar.gz")
    _build("wheel", unpacked, tmp_path)
    assert _contents(tmp_path / wheel.name) == _contents(wheel)


@pytest.mark.soak
def test_the_wheel_installs_with_its_pins(wheel: Path, tmp_path: Path) -> None:
    """In a venv of its own the wheel brings what it needs, and its script answers."""
    venv.create(tmp_path / "v", with_pip=True)
    python = str(tmp_path / "v" / "bin" / "python")
    pins = str(ROOT / "constraints.txt")
    _run(python, "-m", "pip", "install", "--quiet", "-c", pins, str(wheel), cwd=tmp_path)
    assert "retold" in _run(python, "-I", "-c", "import retold; print(retold)", cwd=tmp_path)
    assert "demo" in _run(str(tmp_path / "v" / "bin" / "retold"), "--help", cwd=tmp_path)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as the repository stands, built once."""
    folder = tmp_path_factory.mktemp("wheel")
    _build("wheel", ROOT, folder)
    (built,) = folder.glob("*.whl")
    return built


def wheel_info(wheel: Path) -> str:
    """The name of the folder in which a wheel keeps what it says about itself."""
    name, version, *_ = wheel.name.split("-")
    return f"{name}-{version}.dist-info"


def _project() -> dict[str, Any]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return project


def _pins() -> dict[str, str]:
    found = map(PIN.fullmatch, (ROOT / "constraints.txt").read_text().splitlines())
    return {canonicalize_name(pin[1]): pin[2] for pin in found if pin}


def _needed_by(requirement: Requirement, seen: set[str]) -> Iterator[str]:
    """The names of all that a requirement brings on this machine, without its own."""
    for text in metadata.requires(requirement.name) or ():
        part = Requirement(text)
        name = canonicalize_name(part.name)
        wanted = [{"extra": extra} for extra in ("", *requirement.extras)]
        if part.marker and not any(map(part.marker.evaluate, wanted)):
            continue
        yield name
        if (key := str(part)) not in seen:
            seen.add(key)
            yield from _needed_by(part, seen)


def _build(target: str, project: Path, folder: Path) -> None:
    _run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder), cwd=project)


def _contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as built:
        return {name: built.read(name) for name in built.namelist()}


def _run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
