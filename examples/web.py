"""Wallets over HTTP: actors behind a FastAPI application.

    pip install retold fastapi uvicorn
    uvicorn --app-dir examples web:app

An answer comes when the events are on disk. A request that is sent again with its `Idempotency-Key`
has one effect and gets the same answer, after a restart too. Who asked (`X-User`) and by which
request stands with each event in the log.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Annotated, Any

import pykka
from fastapi import APIRouter, Depends, FastAPI, Header, HTTPException, Request
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from retold import ActorSystem, Behaviour, Rejected, address, command, event, state
from retold.actors import Context
from retold.actors.acting import acting
from retold.actors.asynchronous import AsyncSystem
from retold.actors.options import Options
from retold.events.errors import Overloaded, RepeatedTooLate
from retold.events.log_errors import OutcomeUncertain, StorageFailed

SECONDS = 10.0
"""How long a request waits for its answer."""


@event("wallet.filled.v1")
class Filled:
    """Money came in."""

    amount: Decimal


@event("wallet.spent.v1")
class Spent:
    """Money went out."""

    amount: Decimal


@command
class Fill:
    """Take money in; the first makes the wallet."""

    amount: Decimal


@command
class Spend:
    """Give money out."""

    amount: Decimal


class Unknown(Rejected):
    """A wallet that nothing was ever put into."""


@state
class Wallet:
    """What is there, None for a wallet that is not."""

    balance: Decimal | None = None

    def evolve(self, event: Any) -> Wallet:
        """The wallet after one more event."""
        match event:
            case Filled(amount):
                return Wallet((self.balance or Decimal(0)) + amount)
            case Spent(amount):
                return Wallet((self.balance or Decimal(0)) - amount)
        return self


def decide(wallet: Wallet, command: Any, _: Context) -> tuple[Any, ...]:
    """Money goes out only if it is there."""
    match command:
        case Fill(amount):
            return (Filled(amount),)
        case Spend() if wallet.balance is None:
            raise Unknown("no such wallet")
        case Spend(amount) if amount <= (wallet.balance or 0):
            return (Spent(amount),)
    raise Rejected("not covered", balance=wallet.balance)


wallet = Behaviour("wallet", Wallet(), decide)


# The web.


class Money(BaseModel):
    """The body of a request."""

    amount: Decimal = Field(gt=0, max_digits=12, decimal_places=2)


async def running(request: Request) -> AsyncSystem:
    """The system, opened when the application started."""
    system: AsyncSystem = request.app.state.system
    return system


async def as_user(
    request: Request, x_user: Annotated[str, Header(min_length=1)] = "anonymous"
) -> AsyncIterator[None]:
    """Whatever the request sends is by its user."""
    with acting(by=x_user, why=f"{request.method} {request.url.path}"):
        yield


System = Annotated[AsyncSystem, Depends(running)]
Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]
router = APIRouter(dependencies=[Depends(as_user)])


@router.get("/wallets/{name}")
async def balance(name: str, system: System) -> dict[str, Any]:
    """What is in a wallet; what is answered here is on disk."""
    found: Wallet = await system.state(address("wallet", name))
    if found.balance is None:
        raise HTTPException(404, "no such wallet")
    return {"balance": found.balance}


@router.post("/wallets/{name}/fill")
async def fill(name: str, money: Money, system: System, key: Key = None) -> dict[str, Any]:
    """Put money in."""
    return await _ask(system, name, Fill(money.amount), key)


@router.post("/wallets/{name}/spend")
async def spend(name: str, money: Money, system: System, key: Key = None) -> dict[str, Any]:
    """Take money out."""
    return await _ask(system, name, Spend(money.amount), key)


async def _ask(system: AsyncSystem, name: str, asked: Fill | Spend, key: str | None) -> Any:
    # The ids of the log are its own: a client's key is kept apart from them.
    command_id = f"web.{key}" if key is not None else None
    receipt = await system.ref(address("wallet", name), registered=False).ask(
        asked, id=command_id, timeout=SECONDS
    )
    expected = Filled if isinstance(asked, Fill) else Spent
    if receipt.events != (expected(asked.amount),):
        raise HTTPException(422, "this Idempotency-Key was used for another request")
    return {"balance": receipt.state.balance, "version": receipt.version}


EXACT: dict[Any, Any] = {Decimal: str}
"""Amounts are texts in JSON, as in every answer here: a number may lose digits."""


async def refused(_: Request, error: Exception) -> JSONResponse:
    """A refusal says why, and what it was based on."""
    assert isinstance(error, Rejected)
    found = {"detail": error.reason, "facts": jsonable_encoder(error.facts, custom_encoder=EXACT)}
    return JSONResponse(found, 404 if isinstance(error, Unknown) else 409)


async def too_late(_: Request, error: Exception) -> JSONResponse:
    """A key that was used long ago: it has had its effect, and its answer is not kept."""
    return JSONResponse({"detail": str(error)}, 409)


async def malformed(_: Request, error: Exception) -> JSONResponse:
    """What is wrong with a request, and where; not what it holds, which may be no JSON (NaN)."""
    assert isinstance(error, RequestValidationError)
    found = [{name: each[name] for name in ("type", "loc", "msg")} for each in error.errors()]
    return JSONResponse({"detail": found}, 422)


async def not_now(_: Request, error: Exception) -> JSONResponse:
    """Nobody knows, or not now: to be sent again, with the same key."""
    return JSONResponse({"detail": str(error)}, 503, headers={"Retry-After": "1"})


NOT_NOW = (Overloaded, OutcomeUncertain, StorageFailed, pykka.Timeout, pykka.ActorDeadError)


def create(url: str, options: Options | None = None) -> FastAPI:
    """The application over the log at `url`."""

    @asynccontextmanager
    async def lifespan(application: FastAPI) -> AsyncIterator[None]:
        async with ActorSystem.open(url, wallet, options=options) as system:
            application.state.system = system
            yield

    application = FastAPI(title="Wallets", lifespan=lifespan)
    application.include_router(router)
    application.add_exception_handler(Rejected, refused)
    application.add_exception_handler(RepeatedTooLate, too_late)
    application.add_exception_handler(RequestValidationError, malformed)
    for each in NOT_NOW:
        application.add_exception_handler(each, not_now)
    return application


app = create(os.environ.get("WALLETS_LOG", "sqlite:///wallets.db"))
