"""OpenTelemetry: a span for every command, from its sending to its answer.

    from retold.gateway.tracing import Tracing
    ActorSystem.open(url, account, options=Options(tracer=Tracing()))

A span is a child of the one that is current where the command is sent; that of a reaction or a saga
a child of the command that caused it, while that is among the last `REMEMBERED`, and a root of its
own after that and after a restart. It ends with the commit, for a tell too. What a span says:

| attribute | what |
|---|---|
| `retold.address`, `retold.kind` | the actor |
| `retold.command`, `retold.command_id` | the wire name of the command, and its id |
| `retold.by` | its author |
| `retold.version`, `retold.position` | from its receipt |
| `retold.events` | how many it stored |
| `error.type` | the class of what it failed of; the exception is recorded, the status ERROR |

A refusal is an answer and no error: the status stays unset, `retold.refused` is true and an event
`retold.refused` has its `retold.reason`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from ..actors.behaviour import Receipt
from ..actors.message import Message
from ..events.address import kind
from ..events.errors import Rejected
from ..events.names import command_name, is_command
from .errors import MissingExtra

try:
    from opentelemetry import trace
    from opentelemetry.context import Context
except ModuleNotFoundError as missing:
    raise MissingExtra(__name__, "opentelemetry", missing.name) from missing

if TYPE_CHECKING:
    from opentelemetry.trace import Span, SpanContext, TracerProvider

REMEMBERED = 10_000
"""How many commands are remembered as causes, in about 2 MB."""


class Tracing:
    """Makes spans; of the global tracer provider, or of the one that is given."""

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("retold", tracer_provider=provider)
        self._causes: dict[str, SpanContext] = {}
        self._lock = threading.Lock()

    def sent(self, message: Message, cause: str) -> CommandSpan:
        """Begin the span of a command."""
        command, address = message.command, message.actor.address
        cls = type(command)
        span = self._tracer.start_span(
            cls.__name__,
            context=self._parent(cause),
            attributes={
                "retold.address": address,
                "retold.kind": kind(address),
                "retold.command": command_name(cls) if is_command(command) else cls.__name__,
                "retold.command_id": message.id,
                "retold.by": message.by,
            },
        )
        self._remember(message.id, span.get_span_context())
        return CommandSpan(span)

    def _parent(self, cause: str) -> Context | None:
        """Where the cause's span stands, a new root if it is not known; None, the current one, for
        no cause."""
        if not cause:
            return None
        known = self._causes.get(cause)
        if known is None:
            return Context()
        return trace.set_span_in_context(trace.NonRecordingSpan(known), Context())

    def _remember(self, command_id: str, known: SpanContext) -> None:
        with self._lock:
            self._causes[command_id] = known
            if len(self._causes) > REMEMBERED:
                del self._causes[next(iter(self._causes))]


class CommandSpan:
    """The span of one command."""

    __slots__ = ("_span",)

    def __init__(self, span: Span) -> None:
        self._span = span

    def ended(self, receipt: Receipt | None, error: BaseException | None) -> None:
        """Say how it was answered, and end it."""
        if self._span.is_recording():
            if isinstance(error, Rejected):
                self._refused(error)
            elif error is not None:
                self._failed(error)
            elif receipt is not None:
                self._taken(receipt)
        self._span.end()

    def _taken(self, receipt: Receipt) -> None:
        self._span.set_attributes(
            {
                "retold.version": receipt.version,
                "retold.position": receipt.position,
                "retold.events": len(receipt.events),
            }
        )

    def _refused(self, refusal: Rejected) -> None:
        self._span.set_attribute("retold.refused", True)
        self._span.add_event("retold.refused", {"retold.reason": refusal.reason})

    def _failed(self, error: BaseException) -> None:
        name = type(error).__qualname__
        self._span.set_attribute("error.type", name)
        self._span.record_exception(error)
        self._span.set_status(trace.StatusCode.ERROR, f"{name}: {error}")
