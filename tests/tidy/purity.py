"""No hidden clock, no hidden chance, nothing swallowed: habits 3, 7 and 21."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping

from .source import Finding, Source

CLOCK_ROOM = "events/clock.py"
EVERYTHING = ("*",)

CLOCKS = {
    "time": ("time", "time_ns", "localtime", "gmtime", "ctime"),
    "datetime.datetime": ("now", "utcnow", "today"),
    "datetime.date": ("today",),
}
CHANCE = {
    "random": EVERYTHING,
    "secrets": EVERYTHING,
    "uuid": ("uuid1", "uuid4", "uuid6", "uuid7"),
    "os": ("urandom", "getrandom"),
}
STOPWATCHES = {
    "time": ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time"),
}
SLEEP = {"time": ("sleep",)}

MAY_MEASURE = (CLOCK_ROOM, "actors/dispatch", "gateway/", "benchmarks/")
"""Where spans of real time are taken: waiting with a limit, and showing how long it took."""

MAY_SEED = ("tests/", "sims/", "benchmarks/", "examples/")
"""Where a generator may be made of a seed that stands there; the rest is handed its draws."""

MAY_CATCH_ALL = {
    "actors/actor.py": "the shell: what a behaviour raises is reported, and the actor lives",
    "actors/turn.py": "the shell: a decision that raises is taken back and its asker told",
    "actors/family.py": "the shell: a recovery that fails is told to whoever asked",
    "actors/saga/course.py": "a saga whose step has no command to send goes back, and never hangs",
    "actors/saga/replies.py": "a reply that cannot be kept makes the saga go back",
    "actors/dispatch.py": "the pool: no turn takes a thread down with it",
    "events/following/calling.py": "a callback is somebody else's code: it ends itself",
    "events/commit.py": "the committer: an unknown failure means the outcome is open",
    "projections/feeding.py": "a projection that raises stops itself, not its neighbours",
    "projections/running.py": "one that cannot be made anew stops itself, not its neighbours",
    "projections/stored_view.py": "a projection is somebody else's code, and is named",
    "projections/view.py": "a projection is somebody else's code, and is named",
    "projections/trial.py": "a state that fails to take an event is what is looked for",
    "gateway/dead_letters.py": "a letter fails by somebody else's code, and the next is tried",
    "gateway/main.py": "the outermost frame of the command line",
    "actors/courier.py": "what a reaction makes of an answer is somebody else's code",
    "actors/reactor.py": "a reaction is somebody else's code, and what it sends goes anywhere",
    "actors/passivation.py": "a policy is somebody else's code",
    "actors/snapshots.py": "a policy and a state are somebody else's code, and a cache may fail",
    "actors/tracing.py": "a tracer is somebody else's code",
    "actors/supervision.py": "a policy is somebody else's code",
    "events/codec.py": "ciphers, compressors and event classes have no common root of errors",
    "events/upcasting.py": "an upcaster is somebody else's code",
    "events/shape.py": "cattrs hooks have no common root of errors",
    "events/inherited/translation.py": "transcodings and translations are somebody else's code",
}
"""Where `except Exception` may stand, and why."""


def clocks_stay_in_their_room(source: Source) -> Iterator[Finding]:
    """Only events/clock.py reads a clock."""
    if source.path != CLOCK_ROOM:
        for line, name in _uses(source, CLOCKS):
            yield line, f"{name} is a hidden clock: be handed a Clock"


def chance_stays_in_its_room(source: Source) -> Iterator[Finding]:
    """Only events/clock.py draws; a seeded generator may be made where MAY_SEED says."""
    if source.path != CLOCK_ROOM:
        for line, name in _uses(source, CHANCE):
            yield line, f"{name} is hidden chance: be handed Draws, or a seed"


def stopwatches_stay_where_waiting_is(source: Source) -> Iterator[Finding]:
    """Spans of real time are taken by dispatchers, doors and benchmarks only."""
    if not source.path.startswith(MAY_MEASURE):
        for line, name in _uses(source, STOPWATCHES):
            yield line, f"{name} makes behaviour depend on the machine's speed"


def nothing_sleeps_in_tests(source: Source) -> Iterator[Finding]:
    """A test waits on a future or steps the clock."""
    if source.is_test:
        for line, name in _uses(source, SLEEP):
            yield line, f"{name} in a test: wait on a future or step the clock"


def little_catches_everything(source: Source) -> Iterator[Finding]:
    """`except Exception`, `except:` and `suppress(Exception)` stand in few files, each named.

    Elsewhere they may clean up and let everything go on its way: the last word is a bare `raise`.
    """
    if source.path in MAY_CATCH_ALL:
        return
    for node in ast.walk(source.tree):
        match node:
            case ast.ExceptHandler(type=caught, lineno=line) if (
                caught is None or _is_broad(caught)
            ) and not _lets_go(node):
                yield line, "catches everything: name what may go wrong"
            case ast.Call(func=func, args=given, lineno=line) if "suppress" in ast.unparse(
                func
            ) and any(map(_is_broad, given)):
                yield line, "suppresses everything: name what may go wrong"


def _is_broad(caught: ast.expr) -> bool:
    names = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return any(ast.unparse(name) in {"Exception", "BaseException"} for name in names)


def _lets_go(handler: ast.ExceptHandler) -> bool:
    """Whether all that a handler catches leaves it again, unchanged."""
    ways_out = (ast.Return, ast.Break, ast.Continue)
    kept = any(isinstance(node, ways_out) for part in handler.body for node in ast.walk(part))
    match handler.body[-1]:
        case ast.Raise(exc=None):
            return not kept
    return False


def _uses(source: Source, banned: Mapping[str, tuple[str, ...]]) -> Iterator[Finding]:
    """Where a file uses what is banned, under whatever name it was imported."""
    known = _imported(source.tree)
    allowed = set(_harmless(source, known))
    for node in ast.walk(source.tree):
        name = _full_name(node, known)
        module, _, member = name.rpartition(".")
        members = banned.get(module, ())
        if (member in members or members == EVERYTHING) and id(node) not in allowed:
            yield getattr(node, "lineno", 1), name


def _imported(tree: ast.Module) -> dict[str, str]:
    """Each name that an import binds in the file, and what it stands for."""
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                bound[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and not node.level:
            bound |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    return bound


def _full_name(node: ast.AST, known: Mapping[str, str]) -> str:
    """`dt.datetime.now` as `datetime.datetime.now`; empty for what no import binds."""
    match node:
        case ast.Name(id=name):
            return known.get(name, "")
        case ast.Attribute(value=value, attr=member):
            owner = _full_name(value, known)
            return f"{owner}.{member}" if owner else ""
    return ""


def _harmless(source: Source, known: Mapping[str, str]) -> Iterator[int]:
    """The nodes that name `random.Random` as a type, or make one of a seed where that is fine."""
    for node in ast.walk(source.tree):
        named: list[ast.expr | None] = []
        match node:
            case ast.arg(annotation=annotation) | ast.AnnAssign(annotation=annotation):
                named = [annotation]
            case ast.FunctionDef(returns=returns) | ast.AsyncFunctionDef(returns=returns):
                named = [returns]
            case ast.Call(func=func, args=[_, *_]) if source.path.startswith(MAY_SEED):
                named = [func]
        for part in (inner for outer in named if outer for inner in ast.walk(outer)):
            if _full_name(part, known) == "random.Random":
                yield id(part)
