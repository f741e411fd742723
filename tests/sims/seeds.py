"""Transfers in simulated time under a seed: what is done to them, and whether it came out right.

The seed draws who sends how much to whom and when, how long messages take, and when the system
crashes: at a commit, before or after it, or after a step. The judge reads answers and nothing
else: each transfer's own, and what each account says of itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from random import Random
from typing import Any

from retold.actors.options import Options
from retold.sims import Crashed, Simulation
from retold.sims.system import SimulatedSystem

from ..durability.transfers import START, Look, Open, Transfer, account, takes_none, transfer

ACCOUNTS, TRANSFERS = 6, 5


class Bank:
    """A simulated bank, and what its customers were told."""

    def __init__(
        self,
        seed: int,
        log: str = "memory:",
        system_class: type[SimulatedSystem] | None = None,
        options: Options | None = None,
    ) -> None:
        draw = Random(seed)
        slow = draw.random() < 0.5
        kind = type("Bank", (Simulation,), {"system_class": system_class or SimulatedSystem})
        self.sim: Simulation = kind(
            account,
            transfer,
            seed=f"seed {seed}",
            log=log,
            options=options,
            latency=(lambda chance: chance.expovariate(10)) if slow else None,
        )
        self.orders = [_order(draw, str(number)) for number in range(TRANSFERS)]
        self.ended: dict[str, Any] = {}
        self.crashes = draw.randrange(0, 4)
        self.accounts = sorted({each for order in self.orders for each in _accounts(order)})
        delays = [draw.random() * 2 for _ in self.orders]
        self.sim.process(self._open(delays))
        if self.crashes:
            self.sim.process(self._strike(draw))

    def _open(self, delays: list[float]) -> Generator[Any, Any, None]:
        """Open the accounts, then let the transfers begin."""
        for number in self.accounts:
            yield self.sim.process(self._persist(f"account/{number}", Open(START), 0.0))
        for order, delay in zip(self.orders, delays, strict=True):
            self.sim.process(self._persist(f"transfer/{order.name}", order, delay))

    def _persist(self, address: str, command: Any, delay: float) -> Generator[Any, Any, None]:
        """Ask until there is an answer, as a customer does who was cut off."""
        yield self.sim.env.timeout(delay)
        while True:
            try:
                yield self.sim.ask(address, command, by="customer", id=f"ask {address}")
            except Crashed:
                yield self.sim.env.timeout(0.05)
            else:
                return

    def _strike(self, draw: Random) -> Generator[Any, Any, None]:
        """Crash now and then, and come up again a little later."""
        for _ in range(self.crashes):
            yield self.sim.env.timeout(draw.random() * 1.5)
            if self.sim.crashed:
                continue
            down = draw.random() * 0.3
            match draw.randrange(4):
                case 0:
                    self.sim.crash(restart_after=down)
                case 1:
                    step = self.sim.steps + draw.randrange(1, 20)
                    self.sim.crash_at(step=step, restart_after=down)
                case stored:
                    commit = self.sim.commits + draw.randrange(1, 6)
                    self.sim.crash_at(commit=commit, stored=stored == 2, restart_after=down)

    def run(self) -> list[Any]:
        """Let it all happen; the rows of the log when nothing is left to happen."""
        self.sim.run()
        return list(self.sim.log.rows())

    def judge(self) -> Counter[str]:
        """Hold the answers against each other; how often each kind of end was seen."""
        sim, seen = self.sim, Counter[str]()
        sim.spare()
        expected: dict[int, Counter[str]] = {}
        for order in self.orders:
            saga = sim.ref(f"transfer/{order.name}").ask(order).state
            how = (saga.status, *saga.steps.values())
            moves = _moves(order, how)
            assert moves is not None, f"{order} ended {how}"
            for number, move in moves:
                expected.setdefault(number, Counter())[move] += 1
            seen["refused" if how[1] == "refused" else how[0]] += 1
        total = 0
        for number in self.accounts:
            found = sim.ref(f"account/{number}").ask(Look()).state
            moved = Counter({move: len(times) for move, times in found.moves.items()})
            assert moved == expected.get(number, Counter()), f"account {number}"
            assert found.balance >= 0
            total += found.balance
        assert total == START * len(self.accounts), "money was lost or made"
        seen["crashed"] += sim.lives > 1
        return seen


def _order(draw: Random, name: str) -> Transfer:
    source, target = draw.sample(range(1, ACCOUNTS + 5), 2)
    return Transfer(name, source, target, draw.randrange(1, 90))


def _accounts(order: Transfer) -> tuple[int, int]:
    return order.source, order.target


def _moves(order: Transfer, how: tuple[str, ...]) -> list[tuple[int, str]] | None:
    """What a transfer that ended so has moved; None for an end that it cannot have."""
    out, back, come = (f"{order.name} {why}" for why in ("out", "back", "in"))
    match how:
        case ("completed", "taken", "taken") if not takes_none(order.target):
            return [(order.source, out), (order.target, come)]
        case ("compensated", "compensated", "refused") if takes_none(order.target):
            return [(order.source, out), (order.source, back)]
        case ("compensated", "refused", "waiting"):
            return []
    return None
