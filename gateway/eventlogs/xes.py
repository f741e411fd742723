"""The reader of XES: feeds an XML parser piece by piece and hands out the events that have ended.

The parser is expat itself, rather than `defusedxml` or `ElementTree.iterparse` upon it. What
defusedxml adds to expat is the refusal of declarations, which is one handler here; what they
take away is the line of an event and the memory: iterparse keeps a node for every element until
somebody clears it, in every parent. Entities can be declared only in a DTD, and a DTD is refused
where it starts, with its line, before anything of it is read; so nothing expands and nothing is
fetched.

What is held is one event, the attributes of one case, and one piece; what does not end within
`LARGEST_ROW` bytes, or uses more than `MOST_NAMES` different names of tags, ends the reading.

A byte that does not decode would end every XML parser. Here it spoils the event or the case
that it stands in, as in CSV: it is replaced on its way in, and its place remembered (`repair`).
"""

from __future__ import annotations

import itertools
from collections.abc import Generator
from xml.parsers import expat

from .errors import BadLog
from .repair import Repair
from .row import BadRow, Columns, Row
from .source import LARGEST_ROW, Source
from .traces import Traces

MOST_NAMES = 10_000  # of tags and XML attributes; expat keeps each for as long as it lives


def rows(source: Source, columns: Columns) -> Generator[Row | BadRow, None, None]:
    """Read the events of an XES file; what stood before a fault comes out before its BadLog."""
    document = _Document(source, columns)
    for piece in itertools.chain(source.pieces(), (b"",)):
        fault = document.feed(piece)
        yield from document.traces.take()
        if fault is not None:
            raise fault


class _Document:
    """One XML document on its way through the parser; `traces` makes rows of what it finds."""

    def __init__(self, source: Source, columns: Columns) -> None:
        self._source = source
        source.line = 1
        self._fed = 0
        self._repair = Repair()
        self._parser = expat.ParserCreate("utf-8")  # that is what Repair hands on
        self.traces = Traces(columns, self._parser, source.bad, self._repair.damaged)
        self._parser.StartElementHandler = self.traces.start
        self._parser.EndElementHandler = self.traces.end
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, piece: bytes) -> BadLog | None:
        """Parse one piece, the empty one at the end; return, not raise, what is wrong with it."""
        try:
            sound = self._repair.sound(piece)
            self._fed += len(sound)
            self._parser.Parse(sound, not piece)
            self._source.line = self._parser.CurrentLineNumber
            return self._beyond_bounds()
        except expat.ExpatError as error:
            reason = f"it is not well-formed XML: {expat.ErrorString(error.code)}"
            return self._source.bad(reason, error.lineno)
        except (LookupError, UnicodeError) as error:
            return self._source.bad(f"it cannot be decoded: {error}")
        except BadLog as error:
            return error

    def _beyond_bounds(self) -> BadLog | None:
        if self._fed - self.traces.mark > LARGEST_ROW:
            return self._source.bad(f"nothing ends within {LARGEST_ROW} bytes")
        if len(self._parser.intern) > MOST_NAMES:
            return self._source.bad(f"it has more than {MOST_NAMES} different names of elements")
        return None

    def _refuse(self, name: str, system: str | None, public: str | None, inside: bool) -> None:
        line = self._parser.CurrentLineNumber
        raise self._source.bad("it declares a DTD; entities and DTDs are refused", line)
