"""The house rules, held over every file of the repository (docs of each rule in `tidy/`)."""

from __future__ import annotations

import pytest

from .tidy import facts, imports, purity, sizes, words
from .tidy.source import FLOORS_BELOW, ROOT, Rule, sources

PYTHON_RULES: tuple[Rule, ...] = (
    sizes.files_are_short,
    sizes.functions_are_short,
    sizes.lines_are_narrow,
    sizes.files_are_nouns,
    imports.floors_import_downward,
    imports.floors_import_relatively,
    purity.clocks_stay_in_their_room,
    purity.chance_stays_in_its_room,
    purity.stopwatches_stay_where_waiting_is,
    purity.nothing_sleeps_in_tests,
    purity.little_catches_everything,
    facts.wire_names_have_their_form,
    facts.events_are_named_in_the_past,
    facts.classes_are_frozen,
    words.public_things_are_described,
    words.each_test_states_its_promise,
    words.doors_are_narrow,
    words.nothing_is_left_unfinished,
    words.ignores_carry_a_reason,
)
TEXT_RULES: tuple[Rule, ...] = (
    imports.nobody_imports_a_bare_floor,
    words.no_registry_is_named,
    words.no_machine_is_named,
)


@pytest.mark.parametrize("rule", PYTHON_RULES, ids=lambda rule: rule.__name__)
def test_every_python_file_keeps_the_rule(rule: Rule) -> None:
    """Every Python file keeps every rule of the house."""
    broken = [
        f"{source.path}:{line}: {what}"
        for source in sources()
        if source.is_python
        for line, what in rule(source)
    ]
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


@pytest.mark.parametrize("rule", TEXT_RULES, ids=lambda rule: rule.__name__)
def test_every_text_keeps_the_rule(rule: Rule) -> None:
    """Every text file, Python or not, keeps the rules that concern all of them."""
    broken = [
        f"{source.path}:{line}: {what}" for source in sources() for line, what in rule(source)
    ]
    assert not broken, f"{rule.__doc__}\n" + "\n".join(broken)


def test_wire_names_are_unique() -> None:
    """No two event classes of the floors share a wire name, or one log could mean two things."""
    on_floors = [source for source in sources() if source.is_python and source.is_installed]
    assert list(facts.wire_names_used_twice(on_floors)) == []


def test_the_rules_look_at_this_house() -> None:
    """The walk finds the floors and the tests: a rule over no files would hold for nothing."""
    paths = {source.path for source in sources()}
    assert {"pyproject.toml", "tests/test_tidy.py", "tests/tidy/source.py"} <= paths
    for floor in FLOORS_BELOW:
        written = {path.relative_to(ROOT).as_posix() for path in (ROOT / floor).rglob("*.py")}
        assert written <= paths
    assert not [path for path in paths if path.startswith((".venv", ".git/", ".src/retold/events"))]
