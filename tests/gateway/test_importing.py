"""Importing: each row once, whatever happens in between, and every bad row named."""

from __future__ import annotations

import csv
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from retold.events import Log, address
from retold.events.workflow import Workflow
from retold.gateway.intake import OUTSTANDING

from .calling import HEADER, answered, call, refused, rows_of, start, write_csv
from .test_command_line import stored


def counts(report: dict[str, object]) -> tuple[object, ...]:
    """The counts of a report: rows, new, already there, amended, bad."""
    return tuple(report[each] for each in ("rows", "new", "already_there", "amended", "bad"))


def imported(rows: list[list[str]], tmp_path: Path, *options: str) -> dict[str, object]:
    """Import rows into the log of this test; the report."""
    log = write_csv(tmp_path / "log.csv", rows)
    report = answered("import", log, "--db", tmp_path / "log.db", "--json", *options).json
    assert isinstance(report, dict)
    return report


def documents(tmp_path: Path) -> dict[str, list[dict[str, object]]]:
    """Every document that every workflow of the log has had."""
    found: dict[str, list[dict[str, object]]] = {}
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}", read_only=True) as log:
        for where, _ in log.addresses():
            state = Workflow()
            for event in log.events(where):
                state = state.evolve(event)
                found.setdefault(where, []).append(state.document)
    return found


def expected(rows: list[list[str]]) -> dict[str, list[dict[str, str]]]:
    """What the documents of imported rows must be: the cells of each that are not empty."""
    found: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        cells = {name: cell for name, cell in zip(HEADER, row, strict=True) if cell}
        found.setdefault(address("workflow", row[0]), []).append(cells)
    return found


def test_each_row_is_one_version(tmp_path: Path) -> None:
    """A case is a workflow, a row a version: document, author, reason and time are the row's."""
    rows = rows_of(3, 25)
    assert counts(imported(rows, tmp_path)) == (25, 25, 0, 0, 0)
    assert documents(tmp_path) == expected(rows)
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}", read_only=True) as log:
        found = [(each.by, each.why, each.happened_at) for each in log.scan()]
    meant = [(row[3] or "unknown", row[1], datetime.fromisoformat(row[2])) for row in rows]
    assert Counter(found) == Counter(meant)


def test_importing_again_adds_nothing(tmp_path: Path) -> None:
    """The same file a second time is known row by row, however often."""
    rows = rows_of(3, 25)
    imported(rows, tmp_path)
    for _ in range(2):
        assert counts(imported(rows, tmp_path)) == (25, 0, 25, 0, 0)
    assert documents(tmp_path) == expected(rows)


def test_equal_rows_are_rows_of_their_own(tmp_path: Path) -> None:
    """A row that repeats another to the letter is a version of its own, and known as such."""
    rows = [rows_of(1, 1)[0]] * 4
    assert counts(imported(rows, tmp_path)) == (4, 4, 0, 0, 0)
    assert counts(imported([*rows, rows[0]], tmp_path)) == (5, 1, 4, 0, 0)


def test_a_longer_dump_adds_what_is_new(tmp_path: Path) -> None:
    """Of a longer dump of the same log only the new rows are added, also to old cases."""
    rows = rows_of(4, 50)
    assert counts(imported(rows[:30], tmp_path)) == (30, 30, 0, 0, 0)
    assert counts(imported(rows, tmp_path)) == (50, 20, 30, 0, 0)
    assert documents(tmp_path) == expected(rows)


def test_more_rows_than_receipts_are_known(tmp_path: Path) -> None:
    """A case of more rows than a family keeps receipts for is known as well."""
    rows = rows_of(1, 2 * OUTSTANDING + 500)
    imported(rows, tmp_path)
    assert counts(imported([*rows, *rows_of(1, 3)], tmp_path))[1:3] == (3, len(rows))


def test_another_content_is_an_amendment(tmp_path: Path) -> None:
    """A row whose place held other content is a new version, counted as amended, and only once."""
    rows = rows_of(2, 10)
    imported(rows, tmp_path)
    rows[3][4] = "corrected"
    assert counts(imported(rows, tmp_path)) == (10, 1, 9, 1, 0)
    assert counts(imported(rows, tmp_path)) == (10, 0, 10, 0, 0)
    assert documents(tmp_path)["workflow/case%201"][-1]["note"] == "corrected"


def test_columns_can_be_named(tmp_path: Path) -> None:
    """Other names of columns, another delimiter and another encoding are options."""
    log = tmp_path / "log.csv"
    log.write_bytes("Fall;Tätigkeit;Wann;Wer\n7;prüfen;2020-01-01;Büro\n".encode("latin-1"))
    options = ["--case-column", "Fall", "--activity-column", "Tätigkeit", "--time-column", "Wann"]
    options += ["--resource-column", "Wer", "--delimiter", ";", "--encoding", "latin-1"]
    answered("import", log, "--db", tmp_path / "log.db", *options)
    (version,) = answered("history", "workflow/7", "--db", tmp_path / "log.db", "--json").json
    assert (version["author"], version["reason"]) == ("Büro", "prüfen")
    assert version["happened_at"] == "2020-01-01T00:00:00Z"


def test_a_wrong_column_makes_no_log(tmp_path: Path) -> None:
    """A file that cannot be read at all leaves no log behind."""
    log = write_csv(tmp_path / "log.csv", rows_of(1, 2))
    line = refused("import", log, "--db", tmp_path / "log.db", "--case-column", "Fall")
    assert "'Fall'" in line
    assert not (tmp_path / "log.db").exists()


def with_bad_rows(rows: list[list[str]], *places: int) -> list[list[str]]:
    """The rows with the times of some made unreadable."""
    return [
        [*row[:2], "soon", *row[3:]] if place in places else row for place, row in enumerate(rows)
    ]


