"""What the library says of its own database is what is retold from it, version by version."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.cipher import AESCipher

from retold import retell
from retold.events.log import Log

from . import bank, heirs

ZLIB = {"COMPRESSOR_TOPIC": "zlib"}
AES = {
    "CIPHER_TOPIC": "eventsourcing.cipher:AESCipher",
    "CIPHER_KEY": AESCipher.create_key(num_bytes=16),
}


def _as_new(old: Any) -> Any:
    """The state that an aggregate of the library amounts to."""
    if isinstance(old, bank.Account):
        return heirs.Account(old.owner, old.since, old.balance)
    return heirs.Crate(old.of, tuple(old.things), tuple(s.split(" (")[0] for s in old.stops))


def _where(app: bank.Bank, each: UUID) -> tuple[str, Any]:
    is_account = isinstance(app.repository.get(each), bank.Account)
    return (f"account/{each}", heirs.account) if is_account else (f"crate/{each}", heirs.crate)


@pytest.mark.parametrize("more", [{}, ZLIB, AES, ZLIB | AES], ids=["plain", "zlib", "aes", "both"])
@pytest.mark.parametrize("seed", range(5))
def test_every_version_of_everything_is_retold_as_the_library_gives_it(
    tmp_path: Path, seed: int, more: dict[str, str]
) -> None:
    """For random histories the state at each version is the one that the repository gives."""
    settings = bank.settings(tmp_path, **more)
    app = bank.Bank(env=settings)
    ids = bank.history(app, seed)
    with Log.open(heirs.database(settings), read_only=True) as log:
        for each in ids:
            address, behaviour = _where(app, each)
            last = app.repository.get(each).version
            assert log.version(address) == last
            for version in range(1, last + 1):
                expected = _as_new(app.repository.get(each, version=version))
                assert retell(log, address, version=version, behaviour=behaviour) == expected
    app.close()


@pytest.mark.parametrize("seed", range(5))
def test_the_order_the_versions_and_the_times_are_those_of_the_library(
    tmp_path: Path, seed: int
) -> None:
    """Position is notification id, version the version, happened_at the event's timestamp."""
    settings = bank.settings(tmp_path)
    app = bank.Bank(env=settings)
    bank.history(app, seed)
    notifications = app.recorder.select_notifications(start=1, limit=10_000)
    events: list[Any] = [app.mapper.to_domain_event(each) for each in notifications]
    with Log.open(heirs.database(settings), read_only=True) as log:
        found = list(log.scan())
        assert [(each.position, each.version) for each in found] == [
            (n.id, n.originator_version) for n in notifications
        ]
        assert [each.address.split("/")[1] for each in found] == [
            str(each.originator_id) for each in events
        ]
        assert [each.happened_at for each in found] == [each.timestamp for each in events]
    app.close()
    recorded = [each.recorded_at for each in found]
    assert recorded == _highest_so_far([each.happened_at for each in found])
    assert any(each.recorded_at > each.happened_at for each in found), "some were saved late"


def _highest_so_far(moments: list[datetime]) -> list[datetime]:
    return [max(moments[: n + 1]) for n in range(len(moments))]
