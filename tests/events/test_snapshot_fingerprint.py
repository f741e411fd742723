"""Fingerprints of folds: the same in every process, another one for another fold."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from retold.events.errors import Unstorable
from retold.events.snapshots import fingerprint as prints
from retold.events.snapshots.fingerprint import fingerprint

from .folds import Done, Moved, Nested, Plain, Running, Waiting

HOUSE = Path(__file__).resolve().parents[2]

FOLD = '''
import re, enum, functools, operator, typing, decimal
from collections.abc import Callable
from retold import event, state
import attrs

LIMIT = 256
RATES = {"eur": decimal.Decimal("1.10"), "usd": 1}
KNOWN = frozenset({"eur", "usd", "gbp", "chf"})
PATTERN = re.compile("[a-z]+", re.I)
PICK = operator.attrgetter("amount")
TWICE = functools.partial(operator.mul, 2)

class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2

class Rule:
    """Not a value of ours."""
    def __init__(self, least): self.least = least
    def holds(self, amount): return amount >= self.least

RULE = Rule(5)

@event("fold.deposited.v1")
class Deposited:
    amount: int
    currency: str = "eur"

@attrs.frozen
class Part:
    size: int = 1

def rounded(amount):
    return helped(amount) // 10

def helped(amount):
    return amount + 1

@functools.lru_cache
def cached(amount):
    return amount

def checked(inner):
    @functools.wraps(inner)
    def wrapper(self, event):
        return inner(self, event)
    return wrapper

@state
class Account:
    """How much there is."""
    balance: int = 0
    kind: typing.Literal["a", "b"] = "a"
    other: int | str | None = None
    parts: tuple[Part, ...] = attrs.field(factory=lambda: (Part(2),))

    @checked
    def evolve(self, event):
        match event:
            case Deposited(amount, currency) if currency in {"eur", "usd", "gbp"}:
                after = self._after(amount, least=3)
                return attrs.evolve(self, balance=after + LIMIT + PICK(event) + TWICE(amount))
            case Deposited() if PATTERN.match("x") and RULE.holds(7) and KNOWN and Level.LOW:
                return Closed(cached(rounded(RATES["usd"])))
        return self

    def _after(self, amount, *, least=2):
        return max([each for each in (self.balance + amount, least) if each != 0])

@state
class Closed:
    last: int
    def evolve(self, event):
        return self
'''

LATER = "    last: int\n    def evolve(self, event):\n        return self\n"

OTHER = {
    "a constant in the code": ("if each != 0", "if each != 1"),
    "an operation": ("self.balance + amount", "self.balance - amount"),
    "a default of a method": ("least=2", "least=1"),
    "a constant by name": ("LIMIT = 256", "LIMIT = 255"),
    "a table by name": ('"usd": 1}', '"usd": 2}'),
    "a decimal's spelling": ('Decimal("1.10")', 'Decimal("1.1")'),
    "a set by name": ('"gbp", "chf"})', '"gbp", "sek"})'),
    "a set in the code": ('{"eur", "usd", "gbp"}:', '{"eur", "usd", "sek"}:'),
    "a pattern": ('"[a-z]+", re.I', '"[a-z]*", re.I'),
    "flags of a pattern": ('"[a-z]+", re.I', '"[a-z]+"'),
    "an object's value": ("Rule(5)", "Rule(6)"),
    "an object's method": ("amount >= self.least", "amount > self.least"),
    "a getter": ('attrgetter("amount")', 'attrgetter("currency")'),
    "a part of a partial": ("operator.mul, 2", "operator.mul, 3"),
    "what is partial": ("operator.mul, 2", "operator.add, 2"),
    "a member of an enumeration": ("LOW = 1", "LOW = 0"),
    "a function that is called": ("helped(amount) // 10", "helped(amount) // 11"),
    "a function further away": ("return amount + 1", "return amount + 2"),
    "a cached function": ("    return amount\n\ndef checked", "    return -amount\n\ndef checked"),
    "a decorator": ("return inner(self, event)", "return inner(self, event) or self"),
    "an event's field": ("amount: int\n", "amount: float\n"),
    "an event's default": ('str = "eur"', 'str = "usd"'),
    "an event's wire name": ("fold.deposited.v1", "fold.deposited.v2"),
    "a field's type": ("balance: int = 0", "balance: float = 0"),
    "a field's default": ("balance: int = 0", "balance: int = 5"),
    "a field's name": ("other: int", "another: int"),
    "a new field": ("other: int", "more: int = 0\n    other: int"),
    "a literal": ('["a", "b"]', '["a", "b", "c"]'),
    "a union": ("int | str | None", "int | bytes | None"),
    "a part's type": ("size: int = 1", "size: str = 1"),
    "a factory": ("Part(2)", "Part(3)"),
    "a later phase": ("last: int\n", "last: str\n"),
    "the fold of a later phase": (LATER, LATER.replace("self\n", "Closed(1)\n")),
}  # fmt: skip

MOVED = "\ndef helped(amount):\n    return amount + 1\n"

SAME = {
    "elsewhere in the file": ("LIMIT = 256", "\n\n# Later.\n\nLIMIT = 256"),
    "said differently": ("How much there is.", "What is left."),
    "functions in another order": (MOVED, ""),
    "a set in another order": ('{"eur", "usd", "gbp", "chf"}', '{"chf", "gbp", "usd", "eur"}'),
    "a set of the code in another order": ('{"eur", "usd", "gbp"}:', '{"gbp", "usd", "eur"}:'),
    "a union in another order": ("int | str | None", "None | str | int"),
    "what no fold uses": ("LIMIT = 256", "LIMIT = 256\ndef unused(): return 1"),
}


@contextmanager
def module(source: str, file: str = "fold.py") -> Iterator[ModuleType]:
    """A module of this source, for as long as it is looked at."""
    made = ModuleType("fold_under_test")
    sys.modules[made.__name__] = made
    try:
        exec(compile(source, file, "exec"), vars(made))
        yield made
    finally:
        del sys.modules[made.__name__]


def of(source: str, file: str = "fold.py") -> str:
    """The fingerprint of the fold in a source."""
    with module(source, file) as made:
        return fingerprint(made.Account()).text


@pytest.mark.parametrize(("this", "that"), OTHER.values(), ids=OTHER)
def test_another_fold_has_another_fingerprint(this: str, that: str) -> None:
    """Whatever of it changes, however far from `evolve`."""
    assert FOLD.count(this) == 1
    changed = FOLD.replace(this, that)
    assert of(changed) != of(FOLD)
    assert of(changed) == of(changed)


@pytest.mark.parametrize(("this", "that"), SAME.values(), ids=SAME)
def test_the_same_fold_has_the_same_fingerprint(this: str, that: str) -> None:
    """Wherever it stands and however its file is laid out."""
    assert FOLD.count(this) == 1
    changed = FOLD.replace(this, that)
    if not that:
        changed = changed.replace("\ndef rounded", this + "\ndef rounded")
    assert of(changed, "another/file.py") == of(FOLD)


TELLING = """
import attrs
from retold import event, state

