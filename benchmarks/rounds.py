"""Rounds: the two sides in turns, treated alike, and the row that their samples come to."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from .measure import Benchmark, Row, Sample, Scale, Side, is_met

Progress = Callable[[str], None]


def run(benchmark: Benchmark, scale: Scale, rounds: int, tell: Progress = lambda text: None) -> Row:
    """Measure a benchmark: `rounds` pairs of rounds after one small pair that does not count."""
    rounds = min(rounds, benchmark.rounds)
    for side in () if scale.quick else (benchmark.ours, benchmark.peer):
        _round(side, Scale(quick=True))
    pairs = []
    for number in range(1, rounds + 1):
        pair = _round(benchmark.ours, scale), _round(benchmark.peer, scale)
        tell(f"{benchmark.name} {number}/{rounds}: {pair[0].value:,.6g} : {pair[1].value:,.6g}")
        pairs.append(pair)
    return _row(benchmark, pairs)


def _round(side: Side, scale: Scale) -> Sample:
    """One side once, in an empty folder, with no garbage and no unwritten pages of another's."""
    folder = Path(tempfile.mkdtemp(prefix="retold-bench-"))
    gc.collect()
    os.sync()
    try:
        return side(folder, scale)
    finally:
        shutil.rmtree(folder)


def _row(benchmark: Benchmark, pairs: list[tuple[Sample, Sample]]) -> Row:
    value = median(ours.value for ours, _ in pairs)
    peer_value = median(peer.value for _, peer in pairs)
    ratios = [ours.value / peer.value for ours, peer in pairs]
    ours, peer = pairs[-1]
    return Row(
        name=benchmark.name,
        value=value,
        unit=benchmark.unit,
        peer=benchmark.peer_name,
        peer_value=peer_value,
        ratio=value / peer_value,
        target=benchmark.target,
        met=is_met(benchmark.target, value, value / peer_value),
        rounds=len(pairs),
        spread=(min(ratios), max(ratios)),
        note="; ".join(dict.fromkeys(filter(None, (benchmark.note, ours.note, peer.note)))),
        rows={
            "ours_asked": ours.asked,
            "ours_found": ours.found,
            "peer_asked": peer.asked,
            "peer_found": peer.found,
        },
        pragmas={"ours": dict(ours.pragmas), "peer": dict(peer.pragmas)},
    )
