"""What reads the events of `first.py` as those of `later.py`; run by itself, it goes on with a log.

`python -m tests.golden.later_upcasters FILE` opens it, tells every actor's state as recovered and
as retold, does some more, and tells them again: one JSON document.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from retold import ActorSystem, retell
from retold.actors import Stepped
from retold.actors.channel import channel
from retold.actors.options import Options
from retold.actors.workflow import workflow
from retold.events import ManualClock
from retold.events.address import kind
from retold.events.upcast import upcast

from .later import BEGIN, DAY, Deposit, Move, Name, Withdraw, account, move

Data = dict[str, Any]


def _cents(amount: str) -> int:
    return int(Decimal(amount) * 100)


@upcast("golden.deposited.v1")
def deposited_in_cents(data: Data) -> Data:
    """Another unit, of another type."""
    return {"cents": _cents(data["amount"]), "source": data["source"]}


@upcast("golden.deposited.v2")
def deposited_at_a_till(data: Data) -> Data:
    """A field renamed."""
    data["till"] = data.pop("source")
    return data


@upcast("golden.deposited.v3")
def deposited_large(data: Data) -> Data:
    """A field computed from another."""
    return {**data, "large": data["cents"] >= 1000}


@upcast("golden.withdrawn.v1")
def withdrawn_in_cents(data: Data) -> Data:
    """Another unit, of another type."""
    return {"cents": _cents(data["amount"])}


@upcast("golden.withdrawn.v2")
def withdrawn_with_a_fee(data: Data) -> Data:
    """A field added, which has a default."""
    return data


@upcast("golden.withdrawn.v3", "golden.paid_out.v1")
def paid_out(data: Data) -> Data:
    """The event renamed."""
    return data


@upcast("golden.named.v1")
def named_in_pieces(data: Data) -> Data:
    """A field split."""
    given, _, family = data["holder"].rpartition(" ")
    return {"given": given, "family": family}


@upcast("golden.named.v2")
def named_with_initials(data: Data) -> Data:
    """A field computed from two."""
    return {**data, "initials": data["given"][:1] + data["family"][:1]}


BEHAVIOURS = (account, move, workflow, channel)


def go_on(path: str) -> dict[str, Any]:
    """Open the log, look, do more, and look again."""
    dispatcher, clock = Stepped(), ManualClock(BEGIN + DAY)
    with ActorSystem.open(
        f"sqlite:///{path}", *BEHAVIOURS,
        dispatcher=dispatcher, clock=clock, seed="later", options=Options(snapshot_every=20),
    ) as system:  # fmt: skip
        addresses = [address for address, _ in system.log.addresses()]
        before = _states(system, addresses)
        for address, command in (
            ("golden/a", Deposit(Decimal("12.34"), "till 9")),
            ("golden/b", Withdraw(Decimal("0.40"))),
            ("golden/c", Name("Grace", "Hopper")),
            ("golden/d", Deposit(Decimal("1.00"))),
            ("move/9", Move("b", "d", Decimal(100))),
        ):
            answer = system.ref(address).ask(command, block=False, by="later")
            dispatcher.run_all()
            answer.get()
        return {**before, "after": _states(system, [*addresses, "golden/d", "move/9"])["live"]}


def _states(system: ActorSystem, addresses: Iterable[str]) -> Data:
    """Version and state of every actor, as it is live and as it is retold."""
    live: Data = {}
    retold: Data = {}
    for address in addresses:
        behaviour = next(each for each in BEHAVIOURS if each.kind == kind(address))
        version, log = system.log.version(address), system.log
        live[address] = [version, msgspec.to_builtins(system.state(address))]
        state = retell(log, address, behaviour=behaviour)
        retold[address] = [version, msgspec.to_builtins(state)]
    return {"live": live, "retold": retold}


if __name__ == "__main__":
    print(json.dumps(go_on(sys.argv[1])))