class Priced:
    RATE = 2
    def at_rate(self): return self.cents * self.RATE

@attrs.frozen
class Money:
    cents: int
    def in_dimes(self): return self.cents // 10

@event("telling.paid.v1")
class Paid(Priced):
    cents: int
    money: Money | None = None
    tags: tuple[Money, ...] = ()
    @property
    def half(self): return self.cents // 2
    def taken_by(self, account): return Account(account.sum + 1)
    def other(self): return 3

@state
class Account:
    sum: int = 0
    def evolve(self, event):
        return BODY
"""
SAID = [
    ("event.taken_by(self)", "account.sum + 1", "account.sum + 2"),
    ("Account(event.half)", "cents // 2", "cents // 3"),
    ("Account(event.at_rate())", "self.cents * self.RATE", "self.cents + self.RATE"),
    ("Account(event.cents * event.RATE)", "RATE = 2", "RATE = 3"),
    ("Account(event.money.in_dimes())", "cents // 10", "cents // 100"),
    ("Account(event.tags[0].in_dimes())", "cents // 10", "cents // 100"),
]


@pytest.mark.parametrize(("body", "this", "that"), SAID, ids=[each[0] for each in SAID])
def test_what_an_event_does_counts_though_nobody_names_its_class(
    body: str, this: str, that: str
) -> None:
    """A fold may leave the work to its events: their code is code of the fold."""
    source = TELLING.replace("BODY", body)
    assert source.count(this) == 1
    assert of(source.replace(this, that)) != of(source) == of(source)


def test_what_no_fold_says_of_an_event_does_not_count() -> None:
    """A method that nothing calls may change."""
    source = TELLING.replace("BODY", "Account(event.cents)")
    for this, that in [*[each[1:] for each in SAID], ("return 3", "return 4")]:
        assert of(source.replace(this, that)) == of(source)


def test_code_that_ran_warm_is_the_same_code() -> None:
    """The interpreter rewrites what it runs often; the fingerprint does not notice."""
    with module(FOLD) as made:
        before, account = fingerprint(made.Account()), made.Account()
        for _ in range(5_000):
            account = account.evolve(made.Deposited(1))
        assert account.balance > 5_000
        assert fingerprint(made.Account()) == before


def test_the_states_that_a_fold_names_are_told() -> None:
    """Every phase, and nothing that is no state."""
    assert set(fingerprint(Waiting()).states) == {Waiting, Running, Done}
    assert fingerprint(Plain()).states == (Plain,)
    assert Moved not in fingerprint(Nested()).states


def test_the_first_state_counts() -> None:
    """A fold that begins with something else adds up to something else."""
    assert fingerprint(Plain()).text != fingerprint(Plain(count=1)).text
    assert fingerprint(Plain(count=1)).text == fingerprint(Plain(count=1)).text


def test_a_fold_that_reaches_too_far_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a bound, and beyond it no guess."""
    monkeypatch.setattr(prints, "MOST", 5)
    with pytest.raises(Unstorable, match="more than 5"):
        fingerprint(Nested())


TOLD = """
import sys
for name in sys.argv[1].split(","):
    __import__(name)
from retold.events.channel import Channel
from retold.events.snapshots.fingerprint import fingerprint
from retold.events.workflow import Workflow
sys.path.insert(0, sys.argv[2])
import fold_in_a_file
for state in (Workflow(), Channel(), fold_in_a_file.Account()):
    print(fingerprint(state).text)
"""


def test_every_process_finds_the_same(tmp_path: Path) -> None:
    """Whatever the seed of its hashes and the order of its imports."""
    (tmp_path / "fold_in_a_file.py").write_text(FOLD)
    imports = ["retold", "retold.gateway.main,retold", "decimal,retold.events.channel"]
    found = set()
    for seed, first in enumerate([*imports, *imports]):
        command = [sys.executable, "-c", TOLD, first, str(tmp_path)]
        env = {"PYTHONHASHSEED": str(seed), "PYTHONPATH": f"{HOUSE}/.src"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1
    assert len(set(found.pop().split())) == 3
