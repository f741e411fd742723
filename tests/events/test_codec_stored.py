"""The bytes on disk: the same in every process, compressed and encrypted where settings say so."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import attrs
import pytest
from eventsourcing.cipher import AESCipher
from eventsourcing.utils import clear_topic_cache

from retold import Log, event
from retold.events.codec import Codec
from retold.events.errors import RetoldError
from retold.events.log import Append
from retold.events.log_errors import BadSettings, CorruptedRow

from .things import Noted

WRITE = """
from retold import event
from retold.events.codec import Codec
import attrs

@attrs.frozen
class Point:
    x: int
    y: int

@event("hashed.scattered.v1")
class Scattered:
    words: frozenset[str]
    points: frozenset[Point]
    nested: dict[str, frozenset[bytes]]

scattered = Scattered(
    frozenset("some words in a set whose order depends on the process".split()),
    frozenset(Point(n % 7, n) for n in range(20)),
    {"z": frozenset({b"q", b"a", b"zz"}), "a": frozenset()},
)
print(Codec().encode(scattered, "by", "why", "cause")[1].decode())
"""

COMPRESS = {"COMPRESSOR_TOPIC": "eventsourcing.compressor:ZlibCompressor"}


def encrypting() -> dict[str, str]:
    """Settings with a key of their own."""
    return {
        "CIPHER_TOPIC": "eventsourcing.cipher:AESCipher",
        "CIPHER_KEY": AESCipher.create_key(num_bytes=16),
    }


def states(path: Path) -> list[bytes]:
    """The states of all rows, as a stranger with plain SQLite finds them."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT state FROM stored_events ORDER BY rowid")
        return [bytes(state) if isinstance(state, bytes) else state.encode() for (state,) in found]


