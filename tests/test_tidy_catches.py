"""Each rule of `tidy/` is shown to catch what it is for, and to let its neighbour pass."""

from __future__ import annotations

import pytest

from .tidy import facts, imports, purity, sizes, words
from .tidy.source import Rule, Source

EVENT = '@event("{wire}")\nclass {name}:\n    """What happened."""\n'
LONG_FUNCTION = "def f():\n" + "    x = 1\n" * 40
THIRTEEN = "__all__ = [" + ", ".join(f'"n{n:02}"' for n in range(13)) + "]\n"
UNFINISHED = "TO" + "DO"
REGISTRY = "https://" + "py" + "pi.org/simple"
HOME = "/".join(("", "root", "retold"))

CAUGHT: tuple[tuple[Rule, str, str], ...] = (
    (sizes.files_are_short, "events/a.py", "x = 1\n" * 301),
    (sizes.functions_are_short, "events/a.py", LONG_FUNCTION),
    (
        sizes.functions_are_short,
        "tests/a.py",
        "class A:\n    async " + LONG_FUNCTION[:8] + "\n" + "        x = 1\n" * 40,
    ),
    (sizes.lines_are_narrow, "events/a.py", "#" * 101),
    (sizes.files_are_nouns, "events/utils.py", ""),
    (sizes.files_are_nouns, "actors/queue_manager.py", ""),
    (sizes.files_are_nouns, "tests/helpers/a.py", ""),
    (imports.floors_import_downward, "events/a.py", "from ..actors import system"),
    (imports.floors_import_downward, "events/recorders/a.py", "from ...actors.system import x"),
    (imports.floors_import_downward, "actors/a.py", "from .. import projections"),
    (imports.floors_import_downward, "projections/a.py", "from ..actors import x"),
    (imports.floors_import_downward, "sims/a.py", "def f():\n    from ..gateway import main"),
    (imports.floors_import_downward, "sims/a.py", "import retold.gateway.main"),
    (imports.floors_import_downward, "actors/a.py", "from .. import ActorSystem"),
    (imports.floors_import_relatively, "actors/a.py", "from retold.events import log"),
    (imports.floors_import_relatively, ".src/retold/__init__.py", "import retold.events"),
    (imports.nobody_imports_a_bare_floor, "tests/a.py", "import events"),
    (imports.nobody_imports_a_bare_floor, "actors/a.py", "from events.log import Log"),
    (imports.nobody_imports_a_bare_floor, "examples/a.py", "import os, sims.world"),
    (imports.nobody_imports_a_bare_floor, "tests/a.py", "from ..events import log"),
    (imports.nobody_imports_a_bare_floor, "README.md", "```python\nfrom actors import x\n```"),
    (imports.nobody_imports_a_bare_floor, "docs/a.md", "```\n>>> import events\n```"),
    (purity.clocks_stay_in_their_room, "actors/a.py", "import time\ntime.time()"),
    (purity.clocks_stay_in_their_room, "actors/a.py", "import time as t\nx = t.time_ns"),
    (purity.clocks_stay_in_their_room, "tests/a.py", "from time import time as f\nf()"),
    (purity.clocks_stay_in_their_room, "events/a.py", "import datetime\ndatetime.datetime.now()"),
    (
        purity.clocks_stay_in_their_room,
        "events/a.py",
        "from datetime import datetime as d\nd.now()",
    ),
    (purity.clocks_stay_in_their_room, "events/a.py", "import datetime as d\nd.datetime.utcnow()"),
    (purity.chance_stays_in_its_room, "sims/a.py", "import random\nrandom.choice([1])"),
    (purity.chance_stays_in_its_room, "sims/a.py", "import random\nrandom.Random()"),
    (purity.chance_stays_in_its_room, "actors/a.py", "import random\nrandom.Random(7)"),
    (purity.chance_stays_in_its_room, "events/a.py", "from uuid import uuid4\nf = uuid4"),
    (purity.chance_stays_in_its_room, "events/a.py", "import uuid\nuuid.uuid1()"),
    (purity.chance_stays_in_its_room, "events/a.py", "import os\nos.urandom(8)"),
    (purity.chance_stays_in_its_room, "gateway/a.py", "import secrets\nsecrets.token_hex()"),
    (purity.stopwatches_stay_where_waiting_is, "actors/a.py", "import time\ntime.monotonic()"),
    (
        purity.stopwatches_stay_where_waiting_is,
        "tests/a.py",
        "from time import perf_counter as p\np()",
    ),
    (purity.nothing_sleeps_in_tests, "tests/a.py", "from time import sleep\nsleep(1)"),
    (purity.nothing_sleeps_in_tests, "tests/a.py", "import time as t\nt.sleep(1)"),
    (purity.little_catches_everything, "events/a.py", "try: f()\nexcept Exception: pass"),
    (purity.little_catches_everything, "events/a.py", "try: f()\nexcept: pass"),
    (
        purity.little_catches_everything,
        "tests/a.py",
        "try: f()\nexcept (OSError, BaseException): g()",
    ),
    (
        purity.little_catches_everything,
        "events/a.py",
        "def f():\n  try: f()\n  except:\n    if g(): return\n    raise",
    ),
    (
        purity.little_catches_everything,
        "events/a.py",
        "try: f()\nexcept Exception as error: raise OSError from error",
    ),
    (purity.little_catches_everything, "actors/a.py", "with suppress(Exception): f()"),
    (facts.wire_names_have_their_form, "events/a.py", EVENT.format(wire="a.b", name="Opened")),
    (facts.wire_names_have_their_form, "events/a.py", EVENT.format(wire="a.opened.v0", name="A")),
    (facts.wire_names_have_their_form, "events/a.py", EVENT.format(wire="A.opened.v1", name="A")),
    (facts.wire_names_have_their_form, "events/a.py", EVENT.format(wire="a.open_b.v1", name="A")),
    (facts.wire_names_have_their_form, "events/a.py", "@event(NAME)\nclass Opened: ..."),
    (facts.events_are_named_in_the_past, "events/a.py", EVENT.format(wire="a.b.v1", name="OpenIt")),
    (facts.events_are_named_in_the_past, "events/a.py", EVENT.format(wire="a.b.v1", name="FeedIt")),
    (facts.classes_are_frozen, "events/a.py", "@attrs.define\nclass A: ..."),
    (facts.classes_are_frozen, "events/a.py", "@attrs.define(slots=True)\nclass A: ..."),
    (facts.classes_are_frozen, "tests/a.py", "@dataclasses.dataclass\nclass A: ..."),
    (words.public_things_are_described, "events/a.py", "x = 1"),
    (words.public_things_are_described, "tests/a.py", "x = 1"),
    (words.public_things_are_described, "events/a.py", '"""M."""\nclass A: ...'),
    (words.public_things_are_described, "events/a.py", '"""M."""\nasync def f(): ...'),
    (words.each_test_states_its_promise, "tests/a.py", "def test_a(): ..."),
    (
        words.each_test_states_its_promise,
        "tests/a.py",
        "class TestA:\n    async def test_a(self): ...",
    ),
    (words.doors_are_narrow, "events/__init__.py", '"""One.\n\nTwo."""'),
    (words.doors_are_narrow, "events/__init__.py", '"""One."""\nfrom .log import Log'),
    (words.doors_are_narrow, "events/__init__.py", '__all__ = ["b", "a"]'),
    (words.doors_are_narrow, "events/__init__.py", '__all__ = ["a", "a"]'),
    (words.doors_are_narrow, "events/recorders/__init__.py", THIRTEEN),
    (words.doors_are_narrow, ".src/retold/__init__.py", '__all__ = ["f"]\ndef f(): ...'),
    (words.nothing_is_left_unfinished, "events/a.py", f"x = 1  # {UNFINISHED}: y"),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # type: ignore"),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # type: ignore[arg-type]"),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # type: ignore  # because"),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # noqa - because"),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # noqa: E501"),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # pyright: ignore[reportX]"),
    (words.no_registry_is_named, "constraints.txt", f"--index-url {REGISTRY}"),
    (words.no_machine_is_named, "docs/a.md", f"cd {HOME}/main"),
)

