"""Metrics for Prometheus: what a server would read, in its own format."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families
from tests.projections.takings import Count, Takings, takings, tally, till

from retold import ActorSystem, Log
from retold.actors import Stepped
from retold.gateway.metrics import Metrics
from retold.projections.runner import Projections


def scraped(metrics: Metrics) -> dict[str, float]:
    """What a server reads, by name and labels."""
    registry = CollectorRegistry()
    registry.register(metrics)
    lines = generate_latest(registry).decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_a_system_its_views_and_its_consumers(tmp_path: Path) -> None:
    """Every figure is what was done: seven commands, two not decided yet, one view paused."""
    url, taken, dispatcher = f"sqlite:///{tmp_path / 'tills.db'}", Takings(), Stepped()
    with ActorSystem.open(url, till, dispatcher=dispatcher) as system:
        taken.take(system, 7)
        with Projections(system.log, takings, tally, threads=False) as views:
            views.catch_up()
            views["takings"].pause()
            taken.take(system, 1)
            views.catch_up()
            system.log.subscribe("mailer").ack(3)
            for _ in range(2):
                system.ref("till/9").tell(Count(1))
            found = scraped(Metrics(system, views))
    awake = len(taken.times)
    assert found["retold_log_position"] == 8
    assert found["retold_commits_total"] == 8
    assert found["retold_messages_waiting"] == 2
    assert found["retold_dead_letters"] == 0
    assert found['retold_actors{kind="till",state="awake"}'] == awake
    assert found['retold_projection_position{projection="takings"}'] == 7
    assert found['retold_projection_lag_positions{projection="takings"}'] == 1
    assert found['retold_projection_up{projection="takings"}'] == 0
    assert found['retold_projection_up{projection="tally"}'] == 1
    assert found['retold_projection_events_total{projection="tally"}'] == 8
    assert found['retold_subscription_position{subscription="mailer"}'] == 3
    assert found['retold_subscription_lag_positions{subscription="mailer"}'] == 5
    assert found["retold_log_bytes"] > 0


def test_a_log_that_is_only_read(tmp_path: Path) -> None:
    """What there is to say without a system."""
    url = f"sqlite:///{tmp_path / 'tills.db'}"
    with ActorSystem.open(url, till) as system:
        Takings().take(system, 3)
    with Log.open(url, read_only=True) as log:
        found = scraped(Metrics(log))
    assert found["retold_log_position"] == 3
    assert "retold_commits_total" not in found


def test_the_system_of_an_event_loop(tmp_path: Path) -> None:
    """What `async with` gives is taken as it is; what is neither system nor log, not at all."""

    async def main() -> dict[str, float]:
        async with ActorSystem.open("memory:", till) as system:
            await system.ref("till/1").ask(Count(1))
            assert system.log.last_position() == 1
            return scraped(Metrics(system))

    assert asyncio.run(main())["retold_commits_total"] == 1
    with pytest.raises(TypeError, match="of an actor system or of a log, not of 'sqlite:"):
        Metrics("sqlite:///tills.db")  # type: ignore[arg-type]  # as somebody may try


def test_every_name_is_described(tmp_path: Path) -> None:
    """What a registry is told beforehand is what comes, so that it can refuse a second one."""
    url = f"sqlite:///{tmp_path / 'tills.db'}"
    with (
        ActorSystem.open(url, till, dispatcher=Stepped()) as system,
        Projections(system.log, takings, threads=False) as views,
    ):
        metrics, registry = Metrics(system, views), CollectorRegistry()
        described = sorted((each.name, each.type) for each in metrics.describe())
        assert described == sorted((each.name, each.type) for each in metrics.collect())
        registry.register(metrics)
        with pytest.raises(ValueError, match="retold_log_position"):
            registry.register(Metrics(system.log))


def test_any_name_is_read_back(tmp_path: Path) -> None:
    """Quotes, backslashes, line ends and other alphabets, by the parser of the other side."""
    names = ['a "quoted" one', "back\\slash", "two\nlines", "größer"]
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}") as log:
        for name in names:
            log.subscribe(name)
        registry = CollectorRegistry()
        registry.register(Metrics(log))
        text = generate_latest(registry).decode()
    found = {each.name: each.samples for each in text_string_to_metric_families(text)}
    labels = [each.labels["subscription"] for each in found["retold_subscription_position"]]
    assert sorted(labels) == sorted(names)


def test_what_is_closed_has_none(tmp_path: Path) -> None:
    """While it is being closed and afterwards, the rest of a process can be asked for its own."""
    registry, over = CollectorRegistry(), threading.Event()
    Gauge("mine", "Of the process.", registry=registry).set(7)

    def scrape() -> None:
        while not over.is_set():
            assert "mine 7.0" in generate_latest(registry).decode()

    with ThreadPoolExecutor() as pool:
        scrapers = [pool.submit(scrape) for _ in range(2)]
        try:
            open_and_close(tmp_path, registry)
        finally:
            over.set()
    for each in scrapers:
        each.result()


def open_and_close(folder: Path, registry: CollectorRegistry) -> None:
    """Systems one after the other, whose metrics are asked for until after they are closed."""
    for number in range(5):
        system = ActorSystem.open(f"sqlite:///{folder}/{number}.db", till)
        views, taken = Projections(system.log, takings, tally), Takings()
        metrics = Metrics(system, views)
        registry.register(metrics)
        taken.take(system, 5)
        views.close()
        system.close()
        assert generate_latest(registry).decode().count("retold_") == 0
        registry.unregister(metrics)
