"""The elements of an XES document, as they start and end, made into rows.

Theory. `_open` holds one place for every element that is open, `nesting` says what they mean.

| innermost open element | what may start | everything else |
|---|---|---|
| none yet | `<log>` | refuses the file |
| log | `<trace>`, `<event>` | is ignored, with all that is in it |
| trace | `<event>`, attributes | is a fault of the case |
| event | attributes | is a fault of the event |

A fault in an event makes this event a BadRow, a fault in the attributes of a case all its
events. Empty strings count as absent. An event outside a trace is taken if it names its case.
A case without events has no rows. Names are taken without their namespace prefix.

XES has the attributes of a case before its events. Where a file has one later, the rows before
it are without it, as they have gone out already, those after it have it, and a BadRow tells
of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from xml.parsers.expat import XMLParserType

from .errors import BadLog
from .nesting import Attributes, Place, enter, nest
from .row import BadRow, Columns, Row
from .typed import VALUES

DEEPEST = 64  # elements open around an attribute; an event is the third
MOST_OPEN = 1000  # elements open at all, those that are ignored among them

_DAMAGED = "it holds bytes that are not of the encoding of the file"


class Traces:
    """Takes the starts and ends of elements, collects rows until they are taken.

    `mark` is the byte where the last event or trace ended; `damaged` are the places of bad
    bytes, in order, which are noticed when the parser has passed them.
    """

    def __init__(
        self,
        columns: Columns,
        parser: XMLParserType,
        bad: Callable[[str, int], BadLog],
        damaged: deque[int],
    ) -> None:
        self.mark = 0
        self._columns = columns
        self._parser = parser
        self._bad = bad
        self._damaged = damaged
        self._rows: list[Row | BadRow] = []
        self._outside: Attributes = {}
        self._log: Attributes = {}
        self._open: list[Place] = [self._outside]
        self._trace: Attributes | None = None
        self._trace_line = 0
        self._trace_fault: str | None = None
        self._case: Attributes = {}  # the attributes of the trace, as a row has them
        self._events = 0  # of this trace, so far
        self._event: Attributes | None = None
        self._event_line = 0
        self._event_fault: str | None = None

    def take(self) -> list[Row | BadRow]:
        """Hand over the rows collected so far, in the order of the file."""
        taken, self._rows = self._rows, []
        return taken

    def start(self, tag: str, found: dict[str, str]) -> None:
        """Take the start of an element."""
        if self._damaged:
            self._notice_damage()
        holder, event = self._open[-1], self._event
        if holder is None:
            self._ignore()
        elif event is not None and holder is event and tag in VALUES:
            self._open.append(self._single(event, tag, found))
        else:
            self._open.append(self._enter(holder, tag.rpartition(":")[2], found))

    def end(self, _: str) -> None:
        """Take the end of an element."""
        if self._damaged:
            self._notice_damage()
        closed, event = self._open.pop(), self._event
        if closed is None:
            return
        if event is not None and closed is event:
            self._end_event(event)
        elif closed is self._trace:
            self._end_trace()

    def _enter(self, holder: Place, tag: str, found: dict[str, str]) -> Place:
        if holder is self._outside:
            return self._start_log(tag)
        if tag == "event" and (holder is self._log or holder is self._trace):
            return self._start_event()
        if holder is self._log:
            return self._start_trace() if tag == "trace" else None
        return self._attribute(holder, tag, found)

    def _start_log(self, tag: str) -> Place:
        if tag != "log":
            reason = f"it is no XES: its first element is <{tag[:60]}>, not <log>"
            raise self._bad(reason, self._parser.CurrentLineNumber)
        return self._log

    def _start_trace(self) -> Place:
        self._trace, self._case, self._trace_fault, self._events = {}, {}, None, 0
        self._trace_line = self._parser.CurrentLineNumber
        return self._trace

    def _start_event(self) -> Place:
        self._event, self._event_fault = {}, None
        self._event_line = self._parser.CurrentLineNumber
        return self._event

    def _single(self, event: Attributes, tag: str, found: dict[str, str]) -> Place:
        """Take the usual attribute on a short way: nine in ten of all elements come by here."""
        try:
            key = found["key"]
            if key and key not in event:
                event[key] = VALUES[tag](found["value"])
                return event, key
        except (KeyError, ValueError):
            pass  # the long way says what is wrong
        return self._attribute(event, tag, found)

    def _ignore(self) -> None:
        self._open.append(None)
        if len(self._open) > MOST_OPEN:
            reason = f"its elements are nested more than {MOST_OPEN} deep"
            raise self._bad(reason, self._parser.CurrentLineNumber)

    def _attribute(self, holder: Place, tag: str, found: dict[str, str]) -> Place:
        if holder is None or len(self._open) >= DEEPEST:
            self._fault(f"attributes nested more than {DEEPEST} deep")
            return None
        if isinstance(holder, tuple):
            holder = self._open[-1] = nest(*holder)
        try:
            place = enter(holder, tag, found)
        except ValueError as error:
            self._fault(str(error))
            return None
        if holder is self._trace and self._events:
            self._tell_late(f"attribute {found['key'][:60]!r} of the case comes after events of it")
        return place

    def _end_event(self, event: Attributes) -> None:
        self._rows.append(self._row(event))
        self._event = None
        self._events += 1
        self.mark = self._parser.CurrentByteIndex

    def _row(self, event: Attributes) -> Row | BadRow:
        """Make the row of an event that has ended, or say why it is none."""
        if not self._events or not self._case:
            self._case = {f"case:{k}": v for k, v in (self._trace or {}).items() if v != ""}
        attributes = {k: v for k, v in event.items() if v != ""}
        whole = {**self._case, **attributes}
        fault = self._event_fault or self._trace_fault
        if fault is None and len(whole) < len(self._case) + len(attributes):
            fault = self._clash(attributes)
        if fault is None:
            return self._columns.row(self._event_line, whole)
        return BadRow(self._event_line, fault, self._columns.case_of(whole))

    def _clash(self, event: Attributes) -> str | None:
        """Name an attribute that the event and its case give different values."""
        for key in self._case.keys() & event.keys():
            if self._case[key] != event[key]:
                return f"key {key[:60]!r} differs between the event and its case"
        return None

    def _end_trace(self) -> None:
        if self._trace_fault is not None and not self._events:
            self._rows.append(BadRow(self._trace_line, self._trace_fault, self._known_case()))
        self._trace, self._case, self._trace_fault = None, {}, None
        self.mark = self._parser.CurrentByteIndex

    def _fault(self, reason: str) -> None:
        """Note the first thing that is wrong with the event, or else with the case."""
        if self._event is not None:
            self._event_fault = self._event_fault or reason
        elif self._trace is not None:
            self._trace_fault = self._trace_fault or f"its case: {reason}"
            if self._events:
                self._tell_late(reason)

    def _tell_late(self, reason: str) -> None:
        """Report what is found in a case whose first rows have gone out without it."""
        self._case = {}
        self._rows.append(BadRow(self._parser.CurrentLineNumber, reason, self._known_case()))

    def _known_case(self) -> str | None:
        trace = self._trace or {}
        return self._columns.case_of({f"case:{key}": value for key, value in trace.items()})

    def _notice_damage(self) -> None:
        passed = self._parser.CurrentByteIndex
        if self._damaged[0] < passed:
            self._fault(_DAMAGED)
            while self._damaged and self._damaged[0] < passed:
                self._damaged.popleft()