PASSED: tuple[tuple[Rule, str, str], ...] = (
    (sizes.files_are_short, "events/a.py", "x = 1\n" * 300),
    (sizes.functions_are_short, "events/a.py", LONG_FUNCTION.removesuffix("    x = 1\n")),
    (sizes.lines_are_narrow, "events/a.py", "#" * 100),
    (sizes.files_are_nouns, "events/database.py", ""),
    (imports.floors_import_downward, "actors/a.py", "from ..events.log import Log\nimport attrs"),
    (imports.floors_import_downward, "events/recorders/a.py", "from ..journal import Row"),
    (imports.floors_import_downward, "gateway/a.py", "from .. import events, actors"),
    (imports.floors_import_downward, "tests/a.py", "from retold.gateway import main"),
    (imports.floors_import_relatively, "tests/a.py", "from retold.events import log"),
    (imports.nobody_imports_a_bare_floor, "tests/a.py", "from .tidy import facts"),
    (imports.nobody_imports_a_bare_floor, "tests/events/a.py", "from .given import log"),
    (imports.nobody_imports_a_bare_floor, "sims/a.py", "from ..events import log"),
    (imports.nobody_imports_a_bare_floor, "README.md", "import events tell it all"),
    (purity.clocks_stay_in_their_room, "events/clock.py", "import time\ntime.time()"),
    (
        purity.clocks_stay_in_their_room,
        "sims/a.py",
        "def f(clock): return clock.time(), clock.now()",
    ),
    (
        purity.clocks_stay_in_their_room,
        "sims/a.py",
        "from datetime import datetime\ndatetime(2000, 1, 1)",
    ),
    (purity.chance_stays_in_its_room, "sims/a.py", "import random\nrandom.Random(7)"),
    (purity.chance_stays_in_its_room, "actors/a.py", "import random\ndef f(r: random.Random): ..."),
    (purity.chance_stays_in_its_room, "events/a.py", "from uuid import UUID\nUUID(int=1)"),
    (
        purity.stopwatches_stay_where_waiting_is,
        "actors/dispatch.py",
        "import time\ntime.monotonic()",
    ),
    (purity.nothing_sleeps_in_tests, "tests/a.py", 'x = "from time import sleep"'),
    (
        purity.little_catches_everything,
        "events/a.py",
        "try: f()\nexcept BaseException:\n    close()\n    raise",
    ),
    (purity.little_catches_everything, "events/commit.py", "try: f()\nexcept Exception: g()"),
    (purity.little_catches_everything, "events/a.py", "try: f()\nexcept OSError: g()"),
    (facts.wire_names_have_their_form, "events/a.py", EVENT.format(wire="a.b_held.v12", name="A")),
    (
        facts.events_are_named_in_the_past,
        "events/a.py",
        EVENT.format(wire="a.b.v1", name="TaskSet"),
    ),
    (facts.classes_are_frozen, "events/a.py", "@attrs.define(frozen=True)\nclass A: ..."),
    (
        facts.classes_are_frozen,
        "events/a.py",
        "@attrs.frozen\nclass A: ...\n@define.it\nclass B: ...",
    ),
    (words.public_things_are_described, "events/a.py", '"""M."""\ndef _f(): ...'),
    (words.each_test_states_its_promise, "tests/a.py", 'def test_a():\n    """Promise."""'),
    (words.doors_are_narrow, "events/__init__.py", '"""One."""\n__all__ = ["ROOT", "At", "by"]'),
    (words.doors_are_narrow, "events/recorders/__init__.py", '"""One.\n\nTwo."""'),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # type: ignore[a, b-c]  # because"),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # noqa: E501, F401 - because"),
    (words.ignores_carry_a_reason, "events/a.py", "x = 1  # pyright: ignore[reportX] - because"),
    (words.ignores_carry_a_reason, "events/a.py", 'x = "# noqa"'),
    (words.no_machine_is_named, "docs/a.md", "https://example.org/work/x and ./work/y"),
)


