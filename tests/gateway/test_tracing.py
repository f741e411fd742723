"""OpenTelemetry spans, as its own SDK receives them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from retold import ActorSystem, Behaviour, Rejected, command, event, state
from retold.actors import Send
from retold.actors.message import Message
from retold.actors.options import Options
from retold.gateway.errors import MissingExtra
from retold.gateway.tracing import Tracing

WAIT = 5.0


@event("bell.sounded.v1")
class Sounded:
    """It rang."""


@command("bell.ring")
class Ring:
    """Let it ring, unless it is broken, and the next one after it."""

    how: str = "once"


@state
class Bell:
    """How often it rang."""

    times: int = 0

    def evolve(self, event: Any) -> Bell:
        """Once more."""
        return Bell(self.times + 1)


def decide(bell: Bell, command: Any, _: Any) -> tuple[Any, ...]:
    """As told."""
    match command.how:
        case "never":
            raise Rejected("not at night", times=bell.times)
        case "broken":
            raise ArithmeticError("the rope is torn")
        case "twice":
            return (Sounded(), Sounded())
    return (Sounded(),)


bell = Behaviour("bell", Bell(), decide)
chain = Behaviour(
    "chain", Bell(), decide, react=lambda _: (Send("bell/last", Ring(), taken=Ring("never")),)
)


class Traced:
    """A system with its tracer provider, and the spans that were ended."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("tests")
        options = Options(tracer=Tracing(self.provider))
        self.system = ActorSystem.open("memory:", bell, chain, options=options)

    @property
    def finished(self) -> tuple[Any, ...]:
        """The spans that have ended, in that order."""
        return self.exporter.get_finished_spans()

    @property
    def spans(self) -> dict[str, Any]:
        """Those of commands, by command id; the others by name."""
        return {each.attributes.get("retold.command_id", each.name): each for each in self.finished}


@pytest.fixture
def traced() -> Iterator[Traced]:
    """Closed after the test."""
    traced = Traced()
    yield traced
    traced.system.close()
    traced.provider.shutdown()


def test_a_command_is_a_span(traced: Traced) -> None:
    """It says whose command it was, and what came of it."""
    traced.system.ref("bell/tower").ask(Ring("twice"), by="alice", id="c1")
    (span,) = traced.finished
    assert (span.name, span.kind, span.parent) == ("Ring", SpanKind.INTERNAL, None)
    assert dict(span.attributes) == {
        "retold.address": "bell/tower",
        "retold.kind": "bell",
        "retold.command": "bell.ring",
        "retold.command_id": "c1",
        "retold.by": "alice",
        "retold.version": 2,
        "retold.position": 2,
        "retold.events": 2,
    }
    assert span.status.status_code is StatusCode.UNSET
    assert span.instrumentation_scope.name == "retold"


def test_a_refusal_is_no_error(traced: Traced) -> None:
    """An event has its reason; nothing is recorded as an exception."""
    with pytest.raises(Rejected):
        traced.system.ref("bell/tower").ask(Ring("never"))
    (span,) = traced.finished
    assert span.status.status_code is StatusCode.UNSET
    assert span.attributes["retold.refused"] is True
    (said,) = span.events
    assert (said.name, dict(said.attributes)) == (
        "retold.refused", {"retold.reason": "not at night"},
    )  # fmt: skip


def test_a_failure_is_an_error(traced: Traced) -> None:
    """Its exception is recorded, with its type as the conventions have it."""
    with pytest.raises(ArithmeticError):
        traced.system.ref("bell/tower").ask(Ring("broken"))
    (span,) = traced.finished
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "ArithmeticError: the rope is torn"
    assert span.attributes["error.type"] == "ArithmeticError"
    (said,) = span.events
    assert (said.name, said.attributes["exception.message"]) == ("exception", "the rope is torn")


def test_a_tell_ends_with_its_commit(traced: Traced) -> None:
    """When a later ask is answered, its span has ended with what was stored."""
    ref = traced.system.ref("bell/tower")
    ref.tell(Ring(), id="told")
    ref.tell(Ring("broken"), id="broken")
    ref.ask(Ring(), id="asked")
    assert traced.spans["told"].attributes["retold.position"] == 1
    assert traced.spans["broken"].status.status_code is StatusCode.ERROR
    assert traced.spans["asked"].attributes["retold.version"] == 2


def test_a_span_belongs_to_where_it_was_sent(traced: Traced) -> None:
    """The current span of the sender is its parent, on a thread as in each of many tasks."""

    async def one(name: str) -> None:
        with traced.tracer.start_as_current_span(name):
            await traced.system.ref("bell/tower").ask(Ring(), block=False, id=f"of {name}")

    async def many() -> None:
        await asyncio.gather(one("first"), one("second"))

    with traced.tracer.start_as_current_span("outer"):
        traced.system.ref("bell/tower").ask(Ring(), id="of outer")
    asyncio.run(many())
    for name in ("outer", "first", "second"):
        made = traced.spans[f"of {name}"]
        assert made.parent is not None
        assert made.parent.span_id == traced.spans[name].context.span_id
        assert made.context.trace_id == traced.spans[name].context.trace_id


def test_reactions_are_children_of_what_caused_them(traced: Traced) -> None:
    """One trace shows the command, what its event made others do, and what went back."""
    traced.system.ref("chain/a").ask(Ring(), id="pull")
    traced.system.wait_idle(WAIT)
    spans = traced.spans
    sent, back = spans["r.1.0"], spans["r.1.0.taken"]
    assert sent.parent is not None
    assert back.parent is not None
    assert sent.parent.span_id == spans["pull"].context.span_id
    assert back.parent.span_id == sent.context.span_id
    assert {each.context.trace_id for each in spans.values()} == {sent.context.trace_id}


def test_what_is_caused_by_a_forgotten_command_is_a_root(
    traced: Traced, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no child of whatever is current where the reaction happens to be sent."""
    monkeypatch.setattr("retold.gateway.tracing.REMEMBERED", 1)
    tracing, tower = Tracing(traced.provider), traced.system.actor("bell/tower")
    with traced.tracer.start_as_current_span("whoever waits"):
        for name, cause in (("pull", ""), ("another", ""), ("late", "pull"), ("next", "late")):
            message = Message(tower, Ring(), None, "ann", "", name, None)
            tracing.sent(message, cause).ended(None, None)
    spans = traced.spans
    assert spans["late"].parent is None
    assert spans["next"].parent.span_id == spans["late"].context.span_id


def test_what_nobody_samples_is_not_described() -> None:
    """Without a provider spans are empty, and commands are answered as ever."""
    with ActorSystem.open("memory:", bell, options=Options(tracer=Tracing())) as system:
        assert system.ref("bell/tower").ask(Ring("twice")).version == 2


def test_without_its_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The import names the extra."""
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    monkeypatch.delitem(sys.modules, "retold.gateway.tracing")
    with pytest.raises(MissingExtra, match=r"pip install 'retold\[opentelemetry\]'"):
        __import__("retold.gateway.tracing")
