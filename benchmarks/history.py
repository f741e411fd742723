"""history: seconds to hold every past state of that list of 1,000 messages, from the file.

Ours in one pass over the log. Peer: the library's `repository.get` at each version, which is how it
gives a past state; its events hold one message each, so that it reads no more than it must.
"""

from __future__ import annotations

from pathlib import Path
from time import perf_counter

from retold import Log
from retold.projections import state_versions

from . import bank, files, library, messages
from .measure import Benchmark, Sample, Scale


def ours(folder: Path, scale: Scale) -> Sample:
    """Seconds."""
    count = scale.of(1_000, 50)
    messages.write_ours(folder, count)
    start = perf_counter()
    with Log.open(bank.url(folder), read_only=True) as log:
        past = [version.document for version in state_versions(log.read(messages.ADDRESS))]
    seconds = perf_counter() - start
    _check([document["messages"] for document in past], count)
    return Sample(seconds, count, files.rows(folder / "ours.db"))


def peer(folder: Path, scale: Scale) -> Sample:
    """Seconds of the library."""
    count = scale.of(1_000, 50)
    of = messages.write_each(folder, count)
    start = perf_counter()
    with library.application(folder) as app:
        past = [app.repository.get(of, version=version) for version in range(2, count + 2)]
    seconds = perf_counter() - start
    _check([state.messages for state in past if isinstance(state, messages.Conversation)], count)
    return Sample(seconds, count + 1, files.rows(folder / "peer.db"))


def _check(past: list[list[str]], count: int) -> None:
    """Every state is there, each with one message more."""
    assert [len(state) for state in past] == list(range(1, count + 1))
    assert past[-1] == [messages.text(number) for number in range(count)]


BENCHMARK = Benchmark(
    name="history",
    unit="s",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME} repository.get at each version",
    target="value < 0.1",
    rounds=3,
)
