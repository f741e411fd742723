"""Metrics for Prometheus: how a system, its log, its views and its subscriptions stand.

`REGISTRY.register(Metrics(system, projections))`, with the extra `retold[prometheus]`. Everything
is looked up when Prometheus asks, so it costs nothing between. All names begin with `retold_`:

| metric | labels | what it is |
|---|---|---|
| `log_position` | | the last position of the log |
| `log_bytes`, `log_wal_bytes` | | the size of its file, and of what waits to be folded into it |
| `commits_total` | | transactions since the system was opened |
| `actors` | `kind`, `state` | actors in memory, awake or asleep |
| `messages_waiting` | | commands in inboxes, not yet decided |
| `dead_letters` | | what could not be carried out, and waits for somebody |
| `projection_position`, `projection_events_total` | `projection` | how far a view is |
| `projection_lag_positions`, `projection_lag_seconds` | `projection` | how far it is behind |
| `projection_up` | `projection` | 1 while it runs, 0 while it is paused, failed or outdated |
| `subscription_position`, `subscription_lag_positions` | `subscription` | the same of consumers |

A registry takes one `Metrics`, because names would be there twice: a second system in a process has
a registry of its own. Of what was closed there are none.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from ..actors.asynchronous import AsyncSystem
from ..actors.system import ActorSystem
from ..events.log import Log
from ..events.log_errors import LogClosed
from ..projections.runner import Projections
from .errors import MissingExtra

try:
    from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
    from prometheus_client.registry import Collector
except ModuleNotFoundError as missing:
    raise MissingExtra(__name__, "prometheus", missing.name) from missing

PREFIX = "retold_"
COUNTERS = ("commits", "projection_events")
GAUGES = (
    "log_position", "log_bytes", "log_wal_bytes", "actors", "messages_waiting", "dead_letters",
    "projection_position", "projection_lag_positions", "projection_lag_seconds", "projection_up",
    "subscription_position", "subscription_lag_positions",
)  # fmt: skip


class Metrics(Collector):
    """A collector over a system, or over a log that is only read, and over projections."""

    def __init__(
        self, source: ActorSystem | AsyncSystem | Log, projections: Projections | None = None
    ) -> None:
        """`source` is a system, or a log where there is none in this process."""
        if isinstance(source, AsyncSystem):
            source = source.system
        if not isinstance(source, ActorSystem | Log):
            raise TypeError(f"metrics are of an actor system or of a log, not of {source!r}")
        self._system = source if isinstance(source, ActorSystem) else None
        self._log = source.log if isinstance(source, ActorSystem) else source
        self._projections = projections

    def describe(self) -> Iterable[Metric]:
        """The names alone: a registry refuses a second one of them, and asks for nothing yet."""
        return [Metric(f"{PREFIX}{name}", "", "gauge") for name in GAUGES] + [
            Metric(f"{PREFIX}{name}", "", "counter") for name in COUNTERS
        ]

    def collect(self) -> Iterable[Metric]:
        """How everything stands now; nothing of a log that is closed, or is being closed."""
        try:
            return list(self._found())
        except LogClosed:
            return []

    def _found(self) -> Iterator[Metric]:
        yield from _of_log(self._log)
        if self._system is not None:
            yield from _of_system(self._system)
        if self._projections is not None:
            yield from _of_projections(self._projections)
        yield from _of_subscriptions(self._log)


def _of_log(log: Log) -> Iterator[Metric]:
    yield _gauge("log_position", "The last position of the log.", log.last_position())
    file = log.journal.file
    if file:
        yield _gauge("log_bytes", "Bytes of the log's file.", _bytes(file))
        yield _gauge("log_wal_bytes", "Bytes of its write-ahead log.", _bytes(f"{file}-wal"))


def _of_system(system: ActorSystem) -> Iterator[Metric]:
    commits = CounterMetricFamily(f"{PREFIX}commits", "Transactions since the system was opened.")
    commits.add_metric((), system.committer.transactions)
    yield commits
    families = list(system.index)
    counted = Counter(
        (actor.behaviour.kind, "asleep" if actor.asleep else "awake")
        for family in families
        for actor in list(family.actors.values())
    )
    actors = GaugeMetricFamily(f"{PREFIX}actors", "Actors in memory.", labels=("kind", "state"))
    for labels, count in sorted(counted.items()):
        actors.add_metric(labels, count)
    yield actors
    waiting = sum(family.waiting for family in families)
    yield _gauge("messages_waiting", "Commands not yet decided.", waiting)
    letters = len(system.letters.waiting())
    yield _gauge("dead_letters", "What could not be carried out, and waits.", letters)


def _of_projections(projections: Projections) -> Iterator[Metric]:
    found = projections.status()
    columns: tuple[tuple[str, str, dict[str, float]], ...] = (
        (
            "position", "The position a view stands at.",
            {each.name: each.position for each in found},
        ),
        (
            "lag_positions", "Positions that a view is behind the log.",
            {each.name: each.lag.positions for each in found},
        ),
        (
            "lag_seconds", "Seconds since what a view has last was recorded, if it is behind.",
            {each.name: each.lag.seconds for each in found},
        ),
        (
            "up", "Whether a view is kept up to date.",
            {each.name: float(each.status == "running") for each in found},
        ),
    )  # fmt: skip
    for name, text, values in columns:
        yield _labelled(f"projection_{name}", text, "projection", values)
    events = CounterMetricFamily(
        f"{PREFIX}projection_events", "Events a view was told.", labels=("projection",)
    )
    for each in found:
        events.add_metric((each.name,), each.events)
    yield events


def _of_subscriptions(log: Log) -> Iterator[Metric]:
    found = list(log.subscriptions)
    position = {each.name: float(each.position) for each in found}
    lag = {each.name: float(each.lag) for each in found}
    text = "The position that is acknowledged."
    yield _labelled("subscription_position", text, "subscription", position)
    text = "Positions that a consumer is behind the log."
    yield _labelled("subscription_lag_positions", text, "subscription", lag)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"{PREFIX}{name}", text, value=value)


def _labelled(name: str, text: str, label: str, values: dict[str, Any]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}{name}", text, labels=(label,))
    for key, value in values.items():
        family.add_metric((key,), value)
    return family


def _bytes(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