@pytest.mark.parametrize(("rule", "path", "text"), CAUGHT)
def test_a_planted_violation_is_caught(rule: Rule, path: str, text: str) -> None:
    """A file that breaks a rule is found by that rule."""
    assert list(rule(Source(path, text)))


@pytest.mark.parametrize(("rule", "path", "text"), PASSED)
def test_its_lawful_neighbour_passes(rule: Rule, path: str, text: str) -> None:
    """What a rule does not forbid is left alone."""
    assert list(rule(Source(path, text))) == []


def test_a_wire_name_given_twice_is_caught() -> None:
    """Two classes under one wire name are found, with both places."""
    one = Source("events/a.py", EVENT.format(wire="a.opened.v1", name="Opened"))
    two = Source("events/b.py", EVENT.format(wire="a.opened.v1", name="Reopened"))
    assert list(facts.wire_names_used_twice([one])) == []
    assert list(facts.wire_names_used_twice([one, two])) == [
        "a.opened.v1: events/a.py:2, events/b.py:2"
    ]


def test_every_rule_has_its_planted_violation() -> None:
    """No rule is trusted that was never seen to fail."""
    from .test_tidy import PYTHON_RULES, TEXT_RULES

    assert {*PYTHON_RULES, *TEXT_RULES} == {rule for rule, _, _ in CAUGHT}