def test_the_same_event_is_the_same_bytes_in_every_process() -> None:
    """Nothing of the order in which a process keeps its sets reaches the disk."""
    said = {
        subprocess.run(
            [sys.executable, "-c", WRITE],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(said) == 1
    assert '"words":["a","depends"' in said.pop()


def test_a_log_is_readable_in_a_bare_shell(tmp_path: Path) -> None:
    """The SQL of the README's promise: author and data by their names, without us."""
    path = tmp_path / "log.db"
    with Log.open(f"sqlite:///{path}") as log:
        log.append(Append("note/a", 0, (Noted({"x": [1]}),), by="bank", why="salary"))
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            "SELECT topic, state ->> 'by', state ->> '$.data.what.x[0]' FROM stored_events"
        ).fetchall()
    assert found == [("things.noted.v1", "bank", 1)]


def filled(path: Path, settings: dict[str, str]) -> list[bytes]:
    """Write two events by these settings, find them again, and give the states as stored."""
    url, words = f"sqlite:///{path}", "a readable sentence " * 20
    with Log.open(url, settings=settings) as log:
        log.append(Append("note/a", 0, (Noted(words), Noted(2)), by="bank"))
    with Log.open(url, read_only=True, settings=settings) as log:
        assert [each.event for each in log.scan()] == [Noted(words), Noted(2)]
        assert [each.by for each in log.read("note/a")] == ["bank", "bank"]
    return states(path)


def test_a_log_is_compressed_by_the_librarys_setting(tmp_path: Path) -> None:
    """zlib gives the readable JSON back, and it is smaller."""
    first, _ = filled(tmp_path / "log.db", COMPRESS)
    assert b"readable" not in first
    plain = zlib.decompress(first)
    assert plain.startswith(b'{"recorded_at":')
    assert len(first) < len(plain) / 2


def test_a_log_is_encrypted_by_the_librarys_setting(tmp_path: Path) -> None:
    """Nothing of the event can be read on disk."""
    first, second = filled(tmp_path / "log.db", encrypting())
    for secret in (b"readable", b"bank", b"recorded_at"):
        assert secret not in first + second


def test_a_log_is_compressed_before_it_is_encrypted(tmp_path: Path) -> None:
    """Both at once: what was encrypted would not get smaller."""
    settings = {**COMPRESS, **encrypting()}
    first, _ = filled(tmp_path / "log.db", settings)
    assert len(first) < 200


@pytest.mark.parametrize("other", ["another key", "no key", "a compressor"])
def test_a_wrong_key_is_a_typed_error(tmp_path: Path, other: str) -> None:
    """Reading with other settings than those of writing raises `CorruptedRow` and changes
    nothing.
    """
    path, settings = tmp_path / "log.db", encrypting()
    before = filled(path, settings)
    wrong = {"another key": encrypting(), "no key": {}, "a compressor": {**settings, **COMPRESS}}
    with (
        pytest.raises(CorruptedRow) as caught,
        Log.open(f"sqlite:///{path}", read_only=True, settings=wrong[other]) as log,
    ):
        list(log.scan())
    assert caught.value.address == "note/a"
    assert states(path) == before


def test_a_writer_with_a_wrong_key_is_turned_away(tmp_path: Path) -> None:
    """It cannot continue the time of a log that it cannot read; the lease is given back."""
    path, settings = tmp_path / "log.db", encrypting()
    before = filled(path, settings)
    with pytest.raises(RetoldError):
        Log.open(f"sqlite:///{path}", settings=encrypting())
    assert states(path) == before
    with Log.open(f"sqlite:///{path}", settings=settings) as log:
        assert log.version("note/a") == 2


def test_a_row_is_known_by_its_tail_through_settings() -> None:
    """`holds` finds the row that was made of a tail, encrypted or not, and no other."""
    for codec in (Codec(), Codec(None, _Backwards())):
        name, tail, _ = codec.encode(Noted(1), "by", "", "c1")
        _, other, _ = codec.encode(Noted(1), "by", "", "c2")
        (state,) = codec.seal([tail], datetime(2020, 1, 1, tzinfo=UTC))
        assert codec.holds(1, "a/b", 1, name, state, tail)
        assert not codec.holds(1, "a/b", 1, name, state, other)


class _Backwards(AESCipher):
    """A cipher that anyone can follow."""

    def __init__(self) -> None:
        """It needs no key."""

    def encrypt(self, plaintext: bytes) -> bytes:
        return plaintext[::-1]

    def decrypt(self, ciphertext: bytes) -> bytes:
        return ciphertext[::-1]


def test_a_class_defined_again_is_what_rows_decode_to() -> None:
    """A codec that has read the old class reads the new one from then on."""

    def define() -> Any:
        @event("stored.defined_again.v1")
        class DefinedAgain:
            """Defined as often as it is called."""

        return DefinedAgain

    codec, first = Codec(), define()
    name, tail, _ = codec.encode(first(), "b", "", "")
    (row,) = codec.seal([tail], datetime(2020, 1, 1, tzinfo=UTC))
    assert type(codec.decode(1, "a/b", 1, name, row).data) is first
    second = define()
    assert type(codec.decode(1, "a/b", 1, name, row).data) is second


@attrs.frozen
class Typed:
    """A member of a union with a field called type."""

    type: str


@attrs.frozen
class Plain:
    """The other member."""

    x: int


@event("stored.chosen.v1")
class Chosen:
    """One of a union."""

    which: Typed | Plain


def test_a_member_of_a_union_may_have_a_field_called_type() -> None:
    """It does not stand in the way of the tag."""
    assert Codec().encode(Chosen(Typed("a")), "b", "", "")[2] == Chosen(Typed("a"))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"COMPRESSOR_TOPIC": "nowhere:Zip"}, "No module named 'nowhere'"),
        ({"CIPHER_TOPIC": "eventsourcing.cipher:AESCipher"}, "'CIPHER_KEY' not in env"),
        ({"CIPHER_KEY": "x"}, "Invalid base64"),
    ],
)
def test_settings_that_give_nothing_are_told(
    tmp_path: Path, settings: dict[str, str], text: str
) -> None:
    """`BadSettings`, before a file is made."""
    for url in ("memory:", f"sqlite:///{tmp_path}/log.db"):
        with pytest.raises(BadSettings, match=text):
            Log.open(url, settings=settings)
    assert list(tmp_path.iterdir()) == []


def test_without_its_package_encryption_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The extra, by its name."""
    clear_topic_cache()
    monkeypatch.delitem(sys.modules, "eventsourcing.cipher", raising=False)
    monkeypatch.setitem(sys.modules, "Crypto", None)
    monkeypatch.setitem(sys.modules, "Crypto.Cipher", None)
    with pytest.raises(BadSettings, match=r"pip install 'retold\[crypto\]'"):
        Log.open("memory:", settings={"CIPHER_TOPIC": "eventsourcing.cipher:AESCipher"})