def test_a_bad_row_is_named_and_left_out(tmp_path: Path) -> None:
    """A bad row is reported with its line and reason, counted, and costs no other row."""
    rows = rows_of(2, 10)
    log = write_csv(tmp_path / "log.csv", with_bad_rows(rows, 3, 6))
    called = call("import", log, "--db", tmp_path / "log.db")
    assert called.status == 0
    assert [line.split(":")[0] for line in called.err.splitlines()] == [
        "line 5 (case case 1)", "line 8 (case case 0)",
    ]  # fmt: skip
    good = [row for place, row in enumerate(rows) if place not in (3, 6)]
    assert documents(tmp_path) == expected(good)


def test_a_corrected_row_does_not_shift_the_others(tmp_path: Path) -> None:
    """When a bad row is corrected, it alone is new."""
    rows = rows_of(2, 10)
    assert counts(imported(with_bad_rows(rows, 3, 6), tmp_path)) == (10, 8, 0, 0, 2)
    assert counts(imported(rows, tmp_path)) == (10, 2, 8, 0, 0)


def test_of_many_bad_rows_few_are_shown(tmp_path: Path) -> None:
    """Twenty bad rows are shown, the others are counted."""
    log = write_csv(tmp_path / "log.csv", with_bad_rows(rows_of(2, 50), *range(30)))
    lines = call("import", log, "--db", tmp_path / "log.db").err.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "… and 10 more bad rows"


def test_strict_stops_at_a_bad_row(tmp_path: Path) -> None:
    """With --strict a bad row ends the import; what was before it is said, and stays."""
    rows = rows_of(2, 3000)
    log = write_csv(tmp_path / "log.csv", with_bad_rows(rows, 2000, 2001))
    line = refused("import", log, "--db", tmp_path / "log.db", "--strict")
    assert "log.csv, line 2002: no time" in line
    assert "2000 rows were added" in line
    assert documents(tmp_path) == expected(rows[:2000])


def test_a_file_that_breaks_off_keeps_its_rows(tmp_path: Path) -> None:
    """Where the file cannot be read on, the rows before are in the log, and it is said."""
    event = '<event><string key="concept:name" value="a"/>'
    event += '<date key="time:timestamp" value="2020-01-01"/></event>'
    log = tmp_path / "log.xes"
    log.write_text(f'<log><trace><string key="concept:name" value="c"/>{event}{event}<eve')
    line = refused("import", log, "--db", tmp_path / "log.db")
    assert "2 rows were added, and stay" in line
    assert len(documents(tmp_path)["workflow/c"]) == 2


def test_a_log_in_use_is_refused(tmp_path: Path) -> None:
    """While another system writes the log, an import is refused in one line and adds nothing."""
    log = write_csv(tmp_path / "log.csv", rows_of(1, 2))
    with Log.open(f"sqlite:///{tmp_path / 'log.db'}"):
        assert "is being written by" in refused("import", log, "--db", tmp_path / "log.db")
    assert stored(tmp_path / "log.db") == 0


@pytest.mark.parametrize("killed_at", [1, 5_000])
def test_a_killed_import_is_completed_by_another(tmp_path: Path, killed_at: int) -> None:
    """Killed with SIGKILL in the middle, the import run again gives what one run would have."""
    rows, db = rows_of(40, 30_000), tmp_path / "log.db"
    log = write_csv(tmp_path / "log.csv", rows)
    process = start("import", log, "--db", db)
    while process.poll() is None and stored(db) < killed_at:
        pass
    process.kill()
    process.communicate()
    there = stored(db)
    assert killed_at <= there < len(rows)
    report = answered("import", log, "--db", db, "--json").json
    assert counts(report) == (len(rows), len(rows) - there, there, 0, 0)
    assert documents(tmp_path) == expected(rows)


def test_the_report_is_for_people_too(tmp_path: Path) -> None:
    """Without --json the report says the same in words, and what to type next."""
    log = write_csv(tmp_path / "log.csv", rows_of(3, 25))
    shown = answered("import", log, "--db", tmp_path / "log.db").out
    assert "25 rows of 3 cases" in shown
    assert "25 new" in shown
    assert f"retold stats --db {tmp_path / 'log.db'}" in shown


def test_a_report_counts_every_row(tmp_path: Path) -> None:
    """Every row of a file is in exactly one count."""
    with (tmp_path / "log.csv").open("w", newline="") as file:
        csv.writer(file).writerows([HEADER, *with_bad_rows(rows_of(3, 30), 4, 9)])
    report = call("import", tmp_path / "log.csv", "--db", tmp_path / "log.db", "--json").json
    assert report["rows"] == report["new"] + report["already_there"] + report["bad"] == 30
    assert (report["cases"], [each["line"] for each in report["bad_rows"]]) == (3, [6, 11])


PEAK = """
import sys
from pathlib import Path
from retold.gateway.main import run
status = run(sys.argv[1:])
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
sys.exit(status)
"""
"""What the kernel says of this process alone: ru_maxrss may be that of the one that started it."""


@pytest.mark.soak
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak")
def test_four_times_the_rows_take_no_more_memory(tmp_path: Path) -> None:
    """An import's memory grows with the number of its cases only, and by less than 1 KB each."""
    peaks = []
    for cases in (4_000, 16_000):
        log = write_csv(tmp_path / f"{cases}.csv", sorted(rows_of(cases, cases * 8)))
        arguments = ["import", log, "--db", tmp_path / f"{cases}.db"]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *map(str, arguments)], capture_output=True, check=True
        )
        peaks.append(int(done.stdout.split()[-1]))
    assert (peaks[1] - peaks[0]) * 1024 < 12_000 * 1_000
