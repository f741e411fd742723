"""The index of a system: who lives where, made when first asked for, forgotten when asleep."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ..events.address import check, family, kind
from ..events.errors import UnknownKind
from .actor import Actor
from .behaviour import Behaviour
from .family import Family
from .registry import mirror, unmirror

if TYPE_CHECKING:
    from .system import ActorSystem


class Index:
    """The families in memory and their actors, by address. Safe to use from many threads."""

    def __init__(self, system: ActorSystem, behaviours: Iterable[Behaviour]) -> None:
        self._system = system
        self._behaviours: dict[str, Behaviour] = {}
        for each in behaviours:
            if not isinstance(each, Behaviour):
                raise TypeError(f"a system runs behaviours, each a Behaviour: {each!r} is none")
            if each.kind in self._behaviours:
                raise ValueError(f"two behaviours were given for the kind {each.kind!r}")
            self._behaviours[each.kind] = each
        self._families: dict[str, Family] = {}
        self._making = threading.Lock()
        self._refusal: Exception | None = None

    def __iter__(self) -> Iterator[Family]:
        """The families in memory, in no order."""
        return iter(list(self._families.values()))

    def behaviour(self, address: str) -> Behaviour:
        """The behaviour of the kind of an address; `UnknownKind` where none was given."""
        wanted = kind(address)
        try:
            return self._behaviours[wanted]
        except KeyError:
            raise UnknownKind(address, wanted, tuple(self._behaviours)) from None

    @property
    def behaviours(self) -> dict[str, Behaviour]:
        """The behaviours, by kind."""
        return self._behaviours

    def actor(self, address: str) -> Actor:
        """The actor object at an address, made if it is not there."""
        home = self._families.get(family(check(address)))
        found = home.actors.get(address) if home else None
        if found is None:
            with self._making:
                found = self._found_or_made(address)
        return found

    def _found_or_made(self, address: str) -> Actor:
        if self._refusal is not None:
            raise self._refusal
        behaviour, root = self.behaviour(address), family(address)
        home = self._families.get(root)
        if home is None:
            settle = self.behaviour(root).settle if root != address else behaviour.settle
            home = self._families[root] = Family(self._system, root, settle)
            self._system.sweeper.came(len(self._families))
        actor = home.actors.get(address)
        if actor is None:
            actor = home.actors[address] = Actor(home, address, behaviour)
        return actor

    def registered(self, address: str) -> Actor:
        """The actor at an address, listed in pykka's registry from now on."""
        actor = self.actor(address)
        if not actor.mirrored:
            with self._making:
                actor = self._found_or_made(address)
                mirror(actor)
        return actor

    def remove(self, actor: Actor) -> None:
        """An actor takes no more messages: the next who asks for its address gets another."""
        with self._making:
            actor.stopped = True
            actor.family.actors.pop(actor.address, None)
            unmirror([actor])

    def forget(self, family: Family) -> None:
        """Let go of a sleeping family, unless a message came or users hold a reference into it."""
        with self._making:
            if family.held or not family.retire():
                return
            for actor in family.actors.values():
                actor.stopped = actor.retired = True
            del self._families[family.root]

    def abandon(self, error: Exception) -> None:
        """In a forked child: nobody is here, and whoever asks for an actor gets the error."""
        self._families = {}
        self._making = threading.Lock()
        self._refusal = error

    def clear(self) -> None:
        """The end: what still waits is told so, and pykka's registry lists nobody any more."""
        for each in self:
            each.break_off()
        unmirror([actor for each in self for actor in each.actors.values()])
