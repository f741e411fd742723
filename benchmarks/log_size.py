"""log_size: bytes of the file after 1,000 messages of 198 bytes, one by one into a growing list.

Counted after a checkpoint, with no WAL beside it. Peer: the library, the whole state an event.
"""

from __future__ import annotations

from pathlib import Path

from . import files, library, messages
from .measure import Benchmark, Sample, Scale


def ours(folder: Path, scale: Scale) -> Sample:
    """Bytes."""
    count, path = scale.of(1_000, 50), folder / "ours.db"
    messages.write_ours(folder, count)
    return Sample(files.checkpointed_bytes(path), count, files.rows(path))


def peer(folder: Path, scale: Scale) -> Sample:
    """Bytes of the library's file."""
    count, path = scale.of(1_000, 50), folder / "peer.db"
    messages.write_whole(folder, count)
    return Sample(files.checkpointed_bytes(path), count + 1, files.rows(path))


BENCHMARK = Benchmark(
    name="log_size",
    unit="bytes",
    ours=ours,
    peer=peer,
    peer_name=f"{library.NAME}, whole state an event",
    target="value < 700000",
    rounds=1,
)
