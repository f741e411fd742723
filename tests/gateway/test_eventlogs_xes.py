"""XES documents: what is read is what was written, typed, nested and fault by fault."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retold.gateway.eventlogs import BadRow, Columns, Row, read

Write = Callable[[str, str | bytes], Path]

NAME = '<string key="concept:name" value="{}"/>'
TIME = '<date key="time:timestamp" value="2020-01-01T00:00:00Z"/>'
EVENT = f"<event>{NAME.format('a')}{TIME}%s</event>"

XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\n\t"),
    max_size=12,
)
VALUES = st.one_of(
    st.tuples(st.just("string"), XML_TEXT.filter(bool)),
    st.tuples(st.just("id"), XML_TEXT.filter(bool)),
    st.tuples(st.just("int"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("float"), st.floats(allow_nan=False, allow_infinity=False)),
    st.tuples(st.just("boolean"), st.booleans()),
    st.tuples(st.just("date"), st.datetimes().map(lambda time: time.isoformat())),
)
KEYS = XML_TEXT.filter(bool).map(lambda text: "x" + text)
TREES = st.recursive(
    VALUES,
    lambda inner: st.one_of(
        st.tuples(st.just("list"), st.lists(st.tuples(KEYS, inner), max_size=3)),
        st.tuples(st.just("container"), st.dictionaries(KEYS, inner, max_size=3)),
    ),
    max_leaves=6,
)
ATTRIBUTES = st.dictionaries(KEYS, TREES, max_size=4)
TRACES = st.lists(st.tuples(ATTRIBUTES, st.lists(ATTRIBUTES, max_size=3)), max_size=3)


def element(key: str, tree: Any) -> str:
    """Write one attribute, the way the standard shows it."""
    kind, value = tree
    if kind in ("list", "container"):
        pairs = value if kind == "list" else value.items()
        inside = "".join(element(name, child) for name, child in pairs)
        inside = f"<values>{inside}</values>" if kind == "list" else inside
        return f"<{kind} key={quoteattr(key)}>{inside}</{kind}>"
    text = str(value).lower() if kind == "boolean" else str(value)
    return f"<{kind} key={quoteattr(key)} value={quoteattr(text)}/>"


def meant(tree: Any) -> Any:
    """Tell what JSON an attribute stands for."""
    kind, value = tree
    if kind == "list":
        return [{name: meant(child)} for name, child in value]
    if kind == "container":
        return {name: meant(child) for name, child in value.items()}
    return value


def document(*traces: str, root: str = "<log>") -> str:
    """Write a document of some traces, with the preamble that readers have to pass over."""
    preamble = (
        '<?xml version="1.0"?>'
        + root
        + '<global scope="event"><string key="concept:name" value="g"/></global>'
        + '<classifier name="c" keys="concept:name"/><string key="origin" value="here"/>'
    )
    return preamble + "".join(f"<trace>{trace}</trace>" for trace in traces) + "</log>"


def rows(path: Path) -> list[Row | BadRow]:
    """Read a whole file by the usual names."""
    return list(read(path))


@given(TRACES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_a_writer_wrote_is_read(tmp_path: Path, traces: list[Any]) -> None:
    """Whatever attributes of all types and depths are written, the same values come back."""
    texts, expected = [], []
    for number, (case, events) in enumerate(traces):
        text = NAME.format(number) + "".join(element(k, v) for k, v in case.items())
        of_case = {f"case:{k}": meant(v) for k, v in case.items()}
        for event in events:
            text += EVENT % "".join(element(k, v) for k, v in event.items())
            expected.append((str(number), {**of_case, **{k: meant(v) for k, v in event.items()}}))
        texts.append(text)
    path = tmp_path / "log.xes"
    path.write_text(document(*texts), encoding="utf-8")
    known = {"case:concept:name", "concept:name", "time:timestamp"}
    found = []
    for row in rows(path):
        assert isinstance(row, Row)
        found.append((row.case, {k: v for k, v in row.attributes.items() if k not in known}))
    assert found == expected
    assert repr(found) == repr(expected)  # 1, 1.0 and True are equal, but not the same


@pytest.mark.parametrize(
    "attribute",
    [
        '<int key="n" value="1.5"/>',
        '<int key="n" value="1_000"/>',
        '<int key="n" value="٣"/>',
        '<int key="n" value="9223372036854775808"/>',
        '<float key="n" value="NaN"/>',
        '<float key="n" value="INF"/>',
        '<float key="n" value="1e999"/>',
        '<float key="n" value="one"/>',
        '<float key="n" value="1_0.5"/>',
        '<boolean key="n" value="perhaps"/>',
        '<date key="n" value="soon"/>',
        '<string key="n"/>',
        '<string value="n"/>',
        '<string key="concept:name" value="b"/>',
        '<container key="n"><int key="m" value="x"/></container>',
        '<container key="n"><int key="m" value="1"/><int key="m" value="1"/></container>',
        '<string key="case:concept:name" value="other"/>',
        "<surprise/>",
        "<event/>",
        '<container key="n">' * 100 + "</container>" * 100,
    ],
)
def test_a_bad_attribute_spoils_only_its_event(written: Write, attribute: str) -> None:
    """An attribute that is not what its type says makes its event bad, and no other."""
    trace = NAME.format("c1") + EVENT % "" + "\n" + EVENT % attribute + "\n" + EVENT % ""
    before, bad, after = rows(written("log.xes", document(trace)))
    assert isinstance(before, Row)
    assert isinstance(after, Row)
    assert isinstance(bad, BadRow)
    assert bad.line == 2
    assert bad.case is not None


@pytest.mark.parametrize(
    ("trace", "reason"),
    [
        (f"<event>{NAME.format('a')}{TIME}</event>", "no case"),
        (NAME.format("c1") + f"<event>{TIME}</event>", "no activity"),
        (NAME.format("c1") + f"<event>{NAME.format('a')}</event>", "no time"),
        (NAME.format("c1") + EVENT.replace("2020-01-01", "2020-02-31") % "", "time:timestamp"),
        (NAME.format("c1") + '<int key="n" value="x"/>' + EVENT % "", "its case: "),
        (NAME.format("c1") + '<int key="n" value="x"/>', "its case: "),
    ],
)
def test_what_an_event_needs_is_asked_for(written: Write, trace: str, reason: str) -> None:
    """An event without a case, an activity or a time, or with a faulty case, is bad."""
    (bad,) = rows(written("log.xes", document(trace)))
    assert isinstance(bad, BadRow)
    assert reason in bad.reason


def test_a_bad_byte_spoils_only_its_event(written: Write) -> None:
    """Bytes that are no UTF-8 spoil the event they stand in; a true U+FFFD spoils nothing."""
    note = '<string key="note" value="{}"/>'
    trace = NAME.format("c1") + "".join(EVENT % note.format(n) for n in ("é", "@", "\ufffd", "ok"))
    content = document(trace).encode().replace(b"@", b"\xff\xc3")
    found = rows(written("log.xes", content))
    assert [isinstance(row, Row) for row in found] == [True, False, True, True]
    assert found[1] == BadRow(1, "it holds bytes that are not of the encoding of the file", "c1")


def test_bad_bytes_are_found_where_they_stand(written: Write) -> None:
    """However many bytes were bad before, the next one spoils its own event and no neighbour."""
    note = '<string key="note" value="{}"/>'
    notes = ["ok", "@ " * 500, "ok", "ok", "é@", "ok", "@"]
    trace = NAME.format("c1") + "".join(EVENT % note.format(text) for text in notes)
    found = rows(written("log.xes", document(trace).encode().replace(b"@", b"\xff")))
    assert [isinstance(row, Row) for row in found] == ["@" not in text for text in notes]


def test_a_bad_byte_in_a_case_spoils_its_events(written: Write) -> None:
    """Bytes that are no UTF-8 among the attributes of a case spoil its events, not the next."""
    traces = [NAME.format(n) + EVENT % "" + EVENT % "" for n in ("c@", "c2")]
    found = rows(written("log.xes", document(*traces).encode().replace(b"@", b"\xff")))
    assert [isinstance(row, Row) for row in found] == [False, False, True, True]


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16", "utf-8-sig", "windows-1252", "gb18030"])
def test_the_declared_encoding_counts(written: Write, encoding: str) -> None:
    """A document is read in the encoding that it is marked with or declares."""
    text = document(NAME.format("José") + EVENT % "")
    name = encoding.removesuffix("-sig")
    text = text.replace('version="1.0"', f'version="1.0" encoding="{name}"')
    (row,) = rows(written("log.xes", text.encode(encoding)))
    assert row.case == "José"


def test_namespaces_make_no_difference(written: Write) -> None:
    """A default namespace, a prefix or none: the same rows."""
    trace = (
        NAME.format("c1") + EVENT % '<list key="l"><values><int key="i" value="1"/></values></list>'
    )
    plain = document(trace)
    default = document(trace, root='<log xmlns="http://www.xes-standard.org/">')
    prefixed = plain.replace("<?", "\0").replace("</", "\1").replace("<", "<x:")
    prefixed = prefixed.replace("\0", "<?").replace("\1", "</x:")
    prefixed = prefixed.replace("<x:log>", '<x:log xmlns:x="http://www.xes-standard.org/">')
    found = [rows(written("log.xes", text)) for text in (plain, default, prefixed)]
    assert found[0] == found[1] == found[2]
    assert isinstance(found[0][0], Row)
    assert found[0][0].attributes["l"] == [{"i": 1}]


def test_attributes_of_attributes_are_kept(written: Write) -> None:
    """A value with attributes of its own is kept with them, and still counts as a value."""
    inside = '<float key="euro" value="2.5"/><boolean key="paid" value="true"/>'
    name = f'<string key="concept:name" value="c1">{inside}</string>'
    (row,) = rows(written("log.xes", document(name + EVENT % "")))
    assert isinstance(row, Row)
    assert row.case == "c1"
    expected = {"value": "c1", "attributes": {"euro": 2.5, "paid": True}}
    assert row.attributes["case:concept:name"] == expected


def test_a_late_attribute_of_a_case_is_told(written: Write) -> None:
    """An attribute of a case after its first event is told, and later rows have it."""
    trace = NAME.format("c1") + EVENT % "" + '<int key="late" value="1"/>' + EVENT % ""
    first, told, second = rows(written("log.xes", document(trace)))
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert "case:late" not in first.attributes
    assert second.attributes["case:late"] == 1
    assert isinstance(told, BadRow)
    assert (told.case, "'late'" in told.reason) == ("c1", True)


def test_a_late_fault_of_a_case_is_told(written: Write) -> None:
    """A faulty attribute at the end of a case, when all its rows are out, is still told."""
    trace = NAME.format("c1") + EVENT % "" + '<int key="late" value="x"/>'
    found = rows(written("log.xes", document(trace, NAME.format("c2") + EVENT % "")))
    assert [(type(row), row.case) for row in found] == [(Row, "c1"), (BadRow, "c1"), (Row, "c2")]


def test_an_event_may_name_its_case_itself(written: Write) -> None:
    """An event outside a trace is read when it has a column for the case; the names are free."""
    event = EVENT % '<int key="ticket" value="7"/><string key="by" value=""/>'
    path = written("log.xes", f"<log>{event}</log>")
    (row,) = list(read(path, Columns(case="ticket", resource="by")))
    assert isinstance(row, Row)
    assert (row.case, row.resource) == ("7", None)
    assert "by" not in row.attributes


def test_an_event_outside_a_trace_belongs_to_none(written: Write) -> None:
    """An event after a trace has nothing of that trace, neither its case nor its faults."""
    for trace in (NAME.format("c1"), NAME.format("c1") + '<int key="n" value="x"/>'):
        text = document(trace + EVENT % "").replace("</log>", f"{EVENT % ''}</log>")
        found = rows(written("log.xes", text))
        assert isinstance(found[1], BadRow)
        assert found[1].case is None
        assert found[1].reason.startswith("no case")
