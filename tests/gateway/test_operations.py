"""`retold backup`, `restore`, `compact`, `seal` and `verify --deep` as they are typed."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from retold.events.recorders import SqliteRecorder

from ..operations.laden import flip
from ..operations.plain import digest_of, rows_of
from .calling import answered, call, refused, start


@pytest.fixture
def db(tmp_path: Path) -> Path:
    """The log of the demo: 46 events of workflows and channels."""
    path = tmp_path / "demo.db"
    answered("demo", "--db", path)
    return path


def test_a_backup_is_taken_and_put_back(db: Path, tmp_path: Path) -> None:
    """The digests are one; every command reads a backup; what is there is replaced if told."""
    saved = tmp_path / "saved.db"
    taken = answered("backup", saved, "--db", db, "--json").json
    assert (taken["rows"], taken["last_position"]) == (46, 46)
    assert taken["digest"] == digest_of(rows_of(db))
    for command in ("replay", "verify", "stats", "log"):
        answered(command, "--db", saved)
    assert "--force" in refused("restore", saved, "--db", db)
    restored = answered("restore", saved, "--db", db, "--force", "--json").json
    assert restored["digest"] == taken["digest"]
    assert "to position 46" in answered("backup", saved, "--db", db, "--force").out


def test_the_digest_of_a_prefix_is_shown(db: Path, tmp_path: Path) -> None:
    """What a backup said is what the log says of itself up to that position, later as well."""
    taken = answered("backup", tmp_path / "saved.db", "--db", db, "--json").json
    answered("demo", "--db", db)
    deep = answered("verify", "--deep", "--upto", "46", "--db", db, "--json").json
    assert deep["prefix"] == {"rows": 46, "last_position": 46, "digest": taken["digest"]}
    assert taken["digest"] in answered("verify", "--deep", "--upto", "46", "--db", db).out
    assert taken["digest"] not in answered("verify", "--deep", "--db", db).out


def test_compacting_says_what_it_came_to(db: Path) -> None:
    """Bytes before and after, and the digest, which stays."""
    done = answered("compact", "--db", db, "--json").json
    assert done["bytes_after"] == db.stat().st_size <= done["bytes_before"]
    assert done["digest"] == digest_of(rows_of(db))
    assert "bytes before" in answered("compact", "--db", db).out


def test_a_flipped_byte_is_named(db: Path) -> None:
    """Where it is and whose page it is; the exit status is 1, and so with --json."""
    assert "every byte" in answered("verify", "--deep", "--db", db).out
    flip(db, 5000)
    called = call("verify", "--deep", "--db", db)
    assert (called.status, called.err) == (1, "")
    assert "bytes 4,096 to 8,191" in called.out
    found = call("verify", "--deep", "--db", db, "--json")
    assert (found.status, found.json["ok"]) == (1, False)


def test_what_is_not_sealed_is_said(db: Path) -> None:
    """A log without a seal verifies, with a word on what was not checked; sealing mends that."""
    (db.parent / "demo.db-seal").unlink()
    said = answered("verify", "--deep", "--db", db).out
    assert "bytes that no row uses were not checked: there is no seal" in said
    assert "sealed" in answered("seal", "--db", db).out
    assert "every byte" in answered("verify", "--deep", "--db", db).out


@pytest.mark.parametrize("command", ["backup", "restore", "compact", "seal"])
@pytest.mark.parametrize("url", ["memory:", "module:eventsourcing.popo"])
def test_a_log_in_no_file_is_refused(command: str, url: str, tmp_path: Path) -> None:
    """With a word on what to do; nothing is made."""
    arguments = [tmp_path / "file.db"] if command in ("backup", "restore") else []
    assert "give one with --db FILE" in refused(command, *arguments, "--db", url)
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_there_is_told(db: Path, tmp_path: Path) -> None:
    """A log and a backup that are not there, with those that are beside."""
    other, none = tmp_path / "other.db", tmp_path / "none.db"
    for arguments in (
        ("backup", other, "--db", none), ("restore", none, "--db", other),
        ("compact", "--db", none), ("seal", "--db", none),
    ):  # fmt: skip
        assert "demo.db" in refused(*arguments)
    assert not other.exists()


def test_a_log_in_use_is_refused(db: Path, tmp_path: Path) -> None:
    """Its holder is named; a backup of it is taken all the same."""
    saved = tmp_path / "saved.db"
    with closing(SqliteRecorder.open(db)):
        answered("backup", saved, "--db", db)
        for arguments in (("restore", saved, "--force"), ("compact",), ("seal",)):
            assert "is being written by" in refused(*arguments, "--db", db)


def test_a_killed_compaction_changes_nothing(tmp_path: Path) -> None:
    """Killed at moments all over its life: every row is there, and nothing is wrong."""
    db, random = tmp_path / "log.db", Random(5)
    with closing(SqliteRecorder.open(db)) as log:
        for first in range(0, 60_000, 4_000):
            these = range(first, first + 4_000)
            log.write([(f"a/{n}", 1, "a.b.v1", b"%d" % n * 20) for n in these])
    before = rows_of(db)
    for _ in range(6):
        process = start("compact", "--db", db)
        try:
            process.wait(random.uniform(0.2, 1.5))
        except subprocess.TimeoutExpired:
            process.kill()
        process.communicate()
        assert rows_of(db) == before
    answered("compact", "--db", db)
    assert rows_of(db) == before
