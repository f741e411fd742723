"""`python -m benchmarks [NAME ...] [--quick] [--rounds N]`, from the root of the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from . import (
    actor_memory,
    durable_hot,
    durable_many,
    durable_many_followed,
    durable_single,
    follow_latency,
    history,
    live_actors,
    log_size,
    open_large,
    project,
    project_stored,
    recover,
    replay,
    report,
    rounds,
    saga,
    sim_messages,
    sim_messages_latency,
    time_travel,
)
from .measure import Benchmark, Row, Scale

BENCHMARKS: dict[str, Benchmark] = {
    each.BENCHMARK.name: each.BENCHMARK
    for each in (
        durable_many,
        durable_many_followed,
        durable_hot,
        durable_single,
        follow_latency,
        project,
        project_stored,
        replay,
        recover,
        open_large,
        live_actors,
        actor_memory,
        log_size,
        history,
        time_travel,
        saga,
        sim_messages,
        sim_messages_latency,
    )
}


def main(
    names: Annotated[list[str] | None, typer.Argument(help="Which; all if none.")] = None,
    quick: Annotated[bool, typer.Option(help="A smoke run: small, one round each.")] = False,
    pairs: Annotated[int, typer.Option("--rounds", min=1, help="Pairs of rounds at most.")] = 5,
    out: Annotated[Path, typer.Option(help="Where the results go.")] = report.RESULTS,
) -> None:
    """Measure, print a table, and write the results as JSON. Status 1 if rows were miscounted."""
    console, progress = Console(), Console(stderr=True, highlight=False)
    chosen = [_named(name) for name in names or BENCHMARKS]
    scale = Scale(quick)
    rows = [
        rounds.run(each, scale, 1 if quick else pairs, lambda text: progress.print(text))
        for each in chosen
    ]
    report.show(console, rows)
    report.write(rows, out)
    if not all(map(_counted, rows)):
        console.print("[red]The rows in a file are not those that were asked for.[/]")
        raise typer.Exit(1)


def _named(name: str) -> Benchmark:
    if name not in BENCHMARKS:
        raise typer.BadParameter(f"no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    return BENCHMARKS[name]


def _counted(row: Row) -> bool:
    return all(row.rows[f"{side}_asked"] == row.rows[f"{side}_found"] for side in ("ours", "peer"))


if __name__ == "__main__":
    typer.run(main)
