"""The wallets of `examples/web.py`, asked over HTTP by many at once."""

from __future__ import annotations

import asyncio
import importlib.util
import sys
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

import httpx
import pytest

from retold import Log
from retold.actors.options import Options
from retold.events.log_errors import OutcomeUncertain

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "web.py"
Talk: TypeAlias = Callable[[httpx.AsyncClient], Coroutine[Any, Any, Any]]


@pytest.fixture(scope="module")
def web() -> Iterator[ModuleType]:
    """The example, loaded from its file."""
    spec = importlib.util.spec_from_file_location("example_web", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["example_web"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    del sys.modules["example_web"]


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A log in a file."""
    return f"sqlite:///{tmp_path}/wallets.db"


@asynccontextmanager
async def client(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who talks to the application between its start and its end."""
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://wallets") as made,
    ):
        yield made


def served(app: Any, talk: Talk) -> Any:
    """What comes of a talk with the application, from its start to its end."""

    async def main() -> Any:
        async with client(app) as made:
            return await talk(made)

    return asyncio.run(main())


def test_money_goes_in_and_out(web: ModuleType, url: str) -> None:
    """An answer has the balance as it is on disk."""

    async def talk(http: httpx.AsyncClient) -> None:
        filled = await http.post("/wallets/alice/fill", json={"amount": "10.50"})
        assert (filled.status_code, filled.json()) == (200, {"balance": "10.50", "version": 1})
        spent = await http.post("/wallets/alice/spend", json={"amount": "0.25"})
        assert spent.json() == {"balance": "10.25", "version": 2}
        assert (await http.get("/wallets/alice")).json() == {"balance": "10.25"}

    served(web.create(url), talk)


def test_refusals_say_why(web: ModuleType, url: str) -> None:
    """409 with the facts of a refusal, 404 for who is not there, 422 for what is no amount."""

    async def talk(http: httpx.AsyncClient) -> None:
        assert (await http.get("/wallets/alice")).status_code == 404
        unknown = await http.post("/wallets/alice/spend", json={"amount": 1})
        assert (unknown.status_code, unknown.json()["detail"]) == (404, "no such wallet")
        await http.post("/wallets/alice/fill", json={"amount": 10})
        refused = await http.post("/wallets/alice/spend", json={"amount": 11})
        assert refused.status_code == 409
        assert refused.json() == {"detail": "not covered", "facts": {"balance": "10"}}
        for amount in (-1, 0, "NaN", "0.001", "much"):
            wrong = await http.post("/wallets/alice/fill", json={"amount": amount})
            assert wrong.status_code == 422
        for body in (b'{"amount": Infinity}', b'{"amount": NaN}', b"{", b"[1]", b"\xff", b""):
            wrong = await http.post("/wallets/alice/fill", content=body)
            assert wrong.status_code == 422
            assert {"type", "loc", "msg"} == set(wrong.json()["detail"][0])
        nobody = await http.post("/wallets/alice/fill", json={"amount": 1}, headers={"X-User": ""})
        assert nobody.status_code == 422
        assert (await http.get("/wallets/alice")).json() == {"balance": "10"}

    served(web.create(url), talk)


def test_names_are_anything(web: ModuleType, url: str) -> None:
    """A name with a slash or a blank is one name, and leads nowhere else."""

    async def talk(http: httpx.AsyncClient) -> None:
        await http.post("/wallets/a%20b%25c/fill", json={"amount": 1})
        await http.post("/wallets/J%C3%BCrgen/fill", json={"amount": 1})

    served(web.create(url), talk)
    with Log.open(url, read_only=True) as log:
        assert [each for each, _ in log.addresses()] == [
            "wallet/J%C3%BCrgen", "wallet/a%20b%25c",
        ]  # fmt: skip


def test_many_requests_at_once(web: ModuleType, url: str) -> None:
    """300 requests of 30 users: none is lost, no wallet is overdrawn, each event has its author."""

    async def talk(http: httpx.AsyncClient) -> list[int]:
        async def one(user: int, turn: int) -> int:
            what, headers = ("fill", "spend")[turn % 2], {"X-User": f"user-{user}"}
            body = {"amount": 2 if what == "fill" else 3}
            path = f"/wallets/{user % 7}/{what}"
            return (await http.post(path, json=body, headers=headers)).status_code

        return await asyncio.gather(*(one(user, turn) for turn in range(10) for user in range(30)))

    answered = served(web.create(url), talk)
    assert set(answered) <= {200, 404, 409}
    balances: dict[str, Decimal] = {}
    stored = 0
    with Log.open(url, read_only=True) as log:
        for each in log.scan():
            amount = (
                each.event.amount if type(each.event).__name__ == "Filled" else -each.event.amount
            )
            balances[each.address] = balances.get(each.address, Decimal(0)) + amount
            assert balances[each.address] >= 0
            user = int(each.by.removeprefix("user-"))
            assert each.address == f"wallet/{user % 7}"
            assert each.why.startswith(f"POST /wallets/{user % 7}/")
            stored += 1
    assert stored == answered.count(200) >= 150


def test_a_repeated_key_has_one_effect(web: ModuleType, url: str) -> None:
    """At once, later and after a restart: the first answer, whatever happened since. A key that
    comes with another request is refused; ids that the log gave itself are no keys."""
    headers = {"Idempotency-Key": "wages-may"}

    async def first(http: httpx.AsyncClient) -> list[Any]:
        send = [http.post("/wallets/a/fill", json={"amount": 7}, headers=headers) for _ in range(9)]
        answers = [each.json() for each in await asyncio.gather(*send)]
        await http.post("/wallets/a/fill", json={"amount": 1})
        return answers

    async def second(http: httpx.AsyncClient) -> tuple[Any, int, Any]:
        again = await http.post("/wallets/a/fill", json={"amount": 7}, headers=headers)
        other = await http.post("/wallets/a/spend", json={"amount": 7}, headers=headers)
        return again.json(), other.status_code, (await http.get("/wallets/a")).json()

    async def third(http: httpx.AsyncClient, used: str) -> Any:
        again = {"Idempotency-Key": used}
        return (await http.post("/wallets/a/fill", json={"amount": 1}, headers=again)).json()

    once = {"balance": "7", "version": 1}
    assert served(web.create(url), first) == [once] * 9
    assert served(web.create(url), second) == (once, 422, {"balance": "8"})
    with Log.open(url, read_only=True) as log:
        of_the_log = [each.cause for each in log.scan()][1]
    last = served(web.create(url), lambda http: third(http, of_the_log))
    assert last == {"balance": "9", "version": 3}


def test_what_cannot_be_now_is_to_be_sent_again(web: ModuleType) -> None:
    """503 with `Retry-After`: a full inbox, and a commit of which nobody knows the outcome."""
    gate = threading.Event()

    async def talk(http: httpx.AsyncClient) -> list[httpx.Response]:
        system = app.state.system.system

        def stuck(*_: Any) -> Any:
            gate.wait(5)
            raise OutcomeUncertain("web.k1", "the cable was cut")

        system.log.store = stuck
        system.log.reopen = stuck
        asking = [
            asyncio.create_task(http.post("/wallets/a/fill", json={"amount": 1})) for _ in range(5)
        ]
        done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        gate.set()
        await asyncio.gather(*asking)
        return [*(each.result() for each in done), *(each.result() for each in asking)]

    app = web.create("memory:", Options(inbox=1, overload="raise"))
    answers = served(app, talk)
    assert {each.status_code for each in answers} == {503}
    assert {each.headers["Retry-After"] for each in answers} == {"1"}
    said = " ".join(each.json()["detail"] for each in answers)
    assert "1 messages waiting" in said
    assert "not known" in said


def test_after_the_end_nothing_is_taken(web: ModuleType, url: str) -> None:
    """A request that comes while the server ends is to be sent again; the log is given back."""

    async def main() -> int:
        app = web.create(url)
        async with client(app) as http:
            await app.state.system.close()
            return (await http.post("/wallets/a/fill", json={"amount": 1})).status_code

    assert asyncio.run(main()) == 503
    with Log.open(url) as log:
        assert log.last_position() == 0
